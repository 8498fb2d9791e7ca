"""Dialogues through the front: both transports, both directions, and calls that are given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.peers import SDP, FakeCaller, FakeWorker, Message, TcpCaller, answer
from tests.support.scene import Scene

pytestmark = pytest.mark.call


@pytest.fixture
async def tcp_caller(scene: Scene) -> AsyncIterator[TcpCaller]:
    caller = TcpCaller(front=("127.0.0.1", scene.port))
    await caller.connect()
    yield caller
    await caller.close()


def called(scene: Scene) -> FakeWorker:
    (worker,) = [candidate for candidate in scene.workers if candidate.invites]
    return worker


def front_port(scene: Scene) -> tuple[str, int]:
    """Where workers send to."""
    return ("127.0.0.1", scene.port + 1)


async def worker_hangs_up(scene: Scene, caller: FakeCaller) -> None:
    worker = called(scene)
    worker.send(worker.within(worker.invites[0], "BYE"), front_port(scene))
    bye = await caller.until(lambda message: message.method == "BYE")
    assert bye.header("Call-ID") == worker.invites[0].header("Call-ID")
    await worker.until(lambda message: message.status == 200 and "BYE" in message.header("CSeq"))
    assert set(scene.front.loads().values()) == {0}


async def test_a_tcp_caller_speaks_to_a_udp_worker(scene: Scene, tcp_caller: TcpCaller) -> None:
    final = await tcp_caller.call()
    assert final.status == 200
    worker = called(scene)
    await worker.until(lambda message: message.method == "ACK")
    invite = worker.invites[0]
    assert invite.header("Via").startswith("SIP/2.0/UDP 127.0.0.1")
    assert invite.header("X-Rocars-Source") == f"pbx 127.0.0.1:{tcp_caller.port};tcp"
    assert sum(scene.front.loads().values()) == 1
    assert (await tcp_caller.bye(final)).status == 200
    assert set(scene.front.loads().values()) == {0}


async def test_a_worker_hangs_up_on_a_tcp_caller(scene: Scene, tcp_caller: TcpCaller) -> None:
    """The Contact names a port nobody listens on: only the connection reaches the caller."""
    assert (await tcp_caller.call()).status == 200
    await worker_hangs_up(scene, tcp_caller)


async def test_a_worker_hangs_up_on_a_udp_caller_behind_nat(scene: Scene) -> None:
    scene.caller.contact = "sip:caller@127.0.0.99:9"
    assert (await scene.caller.call()).status == 200
    await worker_hangs_up(scene, scene.caller)


async def test_a_caller_reinvites(scene: Scene) -> None:
    """Within a dialogue an INVITE counts no second line, and its offer is checked."""
    final = await scene.caller.call()
    worker = called(scene)
    again = scene.caller.request("INVITE", final.header("Call-ID"), cseq=2, established=final)
    scene.caller.send(again, scene.caller.front)
    await scene.caller.until(
        lambda message: message.header("CSeq") == "2 INVITE" and message.status == 200
    )
    assert len(worker.invites) == 2
    assert sum(scene.front.loads().values()) == 1
    bad = SDP.replace("c=IN IP4 127.0.0.1", "c=IN IP4 slow.example.org")
    third = scene.caller.request(
        "INVITE", final.header("Call-ID"), cseq=3, established=final, sdp=bad
    )
    scene.caller.send(third, scene.caller.front)
    await scene.caller.until(
        lambda message: message.header("CSeq") == "3 INVITE" and message.status == 488
    )
    assert len(worker.invites) == 2


async def rings(scene: Scene, call_id: str, branch: str) -> Message:
    """Everything rings; gives the caller's INVITE once it does."""
    for worker in scene.workers:
        worker.status = "180 Ringing"
    invite = scene.caller.request("INVITE", call_id, branch=branch)
    scene.caller.send(invite, scene.caller.front)
    await scene.caller.until(lambda message: message.status == 180)
    assert sum(scene.front.loads().values()) == 1
    return Message(invite)


