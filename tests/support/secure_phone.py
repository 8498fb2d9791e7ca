"""A telephone that speaks TLS and SRTP alone: another party's SIP library, in a process of its own.

    python secure_phone.py <sip URI> <keys>

calls, presses the keys (`KEYS_APART_S`), hangs up, and prints one JSON object of what it got.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pjsua2 as pj

KEYS_APART_S = 1.2
"""Longer than a key and its pause; shorter than a goodbye, which must not end the call first."""


class Call(pj.Call):  # type: ignore[misc] # pjsua2 ships no types
    state = pj.PJSIP_INV_STATE_NULL
    status = 0

    def onCallState(self, prm: Any) -> None:  # noqa: N802 - the library's name
        info = self.getInfo()
        self.state, self.status = info.state, info.lastStatusCode


def main() -> None:
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.logConfig.level = config.logConfig.consoleLevel = 1
    endpoint.libInit(config)
    endpoint.transportCreate(pj.PJSIP_TRANSPORT_TLS, pj.TransportConfig())
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    account_config = pj.AccountConfig()
    account_config.idUri = "sip:+85291234567@127.0.0.1"
    account_config.mediaConfig.srtpUse = pj.PJMEDIA_SRTP_MANDATORY
    account_config.mediaConfig.srtpSecureSignaling = 1
    account = pj.Account()
    account.create(account_config)
    call = Call(account)
    call.makeCall(sys.argv[1], pj.CallOpParam(True))

    def run(seconds: float, *until: int) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and call.state not in until:
            endpoint.libHandleEvents(20)

    run(10, pj.PJSIP_INV_STATE_CONFIRMED, pj.PJSIP_INV_STATE_DISCONNECTED)
    result: dict[str, Any] = {"status": call.status}
    if call.state == pj.PJSIP_INV_STATE_CONFIRMED:
        run(KEYS_APART_S)
        for key in sys.argv[2]:
            call.dialDtmf(key)
            run(KEYS_APART_S)
        result["srtp"] = "SRTP" in call.dump(True, "")
        result["packets"] = call.getStreamStat(0).rtcp.rxStat.pkt
        call.hangup(pj.CallOpParam())
        run(3, pj.PJSIP_INV_STATE_DISCONNECTED)
    print("\n" + json.dumps(result))
    endpoint.libDestroy()


if __name__ == "__main__":
    main()
