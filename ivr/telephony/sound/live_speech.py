"""Sound that is sent while it is being made, frame by frame: from a microphone."""

from __future__ import annotations

from collections import deque

from ivr.telephony.sound.frames import FRAME_BYTES, FRAME_MS


class LiveSpeech:
    """Frames on their way to the other side, in place of an utterance.

    The event loop puts frames in, the pj thread takes one every 20 ms. The two clocks are
    independent, so some frames wait here; when too many wait, the oldest are dropped, since late
    speech is useless in a conversation.
    """

    def __init__(self, longest_ms: int) -> None:
        """`longest_ms`: how much sound may wait."""
        self.left_out = 0
        """Frames that were dropped."""
        self._room = max(1, longest_ms // FRAME_MS)
        self._frames: deque[bytes] = deque()
        self._stopped = False

    @property
    def waiting_ms(self) -> int:
        """Sound that waits to be sent, milliseconds."""
        return len(self._frames) * FRAME_MS

    def say(self, frame: bytes) -> None:
        """Put in the next 20 ms of PCM (mono, s16le, 8000 Hz). Raises ValueError for another
        length."""
        if len(frame) != FRAME_BYTES:
            raise ValueError(f"expected {FRAME_BYTES} bytes, 20 ms of sound")
        if self._stopped:
            return
        if len(self._frames) >= self._room:
            self._frames.popleft()
            self.left_out += 1
        self._frames.append(frame)

    def stop(self) -> None:
        """Fall silent with the next frame."""
        self._stopped = True
        self._frames.clear()

    def hang_up(self) -> None:
        """The call is over."""
        self.stop()

    def next_frame(self) -> bytes | None:
        """The next 20 ms; None if no frame has come. Called by the frame clock only."""
        try:
            return self._frames.popleft()
        except IndexError:
            return None
