"""The objects by which a copy of the library tells us what happens.

Each copy has base classes of its own, so these are made once for each.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ivr.telephony.endpoint import Endpoint
    from ivr.telephony.leg import Leg
    from ivr.telephony.line_card import LineCard

_LEVELS = {0: logging.CRITICAL, 1: logging.ERROR, 2: logging.WARNING}


def guarded(callback: Callable[..., None]) -> Callable[..., None]:
    """Log and count what a callback raises; the library itself would print it at best.

    The object needs an `endpoint` with `callback_failed(name)`.
    """

    @functools.wraps(callback)
    def run(self: Any, *arguments: Any) -> None:
        try:
            callback(self, *arguments)
        except Exception:
            self.endpoint.callback_failed(callback.__name__)

    return run


@cache
def endpoint_class(pj: Any) -> Any:
    """The endpoint of a copy."""

    class PjEndpoint(pj.Endpoint):
        def __init__(self, endpoint: Endpoint) -> None:
            super().__init__()
            self.endpoint = endpoint

        @guarded
        def onRejectedIncomingCall(self, prm: Any) -> None:  # noqa: N802 - the library's name
            rdata = prm.rdata
            self.endpoint.refused_by_library(prm.statusCode, rdata.wholeMsg, rdata.srcAddress)

    return PjEndpoint


@cache
def account_class(pj: Any) -> Any:
    """Takes calls to any number; there is no registration, the SIP front knows where we are."""

    class PjAccount(pj.Account):
        def __init__(self, endpoint: Endpoint, card: LineCard) -> None:
            super().__init__()
            self.endpoint = endpoint
            self._card = card

        @guarded
        def onIncomingCall(self, prm: Any) -> None:  # noqa: N802 - the library's name
            rdata = prm.rdata
            self.endpoint.invited(self._card, prm.callId, rdata.wholeMsg, rdata.srcAddress)

    return PjAccount


@cache
def call_class(pj: Any) -> Any:
    """A call, which tells its leg what the library reports. Incoming if `call_id` is given."""

    class PjCall(pj.Call):
        def __init__(self, leg: Leg, endpoint: Endpoint, account: Any, call_id: int | None) -> None:
            super().__init__(account, pj.PJSUA_INVALID_ID if call_id is None else call_id)
            self.endpoint = endpoint
            self._leg = leg

        @guarded
        def onCallState(self, prm: Any) -> None:  # noqa: N802 - the library's name
            self._leg.state_changed()

        @guarded
        def onCallMediaState(self, prm: Any) -> None:  # noqa: N802 - the library's name
            self._leg.sound_changed()

        @guarded
        def onStreamCreated(self, prm: Any) -> None:  # noqa: N802 - the library's name
            self._leg.stream_created(prm)

        @guarded
        def onStreamDestroyed(self, prm: Any) -> None:  # noqa: N802 - the library's name
            self._leg.stream_destroyed()

        @guarded
        def onDtmfEvent(self, prm: Any) -> None:  # noqa: N802 - the library's name
            self._leg.key_heard(prm)

        @guarded
        def onCallTransferStatus(self, prm: Any) -> None:  # noqa: N802 - the library's name
            self._leg.referred(prm.statusCode, final=prm.finalNotify)

        @guarded
        def onCallTransferRequest(self, prm: Any) -> None:  # noqa: N802 - the library's name
            prm.statusCode = self._leg.transfer_wanted()

        @guarded
        def onCallReplaceRequest(self, prm: Any) -> None:  # noqa: N802 - the library's name
            prm.statusCode = self._leg.transfer_wanted()

    return PjCall


@cache
def log_class(pj: Any) -> Any:
    """Passes on what the library logs."""

    class PjLog(pj.LogWriter):
        def __init__(self, log: logging.Logger) -> None:
            super().__init__()
            self._log = log

        def write(self, entry: Any) -> None:
            level = _LEVELS.get(entry.level, logging.INFO)
            self._log.log(level, "sip library: %s", entry.msg.rstrip())

    return PjLog