async def test_a_cancelled_call_is_487_and_gives_its_line_back(scene: Scene) -> None:
    branch = "z9hG4bKgiven-up"
    await rings(scene, "given-up", branch)
    scene.caller.send(scene.caller.request("CANCEL", "given-up", branch=branch), scene.caller.front)
    worker = called(scene)
    await worker.until(lambda message: message.method == "CANCEL")
    worker.send(answer(worker.invites[0], "487 Request Terminated"), front_port(scene))
    final = await scene.caller.until(lambda message: message.status >= 300)
    assert (final.status, final.header("CSeq")) == (487, "1 INVITE")
    await worker.until(lambda message: message.method == "ACK")
    assert set(scene.front.loads().values()) == {0}
    assert scene.invites == 1  # a cancelled call is tried at no other worker


async def test_a_repeated_invite_is_one_call(scene: Scene) -> None:
    invite = await rings(scene, "repeated", "z9hG4bKrepeated")
    for _ in range(3):
        scene.caller.send(invite.text, scene.caller.front)
    await asyncio.sleep(0.2)
    assert scene.invites == 1
    assert scene.front.kamailio.counters()["offered"] == 1


@pytest.mark.parametrize("method", ["BYE", "INFO", "OPTIONS", "UPDATE", "MESSAGE"])
async def test_another_method_on_a_running_invites_branch_ends_at_the_front(
    scene: Scene, method: str
) -> None:
    """The worker's library aborts on such a request while the INVITE is unanswered."""
    branch = "z9hG4bKreused"
    await rings(scene, "reused", branch)
    worker = called(scene)
    ringing = await scene.caller.until(lambda message: message.status == 180)
    for established in (None, ringing):
        for cseq in (1, 2):
            request = scene.caller.request(
                method, "reused", branch=branch, established=established, cseq=cseq
            )
            scene.caller.send(request, scene.caller.front)
    await asyncio.sleep(0.3)
    assert {message.method for message in worker.seen} == {"INVITE"}
    assert {
        message.status for message in scene.caller.seen if method in message.header("CSeq")
    } == {400}


async def test_workers_do_not_call(scene: Scene) -> None:
    worker = scene.workers[0]
    as_caller = await scene.another_caller()
    worker.send(as_caller.request("INVITE", "from-inside"), front_port(scene))
    final = await worker.until(lambda message: message.status > 0)
    assert final.status == 403
    assert scene.invites == 0


async def test_a_request_in_no_dialogue_is_481(scene: Scene) -> None:
    request = scene.caller.request("BYE", "unheard-of")
    request = request.replace(f"@127.0.0.1:{scene.port}>\r\nCall", ">;tag=x\r\nCall")
    assert ";tag=x" in request
    scene.caller.send(request, scene.caller.front)
    final = await scene.caller.until(lambda message: message.status > 0)
    assert final.status == 481


@pytest.mark.parametrize("method", ["INVITE", "BYE", "INFO"])
async def test_a_peer_cannot_have_the_front_send_elsewhere(scene: Scene, method: str) -> None:
    """A route set of the peer's own making leads to no host but a worker."""
    elsewhere = await scene.another_caller("127.0.0.3")
    final = await scene.caller.call()
    forged = Message(
        final.text.replace(
            f"Contact: <{final.header('Contact').strip('<>')}>",
            f"Contact: <sip:victim@127.0.0.3:{elsewhere.port}>",
        )
    )
    request = scene.caller.request(method, "forged", cseq=7, established=forged)
    scene.caller.send(request, scene.caller.front)
    refused = await scene.caller.until(
        lambda message: message.header("CSeq") == f"7 {method}" and message.status >= 200
    )
    assert refused.status == 403
    await asyncio.sleep(0.1)
    assert not elsewhere.seen


async def test_a_route_of_the_callers_does_not_lead_its_call_astray(scene: Scene) -> None:
    elsewhere = await scene.another_caller("127.0.0.3")
    final = await scene.caller.call(more=f"Route: <sip:127.0.0.3:{elsewhere.port};lr>")
    assert final.status == 200
    assert not called(scene).invites[0].all("Route")
    assert not elsewhere.seen


@pytest.mark.parametrize("status", [404, 488, 603])
async def test_a_workers_other_answers_are_the_callers(scene: Scene, status: int) -> None:
    for worker in scene.workers:
        worker.status = f"{status} No"
    assert (await scene.caller.call()).status == status
    assert scene.invites == 1
    assert set(scene.front.loads().values()) == {0}
