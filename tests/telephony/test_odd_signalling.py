"""What callers' networks do to a call, played by SIPp. Afterwards every line is free again."""

from __future__ import annotations

import pytest

from tests.support.phone_process import PhoneProcess, StartPhone, sipp
from tests.support.sip_peer import Peer

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]


@pytest.mark.parametrize(
    ("scenario", "number", "who", "cause", "status", "answered"),
    [
        ("bye_during_prompt", "1000", "caller", "hung_up", 200, True),
        ("bye_before_ack", "1000", "caller", "hung_up", 200, True),
        ("cancel_while_ringing", "2000", "caller", "cancelled", 487, False),
        ("hold_and_resume", "1000", "caller", "hung_up", 200, True),
        ("delayed_offer", "1000", "caller", "hung_up", 200, True),
        ("refer_is_declined", "1000", "caller", "hung_up", 200, True),
        ("only_pcma", "1000", "caller", "hung_up", 200, True),
        ("only_pcmu", "1000", "caller", "hung_up", 200, True),
        ("no_line", "3000", "us", "rejected", 503, False),
        ("no_such_behaviour", "6000", "us", "rejected", 500, False),
    ],
)
async def test_the_call_ends_as_it_should(
    ivr: PhoneProcess,
    scenario: str,
    number: str,
    who: str,
    cause: str,
    status: int,
    answered: bool,
) -> None:
    before = await ivr.tally()

    result, output = await sipp(scenario, ivr.address, number=number)

    assert result == 0, output
    incoming = await ivr.event("incoming")
    ending = await ivr.event("ended", call=incoming["call"])
    assert (ending["who"], ending["cause"], ending["status"]) == (who, cause, status)
    assert ending["answered"] is answered
    if scenario.startswith("only_"):
        assert ending["media"]["codec"] == scenario.removeprefix("only_").upper()
    await ivr.free()
    assert await ivr.tally() - before == {"taken": 1}


async def test_no_common_codec_is_refused_without_asking_anybody(ivr: PhoneProcess) -> None:
    before = await ivr.tally()

    result, output = await sipp("no_common_codec", ivr.address)

    assert result == 0, output
    await ivr.free()
    assert await ivr.tally() - before == {"refused_media": 1}


async def test_what_the_front_found_unacceptable_is_refused_with_its_reason(
    ivr: PhoneProcess,
) -> None:
    before = await ivr.tally()
    peer = Peer(ivr.address)
    why = '304 ROCARS-IVR "No audio line"'
    peer.send(peer.message("INVITE", headers=f"X-Rocars-Unacceptable: {why}\r\n"))
    status, text = await peer.response()
    assert status == 488
    assert f"Warning: {why}\r\n" in text
    peer.to = text.partition("To: ")[2].partition("\r\n")[0]
    peer.send(peer.message("ACK"))
    peer.close()
    await ivr.free()
    assert await ivr.tally() - before == {"refused_media": 1}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], ["m=video 0 RTP/AVP 97"]),
        (["m=audio 0 RTP/SAVP 8"], []),
        (["m=application 0 TCP/BFCP *", "m=video 0 RTP/AVPF 97"], ["m=image 0 udptl t38"]),
        (["m=application 0 DTLS/SCTP 0"], ["m=audio 0 RTP/AVP 18", "m=text 0 RTP/AVP 98"]),
    ],
)
@pytest.mark.parametrize("profile", ["RTP/AVP", "RTP/AVPF"])
async def test_lines_with_port_0_are_answered_in_their_order(
    ivr: PhoneProcess, before: list[str], after: list[str], profile: str
) -> None:
    """RFC 3264, 6; the front gives an offer of several lines this form."""
    peer = Peer(ivr.address)
    head, media, rest = peer.offer().partition("m=audio")
    lines = "".join(f"{line}\r\n" for line in before)
    offer = head + lines + media + rest + "".join(f"{line}\r\n" for line in after)
    peer.send(peer.message("INVITE", offer.replace(" RTP/AVP 8 0", f" {profile} 8 0")))
    status, text = await peer.response()
    assert status == 200
    answered = [line.split() for line in text.split("\r\n") if line.startswith("m=")]
    found = [(kind, port == "0", how) for kind, port, how, *_ in answered]
    refused = [
        [(answer.split()[0], True, answer.split()[2]) for answer in part]
        for part in (before, after)
    ]
    assert found == [*refused[0], ("m=audio", False, profile), *refused[1]]
    peer.take_answer(text)
    await peer.silence(0.2)
    await peer.press("5")
    assert (await peer.ask("BYE"))[0] == 200
    assert (await ivr.event("ended"))["media"]["keys"] == 1
    peer.close()
    await ivr.free()


async def test_hold_is_no_missing_rtp(start_phone: StartPhone) -> None:
    ivr = await start_phone(no_rtp_timeout_s=0.8)  # shorter than the hold

    result, output = await sipp("hold_and_resume", ivr.address)

    assert result == 0, output
    assert (await ivr.event("ended"))["cause"] == "hung_up"
    await ivr.free()


async def test_strangers_are_turned_away(ivr: PhoneProcess) -> None:
    before = await ivr.tally()

    result, output = await sipp("stranger", ivr.address, host="127.0.0.2")

    assert result == 0, output
    await ivr.free()
    assert await ivr.tally() - before == {"refused_stranger": 1}


async def test_a_draining_worker_refuses_new_calls_and_keeps_the_old(
    caller: PhoneProcess, ivr: PhoneProcess
) -> None:
    before = await ivr.tally()
    await caller.order("dial", name="old", uri=ivr.uri("1000"))
    await caller.order("answered", name="old")
    await ivr.order("drain", draining=True)

    result, output = await sipp("draining", ivr.address)

    assert result == 0, output
    await caller.order("press", name="old", keys="5")
    assert (await ivr.event("key"))["key"] == "5"
    await caller.order("hang_up", name="old")
    await ivr.free()
    assert await ivr.tally() - before == {"taken": 1, "refused_draining": 1}
    await ivr.order("drain", draining=False)
