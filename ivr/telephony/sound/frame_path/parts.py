"""What the frame path works with: who speaks, who listens, and the port of the SIP library."""

from __future__ import annotations

from typing import Protocol


class Speaking(Protocol):
    """What a line sends, frame by frame."""

    def next_frame(self) -> bytes | None:
        """The next 20 ms; None for silence. Called by the frame clock only."""


class Taker(Protocol):
    """A listener on a line."""

    def hear(self, received: bytes, sent: bytes, tick: int, /) -> None:
        """Take 20 ms that came, and the 20 ms that were sent at that time; `tick` counts the frames
        of all lines. Called by the frame clock only."""


class SoundPort(Protocol):
    """The port of a stream of the SIP library.

    Attributes:
        address: of the port itself (`pjmedia_port *`).
        get_at, put_at: addresses of `pjmedia_port_get_frame` and `pjmedia_port_put_frame`.
    """

    @property
    def address(self) -> int: ...
    @property
    def get_at(self) -> int: ...
    @property
    def put_at(self) -> int: ...

    def take(self) -> bytes:
        """The next 20 ms that came; empty if there are none."""

    def give(self, pcm: bytes, /) -> None:
        """Send 20 ms."""
