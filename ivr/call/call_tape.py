"""The recording of one call while it lasts: frames in memory, until the writer takes them."""

from __future__ import annotations

from collections import deque

from ivr.call.caller_gate import CallerGate
from ivr.telephony.sound.frames import FRAME_S, SILENCE

LONGEST_BACKLOG = round(30 / FRAME_S)
"""So many frames wait for a disk that stands still; then the recording ends."""

_Pair = tuple[bytes, bytes]


class CallTape:
    """Fulfils `ivr.telephony.sound.tape.Tape` and `ivr.dialogue.recorded.RecordedCall`.

    The pj thread puts frames in, the writer's thread takes them out; neither waits for the other.

    Attributes:
        over: nothing more comes: the call has ended.
        spoilt: frames had to be left out, so that what follows would not fit what was before.
    """

    def __init__(self) -> None:
        self.over = self.spoilt = False
        self._gate = CallerGate()
        self._frames: deque[_Pair] = deque()

    # Of the line

    def begin(self, now: float | None) -> None:
        """Nothing to do: the recording begins with the first frame."""

    def add(self, received: bytes, sent: bytes) -> None:
        passes = self._gate.passes(received)
        if self.over or self.spoilt:
            return
        if len(self._frames) >= LONGEST_BACKLOG:
            self.spoilt = True
            return
        self._frames.append((received if passes else SILENCE, sent))

    def key_came(self) -> None:
        self._gate.key_came()

    def end(self) -> None:
        self.over = True

    # Of the conversation

    def asks(self, *, secret: bool) -> None:
        self._gate.asks(secret=secret)

    def answered(self) -> None:
        self._gate.answered()

    # Of the writer

    @property
    def waiting(self) -> int:
        """Frames that wait to be written."""
        return len(self._frames)

    def take(self, most: int) -> tuple[bytes, bytes]:
        """The oldest frames, joined: the caller's, and what they heard."""
        taken = [self._frames.popleft() for _ in range(min(most, len(self._frames)))]
        return b"".join(pair[0] for pair in taken), b"".join(pair[1] for pair in taken)
