"""The SIP front with a real Kamailio between hand-made callers and workers."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from peers import SDP, FakeCaller, FakeWorker, open_end
from service import free_ports

from sip_config.front import FrontFailed, KamailioFront
from sip_config.service_cfg import WorkerAddress
from sip_config.settings import Peer, SipSettings

pytestmark = pytest.mark.service

LINES = 2


@dataclass
class Scene:
    """A front, its three workers, and a caller it knows."""

    front: KamailioFront
    workers: list[FakeWorker]
    caller: FakeCaller
    port: int

    async def another_caller(self, host: str = "127.0.0.1") -> FakeCaller:
        caller = FakeCaller(front=("127.0.0.1", self.port), host=host)
        await open_end(caller, host)
        return caller

    @property
    def invites(self) -> int:
        return sum(len(worker.invites) for worker in self.workers)


def settings_for(port: int, **more: object) -> SipSettings:
    return SipSettings.model_validate(
        {
            "port": port,
            "internal_port": port + 1,
            "peers": (Peer(name="pbx", networks=(IPv4Network("127.0.0.1/32"),)),),
            "worker_answer_timeout_ms": 400,
            **more,
        }
    )


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    assert shutil.which("kamailio"), "Kamailio is not installed: `make test` installs it"
    workers = [FakeWorker() for _ in range(3)]
    for worker in workers:
        await open_end(worker)
    port = free_ports(2)
    directory = Path(tempfile.mkdtemp(prefix="front-"))
    front = KamailioFront(
        settings_for(port),
        [WorkerAddress(slot, worker.port, LINES) for slot, worker in enumerate(workers)],
        directory,
    )
    try:
        await asyncio.to_thread(front.start)
        for slot in range(3):
            front.open_worker(slot, LINES)
        front.accept(True)
        caller = FakeCaller(front=("127.0.0.1", port))
        await open_end(caller)
        yield Scene(front, workers, caller, port)
    finally:
        await asyncio.to_thread(front.stop)
        shutil.rmtree(directory, ignore_errors=True)


async def test_a_call_is_set_up_and_ended(scene: Scene) -> None:
    final = await scene.caller.call()
    assert final.status == 200
    (worker,) = [one for one in scene.workers if one.invites]
    await worker.until(lambda one: one.method == "ACK")
    assert (await scene.caller.bye(final)).status == 200
    await worker.until(lambda one: one.method == "BYE")
    assert set(scene.front.loads().values()) == {0}


async def test_calls_spread_and_the_last_is_told_when_to_try_again(scene: Scene) -> None:
    finals = [await scene.caller.call() for _ in range(3 * LINES)]
    assert {one.status for one in finals} == {200}
    assert [len(worker.invites) for worker in scene.workers] == [LINES] * 3
    full = await scene.caller.call()
    assert (full.status, full.one("Retry-After")) == (503, "10")
    await scene.caller.bye(finals[0])
    assert (await scene.caller.call()).status == 200
    assert scene.front.counters()["refused_full"] == 1


@pytest.mark.parametrize("status", ["486 Busy Here", "503 Service Unavailable"])
async def test_a_refusing_worker_is_passed_over(scene: Scene, status: str) -> None:
    scene.workers[0].status = scene.workers[1].status = status
    for _ in range(LINES):
        assert (await scene.caller.call()).status == 200
    assert len(scene.workers[2].invites) == LINES
    assert scene.front.loads() == {0: 0, 1: 0, 2: LINES}


async def test_when_all_refuse_the_caller_is_told_503(scene: Scene) -> None:
    for worker in scene.workers:
        worker.status = "486 Busy Here"
    final = await scene.caller.call()
    assert (final.status, final.one("Retry-After")) == (503, "10")
    assert set(scene.front.loads().values()) == {0}


async def test_a_dead_worker_is_passed_over(scene: Scene) -> None:
    scene.workers[0].silent = True
    for _ in range(3):
        assert (await scene.caller.call()).status == 200
    assert scene.front.loads()[0] == 0


async def test_a_closed_worker_gets_no_new_call_and_keeps_its_old_one(scene: Scene) -> None:
    final = await scene.caller.call()
    (slot,) = [slot for slot, worker in enumerate(scene.workers) if worker.invites]
    scene.front.close_worker(slot)
    for _ in range(2 * LINES):
        assert (await scene.caller.call()).status == 200
    assert len(scene.workers[slot].invites) == 1
    assert (await scene.caller.bye(final)).status == 200


async def test_a_closed_front_says_when_to_come_back(scene: Scene) -> None:
    assert (await scene.caller.ask("OPTIONS")).status == 200
    scene.front.accept(False)
    for method in ("INVITE", "OPTIONS"):
        final = await scene.caller.ask(method)
        assert (final.status, final.one("Retry-After")) == (503, "10")
    assert scene.invites == 0


async def test_strangers_are_refused(scene: Scene) -> None:
    stranger = await scene.another_caller("127.0.0.2")
    assert (await stranger.ask("INVITE")).status == 403
    assert (await stranger.ask("OPTIONS")).status == 403
    assert scene.invites == 0
    assert scene.front.counters()["refused_stranger"] == 2


@pytest.mark.parametrize("method", ["REGISTER", "MESSAGE", "SUBSCRIBE", "PUBLISH", "FOO"])
async def test_other_methods_are_not_for_us(scene: Scene, method: str) -> None:
    final = await scene.caller.ask(method)
    assert final.status == 405
    assert "INVITE" in final.one("Allow")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("c=IN IP4 127.0.0.1", "c=IN IP4 slow.example.org"),
        ("m=audio 40000", "m=audio 70000"),
        ("m=audio 40000", "m=audio 22"),
        ("m=audio 40000 RTP/AVP", "m=video 40000 RTP/AVP"),
        ("m=audio 40000 RTP/AVP", "m=audio 40000 RTP/SAVP"),
        ("m=audio", "m=audio 40002 RTP/AVP 8\r\nm=audio"),
        ("t=0 0\r\n", "t=0 0\r\na=rtcp:9 IN IP4 slow.example.org\r\n"),
        ("IN IP4 127.0.0.1\r\ns=-", "IN IP6 ::1\r\ns=-"),
    ],
)
async def test_an_offer_that_would_hurt_a_worker_is_488(scene: Scene, old: str, new: str) -> None:
    assert (await scene.caller.call(sdp=SDP.replace(old, new, 1))).status == 488
    assert scene.invites == 0


async def test_an_invite_without_offer_is_let_through(scene: Scene) -> None:
    assert (await scene.caller.call(sdp=None)).status == 200


async def test_a_huge_request_is_513(scene: Scene) -> None:
    assert (await scene.caller.call(more="X-Filler: " + "x" * 4000)).status == 513
    assert scene.invites == 0


async def test_only_known_headers_reach_a_worker_and_the_source_is_the_true_one(
    scene: Scene,
) -> None:
    more = "X-Rocars-Source: trunk 10.0.0.1:5060;udp\r\nX-Evil: 1\r\nSubject: hello"
    assert (await scene.caller.call(more=more)).status == 200
    (invite,) = [one for worker in scene.workers for one in worker.invites]
    assert invite.all("X-Rocars-Source") == [f"pbx 127.0.0.1:{scene.caller.port};udp"]
    assert not invite.all("X-Evil")
    assert not invite.all("Subject")
    assert invite.body == SDP


async def test_cancel_while_it_rings(scene: Scene) -> None:
    for worker in scene.workers:
        worker.status = "180 Ringing"
    call_id, branch = "cancelled", "z9hG4bKcancelled"
    scene.caller.send(scene.caller.request("INVITE", call_id, branch=branch), scene.caller.front)
    await scene.caller.until(lambda one: one.status == 180)
    (worker,) = [one for one in scene.workers if one.invites]
    scene.caller.send(scene.caller.request("CANCEL", call_id, branch=branch), scene.caller.front)
    await scene.caller.until(lambda one: one.status == 200 and "CANCEL" in one.one("CSeq"))
    cancel = await worker.until(lambda one: one.method == "CANCEL")
    assert cancel.one("Call-ID") == call_id


async def test_a_branch_used_again_does_not_reach_a_worker(scene: Scene) -> None:
    """The worker's library aborts on it."""
    branch = "z9hG4bKused-again"
    final = await scene.caller.call(branch=branch)
    assert final.status == 200
    (worker,) = [one for one in scene.workers if one.invites]
    before = {one.one("Via").partition("branch=")[2] for one in worker.invites}
    for method in ("BYE", "INFO", "OPTIONS"):
        request = scene.caller.request(
            method, final.one("Call-ID"), cseq=3, branch=branch, established=final
        )
        scene.caller.send(request, scene.caller.front)
    await asyncio.sleep(0.5)
    others = [one for one in worker.seen if one.method in ("BYE", "INFO", "OPTIONS")]
    assert all(one.one("Via").partition("branch=")[2] not in before for one in others)


