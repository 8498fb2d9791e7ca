"""No name is looked up for a call, and none gets to a worker in SDP, whatever message has it."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.support.peers import SDP, FakeCaller, FakeWorker, Message, answer, final_answer
from tests.support.scene import Scene, front_between

pytestmark = pytest.mark.call

NAME = "localhost"
"""A name that exists without a name server; what goes there is seen to have gone there."""
CALLER = "127.0.0.2"
NAMED = SDP.replace("c=IN IP4 127.0.0.1", f"c=IN IP4 {NAME}")
IN_SDP = [
    NAMED,
    SDP.replace("t=0 0\r\n", f"t=0 0\r\na=rtcp:9 IN IP4 {NAME}\r\n"),
    SDP.replace("t=0 0\r\n", f"t=0 0\r\na=rtcp 9 IN IP4 {NAME}\r\n"),
    SDP.replace("s=-\r\n", f"s=-\rc=IN IP4 {NAME}\r\n"),
    SDP + f"c=IN IP6 {NAME}\r\n",
]
PEERS = ({"name": "pbx", "networks": ("127.0.0.0/8",)},)


def called(scene: Scene) -> FakeWorker:
    (worker,) = [candidate for candidate in scene.workers if candidate.invites]
    return worker


def to_workers(scene: Scene) -> tuple[str, int]:
    return ("127.0.0.1", scene.port + 1)


@pytest.mark.parametrize("sdp", IN_SDP)
async def test_a_name_in_the_answer_of_an_ack_does_not_reach_the_worker(
    scene: Scene, sdp: str
) -> None:
    final = await scene.caller.ask("INVITE", sdp=None)
    ack = scene.caller.request("ACK", final.header("Call-ID"), established=final, body=sdp)
    scene.caller.send(ack, scene.caller.front)
    taken = await called(scene).until(lambda message: message.method == "ACK")
    assert NAME not in taken.text
    if taken.body:
        assert taken.body == SDP  # it was in a line that nobody needs
    else:
        assert scene.front.kamailio.counters()["refused_sdp"] == 1


NESTED = (
    "--out\r\nContent-Type: multipart/alternative;boundary=in\r\n\r\n--in\r\n"
    f"Content-Type: application/sdp\r\n\r\n{SDP}\r\n--in--\r\n--out--\r\n"
)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (SDP, "application/sdp"),
        (SDP.replace("\r\n", "\n"), "application/sdp"),
        (SDP.replace("s=-", "s= ").replace("o=- 1 1", "o=My PBX 1 1"), "application/sdp"),
        (f"{SDP}a=candidate:1 1 UDP 1 {NAME} 9 typ host\r\na=mid:0\r\n", "application/sdp"),
        (NESTED, "multipart/mixed;boundary=out"),
    ],
)
async def test_an_answer_becomes_what_an_offer_becomes(scene: Scene, body: str, kind: str) -> None:
    """In an ACK and in a reply: the library reads an answer as it reads an offer."""
    final = await scene.caller.ask("INVITE", sdp=None)
    ack = scene.caller.request("ACK", final.header("Call-ID"), established=final, body=body)
    ack = ack.replace("Content-Type: application/sdp", f"Content-Type: {kind}", 1)
    scene.caller.send(ack, scene.caller.front)
    worker = called(scene)
    taken = [await worker.until(lambda message: message.method == "ACK")]
    worker.send(worker.within(worker.invites[0], "INVITE"), to_workers(scene))
    request = await scene.caller.until(lambda message: message.method == "INVITE")
    contact = f"Contact: <sip:caller@127.0.0.1:{scene.caller.port}>"
    reply = answer(request, "200 OK", more=contact, body=body)
    reply = reply.replace("Content-Type: application/sdp", f"Content-Type: {kind}", 1)
    scene.caller.send(reply, scene.caller.front)
    taken.append(
        await worker.until(
            lambda message: message.status == 200 and "INVITE" in message.header("CSeq")
        )
    )
    for message in taken:
        assert re.sub(r"o=.*", "", message.body) == re.sub(r"o=.*", "", SDP)
        assert message.all("Content-Type") == ["application/sdp"]
        assert int(message.header("Content-Length")) == len(message.body)


@pytest.mark.parametrize("method", ["PRACK", "UPDATE"])
@pytest.mark.parametrize("sdp", IN_SDP)
async def test_a_name_in_a_request_of_the_dialogue_does_not_reach_the_worker(
    scene: Scene, method: str, sdp: str
) -> None:
    final = await scene.caller.call()
    request = scene.caller.request(
        method, final.header("Call-ID"), cseq=2, established=final, body=sdp
    )
    scene.caller.send(request, scene.caller.front)
    final = await scene.caller.until(
        lambda message: message.header("CSeq") == f"2 {method}" and message.status >= 200
    )
    taken = [message for message in called(scene).seen if message.method == method]
    assert final.status == (200 if taken else 488)
    assert not [message for message in taken if NAME in message.text]


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
@pytest.mark.parametrize("sdp", IN_SDP)
async def test_a_name_in_the_answer_of_a_reply_does_not_reach_the_worker(
    scene: Scene, method: str, sdp: str
) -> None:
    await scene.caller.call()
    worker = called(scene)
    worker.send(worker.within(worker.invites[0], method), to_workers(scene))
    request = await scene.caller.until(lambda message: message.method == method)
    contact = f"Contact: <sip:caller@127.0.0.1:{scene.caller.port}>"
    scene.caller.send(answer(request, "200 OK", more=contact, body=sdp), scene.caller.front)
    reply = await worker.until(
        lambda message: message.status == 200 and method in message.header("CSeq")
    )
    assert NAME not in reply.text
    assert "Contact" in reply.text


@pytest.mark.parametrize(
    ("contact", "routes"),
    [
        ("sip:caller@{name}:{port}", ""),
        ("sip:caller@{name}:{port}", "<sip:{name}:{port};lr>"),
        ("sip:caller@{host}:{own}", "<sip:{name}:{port};lr>"),
        ("sip:caller@{host}:{own}", "<sip:proxy.{name}:{port};lr>, <sip:{name}:{port};lr>"),
        ("sip:caller@{host}:{own};alias={name}~{port}~1", ""),
        ("sip:caller@{host}:{own};maddr={name}", ""),
        ("sip:caller@{host}:{own}", "<sip:{host}:{own};maddr={name};lr>"),
    ],
)
async def test_a_hop_by_name_is_the_calls_own_source(contact: str, routes: str) -> None:
    async with front_between(peers=PEERS) as scene:
        named = await scene.another_caller()
        caller = await scene.another_caller(CALLER)
        words = {"name": NAME, "port": named.port, "host": CALLER, "own": caller.port}
        caller.contact = contact.format(**words)
        more = f"Record-Route: {routes.format(**words)}" if routes else ""
        assert (await caller.call(more=more)).status == 200
        worker = called(scene)
        bye = worker.within(worker.invites[0], "BYE")
        worker.send(bye, to_workers(scene))
        await caller.until(lambda message: message.method == "BYE")
        await worker.until(
            lambda message: message.status == 200 and "BYE" in message.header("CSeq")
        )
        assert not named.seen


async def test_a_hop_by_address_is_still_taken() -> None:
    async with front_between(peers=PEERS) as scene:
        proxy = await scene.another_caller("127.0.0.3")
        caller = await scene.another_caller(CALLER)
        more = f"Record-Route: <sip:127.0.0.3:{proxy.port};lr>"
        assert (await caller.call(more=more)).status == 200
        worker = called(scene)
        worker.send(worker.within(worker.invites[0], "BYE"), to_workers(scene))
        await proxy.until(lambda message: message.method == "BYE")


async def test_a_route_by_name_is_403_at_once(scene: Scene) -> None:
    """Any request with a To tag: the name is not even compared with the workers."""
    final = await scene.caller.call()
    forged = Message(
        final.text.replace("Contact: <sip:worker@127.0.0.1", f"Contact: <sip:w@{NAME}")
    )
    for method in ("OPTIONS", "BYE"):
        request = scene.caller.request(method, f"f{method}", cseq=7, established=forged)
        scene.caller.send(request, scene.caller.front)
        refused = await scene.caller.until(final_answer("CSeq", f"7 {method}"))
        assert refused.status == 403


@pytest.mark.parametrize("host", [CALLER, "127.0.0.9"])
async def test_an_answer_to_nothing_goes_nowhere(host: str) -> None:
    """Its second Via would be a hop by name; strangers and peers alike can send one."""
    peers = ({"name": "pbx", "networks": (f"{CALLER}/32",)},)
    async with front_between(peers=peers) as scene:
        named = await scene.another_caller()
        sender: FakeCaller = await scene.another_caller(host)
        for via in (f"{NAME}:{named.port}", f"127.0.0.1:{named.port}"):
            reply = (
                f"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:{scene.port};branch=z9hG4bKnone\r\n"
                f"Via: SIP/2.0/UDP {via};branch=z9hG4bKnothing\r\n"
                "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: nothing\r\n"
                "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
            )
            sender.send(reply, sender.front)
        await asyncio.sleep(0.5)
        assert not named.seen
        assert scene.front.up


@pytest.mark.parametrize("name", ["127.0.0.1", NAME])
async def test_a_200_said_again_when_the_front_has_forgotten_the_call_still_arrives(
    scene: Scene, name: str
) -> None:
    """Workers say it until the ACK comes; the front remembers a call that is answered for 5 s.

    Where the caller's Via has a name, the address it came from counts.
    """
    invite = scene.caller.request("INVITE", "unacknowledged")
    invite = invite.replace(f"UDP 127.0.0.1:{scene.caller.port}", f"UDP {name}:{scene.caller.port}")
    scene.caller.send(invite, scene.caller.front)
    await scene.caller.until(lambda message: message.status == 200)
    await asyncio.sleep(7)  # wt_timer of Kamailio's tm, and the second its timers come round in
    scene.caller.seen.clear()
    worker = called(scene)
    contact = f"Contact: <sip:worker@127.0.0.1:{worker.port}>"
    again = answer(worker.invites[0], "200 OK", more=contact, body=SDP)
    worker.send(again, to_workers(scene))
    assert (await scene.caller.until(lambda message: message.status == 200)).body == SDP
