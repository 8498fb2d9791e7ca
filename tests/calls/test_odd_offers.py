"""Offers of carriers and softphones through the whole service: served, or refused and recorded."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.callers import Caller
from tests.support.pace import limit
from tests.support.sip_peer import Peer

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="session")]

VIDEO = "m=video 40002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"
SECURE = (
    "m=audio 40020 RTP/SAVP 8\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\r\n"
)
ICE = (
    "a=rtcp-fb:* trr-int 1000\r\na=ice-ufrag:f14f\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
    "a=candidate:1 1 UDP 2130706431 2001:db8::14 40000 typ host\r\n"
)
ISUP = (
    "--b42\r\nContent-Type: application/isup;version=itu-t92+\r\n"
    "Content-Disposition: signal;handling=optional\r\n\r\n\x01\x00H\x00\r\n--b42--\r\n"
)


def peer_of(caller: Caller) -> Peer:
    return Peer(("127.0.0.1", caller.service.sip_port), called="3902")


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("video", ["audio", "video:0"]),
        ("secure", ["audio:0", "audio"]),
        ("feedback", ["audio"]),
        ("parts", ["audio"]),
    ],
)
async def test_the_greeting_is_heard_whatever_is_offered_beside_the_sound(
    caller: Caller, shape: str, expected: list[str]
) -> None:
    peer = peer_of(caller)
    head, audio, rest = peer.offer().partition("m=audio")
    body, kind = head + audio + rest, ""
    if shape == "video":
        body += VIDEO
    elif shape == "secure":
        body = head + SECURE + audio + rest
    elif shape == "feedback":
        body = body.replace("RTP/AVP", "RTP/AVPF").replace("1 1 IN IP4", "1 1 IN IP6") + ICE
    else:
        body = f"--b42\r\nContent-Type: application/sdp\r\n\r\n{body}\r\n{ISUP}"
        kind = "multipart/mixed;boundary=b42"
    peer.send(peer.message("INVITE", body, kind))
    status, text = await peer.response(6)
    assert status == 200
    lines = [line.split() for line in text.split("\r\n") if line.startswith("m=")]
    assert [f"{kind[2:]}{':0' if port == '0' else ''}" for kind, port, *_ in lines] == expected
    peer.take_answer(text)
    await peer.silence(0.2)
    await peer.hears_sound(20)
    assert (await peer.ask("BYE"))[0] == 200
    peer.close()
    await caller.idle()


async def test_an_offer_that_cannot_be_served_is_refused_with_the_reason_and_recorded(
    caller: Caller,
) -> None:
    peer = peer_of(caller)
    peer.send(peer.message("INVITE", peer.offer().partition("m=audio")[0] + VIDEO))
    status, text = await peer.response(6)
    assert status == 488
    assert 'Warning: 304 ROCARS-IVR "No audio line"\r\n' in text
    peer.to = text.partition("To: ")[2].partition("\r\n")[0]
    peer.send(peer.message("ACK"))
    query = (
        "SELECT outcome, sip_code, reason FROM calls"
        f" WHERE sip_call_id = '{peer.call_id}' AND outcome IS NOT NULL"
    )
    async with asyncio.timeout(limit(10)):
        while not (found := caller.service.query(query)):
            await asyncio.sleep(0.05)
    ((outcome, status, reason),) = found
    assert (outcome, status) == ("refused_no_codec", 488)
    assert "No audio line" in reason
    peer.close()
