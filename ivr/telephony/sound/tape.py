"""What takes both sides of a call, frame by frame."""

from __future__ import annotations

from typing import Protocol


class Tape(Protocol):
    """Called on the pj thread, but for `end`; every method must return at once."""

    def begin(self, now: float | None) -> None:
        """Sound flows from now on (`time.monotonic`). None: it has flowed before."""

    def add(self, received: bytes, sent: bytes) -> None:
        """One frame of each side. The sound of keys and secret utterances is silence already."""

    def key_came(self) -> None:
        """The other side has pressed a key, however it was sent; its sound may come later."""

    def end(self) -> None:
        """The call is over. Called on the event loop."""
