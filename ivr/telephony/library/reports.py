"""To whom the callbacks of the library report: protocols, so that a callback knows no receiver."""

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
        """A callback raised; called while the exception is handled."""


class CallReports(Protocol):
    """Receives what the library reports of one call, on the pj thread."""

    def state_changed(self) -> None:
        """The call rings, is answered, is over."""

    def sound_changed(self) -> None:
        """There is sound now, or none any more."""

    def stream_created(self, param: Any) -> None:
        """An RTP stream begins; `param` is the `pj.OnStreamCreatedParam`."""

    def stream_destroyed(self) -> None:
        """It is over, but for its counters."""

    def dtmf_received(self, param: Any) -> None:
        """A packet of a key came; `param` is the `pj.OnDtmfEventParam`."""

    def options_answered(self, status: int) -> None:
        """The final status of an OPTIONS that we sent within the call; 408 when none came."""

    def change_answered(self, status: int) -> None:
        """The final status of an INVITE or UPDATE that we sent, to begin the call or within it."""

    def referred(self, status: int, *, final: bool) -> None:
        """How far the transfer we asked for has come."""

    def transfer_wanted(self) -> int:
        """The SIP status that answers a REFER, or an INVITE that would replace this call."""
