"""The protocols by which the library's callbacks report, so that a callback knows no receiver."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

Card_contra = TypeVar("Card_contra", contravariant=True)


class CardReports(Protocol[Card_contra]):
    """Receives what a line card reports. Called on the pj thread, `callback_failed` on any."""

    def invited(self, card: Card_contra, call_id: int, message: str, source: str) -> None:
        """An INVITE has come. The call object must exist when this returns.

        Args:
            card: the line card it came to.
            call_id: number of the call in its copy of the library.
            message: the whole INVITE.
            source: address and port it came from.
        """

    def refused_by_library(self, status: int, message: str, source: str) -> None:
        """The library itself answered an INVITE, with this SIP status."""

    def callback_failed(self, name: str) -> None:
        """A callback raised; called while the exception is being handled."""


class CallReports(Protocol):
    """Receives what the library reports of one call, on the pj thread."""

    def state_changed(self) -> None:
        """The call rings, was answered, or is over."""

    def sound_changed(self) -> None:
        """Sound flows now, or has stopped."""

    def stream_created(self, param: Any) -> None:
        """An RTP stream begins; `param` is the `pj.OnStreamCreatedParam`."""

    def stream_destroyed(self) -> None:
        """The stream is over; only its counters can still be read."""

    def dtmf_received(self, param: Any) -> None:
        """A packet of a key came; `param` is the `pj.OnDtmfEventParam`."""

    def options_answered(self, status: int) -> None:
        """The final status of an OPTIONS that we sent within the call; 408 when none came."""

    def change_answered(self, status: int) -> None:
        """The final status of an INVITE or UPDATE that we sent, to begin the call or within it."""

    def referred(self, status: int, *, final: bool) -> None:
        """The other side reported on the transfer that we asked for."""

    def transfer_wanted(self) -> int:
        """Give the SIP status that answers a REFER, or an INVITE that would replace this call."""
