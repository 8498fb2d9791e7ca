"""The SIP requests that we have the library send to the other side of one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pjsua2 as pj


class CallRequests:
    """The requests of one call; `call` is the `pj.Call`. Used on the pj thread only.

    Each method raises pj.Error where the library cannot send it now.
    """

    def __init__(self, copy: Any, call: Any) -> None:
        """`copy`: the module of the copy of the library that has the call."""
        self._pj = copy
        self._call = call

    def dial(self, uri: str, from_uri: str, headers: Mapping[str, str]) -> str:
        """Send the INVITE; gives its Call-ID."""
        op = self._with_sound()
        op.txOption.localUri = from_uri
        op.txOption.headers = self._headers(headers)
        self._call.makeCall(uri, op)
        info = self._call.getInfo()
        return str(info.callIdString)

    def respond(self, status: int) -> None:
        """Answer the INVITE with 180, 183 or 200."""
        op = self._pj.CallOpParam()
        op.statusCode = status
        self._call.answer(op)

    def ending(self, status: int, reason: str, headers: Mapping[str, str]) -> Callable[[], None]:
        """Give a function that ends the call: by CANCEL, BYE or this status, whichever fits.

        Raises ValueError for headers that cannot be sent.
        """
        op = self._pj.CallOpParam()
        op.statusCode = status
        op.reason = reason
        op.txOption.headers = self._headers(headers)
        return lambda: self._call.hangup(op)

    def press(self, key: str) -> None:
        """One key as RFC 4733 events of the library's fixed length."""
        self._call.dialDtmf(key)

    def info(self, content_type: str, body: str) -> None:
        """A SIP INFO (RFC 6086)."""
        request = self._pj.CallSendRequestParam()
        request.method = "INFO"
        request.txOption.contentType = content_type
        request.txOption.msgBody = body
        self._call.sendRequest(request)

    def options(self) -> None:
        """Ask whether the other side is there (RFC 3261, 11)."""
        request = self._pj.CallSendRequestParam()
        request.method = "OPTIONS"
        self._call.sendRequest(request)

    def hold(self) -> None:
        """Put the other side on hold: a re-INVITE, sendonly."""
        self._call.setHold(self._pj.CallOpParam(True))

    def unhold(self) -> None:
        """Take the call off hold."""
        op = self._with_sound()
        op.opt.flag = pj.PJSUA_CALL_UNHOLD
        self._call.reinvite(op)

    def refresh(self) -> None:
        """Refresh the session: a re-INVITE that changes nothing (RFC 4028)."""
        self._call.reinvite(self._with_sound())

    def refer(self, uri: str) -> None:
        """Ask the other side to call `uri` and leave us (RFC 3515)."""
        self._call.xfer(uri, self._pj.CallOpParam())

    def _with_sound(self) -> Any:
        op = self._pj.CallOpParam(True)
        op.opt.audioCount = 1
        op.opt.videoCount = 0
        return op

    def _headers(self, headers: Mapping[str, str]) -> Any:
        vector = self._pj.SipHeaderVector()
        for name, value in headers.items():
            if any(ord(character) < 32 for character in name + value):
                raise ValueError("expected header names and values without control characters")
            header = self._pj.SipHeader()
            header.hName = name
            header.hValue = value
            vector.append(header)
        return vector
