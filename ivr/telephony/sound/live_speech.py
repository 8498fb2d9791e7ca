"""Sound that is being made while it is sent: of a microphone, frame by frame as it comes."""

from __future__ import annotations

from collections import deque

from ivr.telephony.sound.frames import FRAME_BYTES, FRAME_MS


class LiveSpeech:
    """Frames on their way to the other side, in place of an utterance.

    The event loop says them, the pj thread takes one each 20 ms. Both clocks go by themselves, so
    some wait here; when too many do, the oldest are left out: what is late is of no use to anybody
    who talks.
    """

    def __init__(self, longest_ms: int, *, secret: bool = False) -> None:
        """`longest_ms`: sound that may wait. `secret`: as of an `UtterancePlayback`."""
        self.secret = secret
        self.left_out = 0
        """Frames that never went."""
        self._room = max(1, longest_ms // FRAME_MS)
        self._frames: deque[bytes] = deque()
        self._stopped = False

    @property
    def waiting_ms(self) -> int:
        """Sound that waits to be sent, milliseconds."""
        return len(self._frames) * FRAME_MS

    def say(self, frame: bytes) -> None:
        """The next 20 ms of PCM (mono, s16le, 8000 Hz). Raises ValueError for another length."""
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
        """The next 20 ms, None when none has come. Called by the frame clock only."""
        try:
            return self._frames.popleft()
        except IndexError:
            return None