async def test_vanished_callers_do_not_keep_lines(scene: Scene) -> None:
    for _ in range(LINES):
        await scene.caller.ask("INVITE")  # no ACK, no BYE
    assert sum(scene.front.loads().values()) == LINES
    scene.front.forget_loads()
    assert set(scene.front.loads().values()) == {0}
    for _ in range(3 * LINES):
        assert (await scene.caller.call()).status == 200


async def test_mutated_messages_hurt_nobody(scene: Scene) -> None:
    chance = random.Random(3902)
    whole = scene.caller.request("INVITE", "mutant").encode()
    for _ in range(400):
        message = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            at = chance.randrange(len(message))
            match chance.randrange(3):
                case 0:
                    message[at] = chance.randrange(256)
                case 1:
                    del message[at : at + chance.randrange(30)]
                case 2:
                    message[at:at] = bytes(chance.randrange(256) for _ in range(8))
        scene.caller.transport.sendto(bytes(message), scene.caller.front)
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.5)
    assert scene.front.up
    scene.front.forget_loads()
    fresh = await scene.another_caller()
    assert (await fresh.call()).status == 200


async def test_a_killed_front_comes_back_as_it_was(scene: Scene) -> None:
    scene.front.close_worker(0)
    assert scene.front._process is not None
    os.kill(scene.front._process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 8
    while scene.front.restarts == 0 or not scene.front.up:
        scene.front.watch(time.monotonic())
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    for _ in range(20):
        scene.front.watch(time.monotonic())
        await asyncio.sleep(0.05)
    for _ in range(2 * LINES):
        assert (await (await scene.another_caller()).call()).status == 200
    assert not scene.workers[0].invites


def test_what_is_wrong_with_the_front_is_said(tmp_path: Path) -> None:
    port = free_ports(2)
    nowhere = settings_for(port, kamailio=tmp_path / "nowhere")
    with pytest.raises(FrontFailed, match="install Debian's package kamailio"):
        KamailioFront(nowhere, [], tmp_path).start()
    front = KamailioFront(settings_for(port), [], tmp_path)
    front.write()
    (tmp_path / "service.cfg").write_text("no such thing\n")
    with pytest.raises(FrontFailed, match="refuses its configuration"):
        front.check()


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"listen": ["nowhere"]}, "listen"),
        ({"port": 5062, "internal_port": 5062}, "expected internal_port to differ"),
        ({"listen": ["127.0.0.1", "127.0.0.1"]}, "expected each address once"),
        ({"peers": [{"name": "No Name", "networks": ["10.0.0.0/8"]}]}, "name"),
        ({"peers": []}, "peers"),
    ],
)
def test_wrong_settings_say_what_was_expected(given: dict[str, object], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        SipSettings.model_validate(given)
