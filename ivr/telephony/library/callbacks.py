"""The callback objects through which a copy of the library reports what happens.

Each copy has its own base classes, so the callback classes are made once per copy.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from functools import cache
from typing import Any

from ivr.telephony.library.reports import CallReports, CardReports

_LEVELS = {0: logging.CRITICAL, 1: logging.ERROR, 2: logging.WARNING}


def guarded(callback: Callable[..., None]) -> Callable[..., None]:
    """Log and count exceptions raised in a callback; the library would only print them.

    The object needs a method `failed`, which is called with the name of the callback.
    """

    @functools.wraps(callback)
    def run(self: Any, *arguments: Any) -> None:
        try:
            callback(self, *arguments)
        except Exception:
            self.failed(callback.__name__)

    return run


@cache
def endpoint_class(pj: Any) -> Any:
    """Make the endpoint class of a copy."""

    class PjEndpoint(pj.Endpoint):
        def __init__(self, reports: CardReports[Any]) -> None:
            super().__init__()
            self.failed = reports.callback_failed
            self._reports = reports

        @guarded
        def onRejectedIncomingCall(self, prm: Any) -> None:  # noqa: N802 - the library's name
            rdata = prm.rdata
            self._reports.refused_by_library(prm.statusCode, rdata.wholeMsg, rdata.srcAddress)

    return PjEndpoint


@cache
def account_class(pj: Any) -> Any:
    """Make the account class: it takes calls to any number. Nothing registers; the SIP front knows
    our address."""

    class PjAccount(pj.Account):
        def __init__(self, reports: CardReports[Any], card: object) -> None:
            super().__init__()
            self.failed = reports.callback_failed
            self._reports = reports
            self._card = card

        @guarded
        def onIncomingCall(self, prm: Any) -> None:  # noqa: N802 - the library's name
            rdata = prm.rdata
            self._reports.invited(self._card, prm.callId, rdata.wholeMsg, rdata.srcAddress)

    return PjAccount


@cache
def call_class(pj: Any) -> Any:
    """Make the call class, which forwards the library's reports. A call is incoming if `call_id` is
    given."""

    class PjCall(pj.Call):
        def __init__(
            self,
            reports: CallReports,
            failed: Callable[[str], None],
            account: Any,
            call_id: int | None,
        ) -> None:
            super().__init__(account, pj.PJSUA_INVALID_ID if call_id is None else call_id)
            self.failed = failed
            self._reports = reports

        @guarded
        def onCallState(self, prm: Any) -> None:  # noqa: N802 - the library's name
            self._reports.state_changed()

        @guarded
        def onCallMediaState(self, prm: Any) -> None:  # noqa: N802 - the library's name
            self._reports.sound_changed()

        @guarded
        def onStreamCreated(self, prm: Any) -> None:  # noqa: N802 - the library's name
            self._reports.stream_created(prm)

        @guarded
        def onStreamDestroyed(self, prm: Any) -> None:  # noqa: N802 - the library's name
            self._reports.stream_destroyed()

        @guarded
        def onDtmfEvent(self, prm: Any) -> None:  # noqa: N802 - the library's name
            self._reports.dtmf_received(prm)

        @guarded
        def onCallTsxState(self, prm: Any) -> None:  # noqa: N802 - the library's name
            change = prm.e.body.tsxState
            asked = change.tsx
            if asked.role != pj.PJSIP_ROLE_UAC:
                return
            # Over at once when no answer came, and some seconds after it when one did.
            if asked.state == pj.PJSIP_TSX_STATE_COMPLETED or (
                asked.state == pj.PJSIP_TSX_STATE_TERMINATED
                and change.prevState != pj.PJSIP_TSX_STATE_COMPLETED
            ):
                if asked.method == "OPTIONS":
                    self._reports.options_answered(asked.statusCode)
                elif asked.method in ("INVITE", "UPDATE"):
                    self._reports.change_answered(asked.statusCode)

        @guarded
        def onCallTransferStatus(self, prm: Any) -> None:  # noqa: N802 - the library's name
            self._reports.referred(prm.statusCode, final=prm.finalNotify)

        @guarded
        def onCallTransferRequest(self, prm: Any) -> None:  # noqa: N802 - the library's name
            prm.statusCode = self._reports.transfer_wanted()

        @guarded
        def onCallReplaceRequest(self, prm: Any) -> None:  # noqa: N802 - the library's name
            prm.statusCode = self._reports.transfer_wanted()

    return PjCall


@cache
def log_class(pj: Any) -> Any:
    """Make the class that forwards the library's log."""

    class PjLog(pj.LogWriter):
        def __init__(self, log: logging.Logger) -> None:
            super().__init__()
            self._log = log

        def write(self, entry: Any) -> None:
            level = _LEVELS.get(entry.level, logging.INFO)
            self._log.log(level, "sip library: %s", entry.msg.rstrip())

    return PjLog


def free(thing: Any) -> None:
    """Delete the C++ object behind `thing` now, on this thread, whatever still refers to it."""
    thing.__swig_destroy__(thing)
    thing.this = None
