"""The SIP front with a real Kamailio between hand-made callers and workers."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import time
from collections import Counter
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from sip_config.front import FrontFailed, KamailioFront
from sip_config.settings import Peer
from tests.support.pace import limit
from tests.support.peers import SDP
from tests.support.ports import free_ports
from tests.support.scene import LINES, Scene, front_between, settings_for

pytestmark = pytest.mark.call


async def test_a_call_is_set_up_and_ended(scene: Scene) -> None:
    final = await scene.caller.call()
    assert final.status == 200
    (worker,) = [candidate for candidate in scene.workers if candidate.invites]
    await worker.until(lambda message: message.method == "ACK")
    assert (await scene.caller.bye(final)).status == 200
    await worker.until(lambda message: message.method == "BYE")
    assert set(scene.front.loads().values()) == {0}


async def test_calls_spread_and_the_last_is_told_when_to_try_again(scene: Scene) -> None:
    finals = [await scene.caller.call() for _ in range(3 * LINES)]
    assert {final.status for final in finals} == {200}
    assert [len(worker.invites) for worker in scene.workers] == [LINES] * 3
    full = await scene.caller.call()
    assert (full.status, full.header("Retry-After")) == (503, "10")
    await scene.caller.bye(finals[0])
    assert (await scene.caller.call()).status == 200
    assert scene.front.kamailio.counters()["refused_full"] == 1


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
    assert (final.status, final.header("Retry-After")) == (503, "10")
    assert set(scene.front.loads().values()) == {0}


async def test_a_call_is_offered_to_many_workers_before_it_is_told_503() -> None:
    """More than a request may have branches: never a 500, whoever is left."""
    async with front_between(count=35) as scene:
        for worker in scene.workers:
            worker.status = "486 Busy Here"
        final = await scene.caller.call()
        assert (final.status, final.header("Retry-After")) == (503, "10")
        assert scene.invites == 29
        assert set(scene.front.loads().values()) == {0}
        for worker in scene.workers[:25]:
            worker.status = "200 OK"
        assert (await scene.caller.call()).status == 200


async def test_a_dead_worker_is_passed_over() -> None:
    async with front_between(worker_answer_timeout_ms=400) as scene:
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
    alive = await scene.caller.ask("OPTIONS")
    assert (alive.status, "INVITE" in alive.header("Allow")) == (200, True)
    scene.front.accept(False)
    for method in ("INVITE", "OPTIONS"):
        final = await scene.caller.ask(method)
        assert (final.status, final.header("Retry-After")) == (503, "10")
    assert scene.invites == 0


async def test_an_overloaded_node_refuses_at_once_and_keeps_its_calls(scene: Scene) -> None:
    """All lines but one are free, and nobody is given one."""
    running = await scene.caller.call()
    scene.front.pace(0)
    for method in ("INVITE", "OPTIONS"):
        refused = await scene.caller.ask(method)
        assert (refused.status, refused.header("Retry-After")) == (503, "10")
    assert scene.invites == 1
    counters = scene.front.kamailio.counters()
    assert (counters["refused_overload"], counters["refused_full"]) == (1, 0)
    assert (await scene.caller.bye(running)).status == 200
    scene.front.pace(None)
    assert (await scene.caller.ask("OPTIONS")).status == 200
    assert (await scene.caller.call()).status == 200


async def test_after_an_overload_calls_are_let_in_a_few_a_second(scene: Scene) -> None:
    scene.front.pace(2)
    assert (await scene.caller.ask("OPTIONS")).status == 200
    taken: list[float] = []
    refused = 0
    deadline = time.monotonic() + 20
    while len(taken) < 3 * LINES and time.monotonic() < deadline:
        final = await scene.caller.call()
        if final.status == 200:
            taken.append(time.time())
        else:
            assert (final.status, final.header("Retry-After")) == (503, "10")
            refused += 1
        await asyncio.sleep(0.02)
    assert len(taken) == 3 * LINES
    a_second = Counter(int(at) for at in taken)
    assert max(a_second.values()) <= 3  # two by the clock of the front, which is not ours
    assert refused


async def test_a_drain_is_stronger_than_the_end_of_an_overload(scene: Scene) -> None:
    scene.front.pace(0)
    scene.front.accept(False)
    scene.front.pace(None)
    assert (await scene.caller.call()).status == 503
    assert scene.front.kamailio.counters()["refused_full"] == 1


async def test_a_front_that_died_still_knows_of_the_overload(scene: Scene) -> None:
    scene.front.pace(0)
    assert scene.front.kamailio._process is not None
    os.kill(scene.front.kamailio._process.pid, signal.SIGKILL)
    async with asyncio.timeout(20):
        while scene.front.kamailio.restarts == 0 or not scene.front.up:
            scene.front.watch(time.monotonic())
            await asyncio.sleep(0.05)
    for _ in range(20):
        scene.front.watch(time.monotonic())
        await asyncio.sleep(0.05)
    caller = await scene.another_caller()
    assert (await caller.call()).status == 503
    assert scene.front.kamailio.counters()["refused_overload"] == 1
    assert scene.invites == 0


async def test_strangers_are_refused(scene: Scene) -> None:
    stranger = await scene.another_caller("127.0.0.2")
    assert (await stranger.ask("INVITE")).status == 403
    assert (await stranger.ask("OPTIONS")).status == 403
    assert scene.invites == 0
    assert scene.front.kamailio.counters()["refused_stranger"] == 2


@pytest.mark.parametrize(
    ("method", "status"),
    [("REGISTER", 405), ("MESSAGE", 405), ("PUBLISH", 405), ("FOO", 501), ("SUBSCRIBE", 489)],
)
async def test_other_methods_are_not_for_us(scene: Scene, method: str, status: int) -> None:
    final = await scene.caller.ask(method)
    assert final.status == status
    assert status == 489 or "INVITE" in final.header("Allow")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("c=IN IP4 127.0.0.1", "c=IN IP4 slow.example.org"),
        ("c=IN IP4 127.0.0.1", "c=IN IP4 127.0.0.256"),
        ("c=IN IP4 127.0.0.1", "c=IN IP4 999.0.0.1"),
        ("c=IN IP4 127.0.0.1", "c=IN IP4 224.0.0.1/127"),
        ("c=IN IP4 127.0.0.1", "c=IN IP4 255.255.255.255"),
        ("c=IN IP4 127.0.0.1", "c=IN IP4 127.0.1"),
        ("m=audio 40000", "m=audio 70000"),
        ("m=audio 40000", "m=audio 22"),
        ("m=audio 40000 RTP/AVP", "m=video 40000 RTP/AVP"),
        ("m=audio 40000 RTP/AVP", "m=audio 40000 RTP/SAVP"),
    ],
)
async def test_an_offer_that_would_hurt_a_worker_is_488(scene: Scene, old: str, new: str) -> None:
    assert (await scene.caller.call(sdp=SDP.replace(old, new, 1))).status == 488
    assert not any(invite.body for worker in scene.workers for invite in worker.invites)


@pytest.mark.parametrize("address", ["0.0.0.0", "10.255.0.9", "199.249.250.199", "223.1.2.3"])
async def test_unicast_addresses_are_let_through(scene: Scene, address: str) -> None:
    assert (
        await scene.caller.call(sdp=SDP.replace("c=IN IP4 127.0.0.1", f"c=IN IP4 {address}"))
    ).status == 200


async def test_an_invite_without_offer_is_let_through(scene: Scene) -> None:
    assert (await scene.caller.call(sdp=None)).status == 200


async def test_a_huge_request_is_513(scene: Scene) -> None:
    assert (await scene.caller.call(more="X-Filler: " + "x" * 17_000)).status == 513
    assert scene.invites == 0


async def test_calls_beyond_a_sources_rate_are_told_when_to_try_again() -> None:
    async with front_between(calls_per_second_per_source=3) as scene:
        answers: list[int] = []
        for _ in range(6):
            final = await scene.caller.call()
            answers.append(final.status)
            if final.status == 503:
                assert (final.first, final.header("Retry-After")) == (
                    "SIP/2.0 503 Too Many Calls",
                    "10",
                )
        assert answers.count(503) >= 1  # six calls may fall into two seconds
        assert answers[:3] == [200] * 3
        await asyncio.sleep(1.1)
        assert (await scene.caller.call()).status == 200
        assert scene.front.kamailio.counters()["refused_rate"] == answers.count(503)


async def test_a_worker_is_not_given_calls_faster_than_it_can_take_them() -> None:
    """Its library aborts when too many come at once; the rest go to the others, or are told 503."""
    async with front_between(calls_per_second_per_card=1) as scene:
        answers: list[int] = []
        for _ in range(8):
            final = await scene.caller.call()
            answers.append(final.status)
            if final.status == 200:
                await scene.caller.bye(final)
        assert answers.count(503) >= 2  # eight calls may fall into two seconds: six are taken
        assert all(len(worker.invites) <= 2 for worker in scene.workers)
        await asyncio.sleep(1.1)
        assert (await scene.caller.call()).status == 200
        assert set(scene.front.loads().values()) <= {0, 1}


async def test_only_known_headers_reach_a_worker_and_the_source_is_the_true_one(
    scene: Scene,
) -> None:
    more = "X-Rocars-Source: trunk 10.0.0.1:5060;udp\r\nX-Evil: 1\r\nSubject: hello"
    assert (await scene.caller.call(more=more)).status == 200
    (invite,) = [message for worker in scene.workers for message in worker.invites]
    assert invite.all("X-Rocars-Source") == [f"pbx 127.0.0.1:{scene.caller.port};udp"]
    assert not invite.all("X-Evil")
    assert not invite.all("Subject")
    assert invite.body == SDP


async def test_a_seal_of_drafts_is_passed_on_from_this_machine_alone() -> None:
    local = Peer(name="local", networks=(IPv4Network("127.0.0.0/8"),))
    async with front_between(peers=(local,)) as scene:
        elsewhere = await scene.another_caller("127.0.0.2")
        for caller, seal, passed in (
            (scene.caller, "gAAAAAB_-x0=", ["gAAAAAB_-x0="]),
            (scene.caller, "a b", []),
            (scene.caller, "x" * 1000, []),
            (elsewhere, "gAAAAAB_-x0=", []),
        ):
            before = {id(invite) for worker in scene.workers for invite in worker.invites}
            final = await caller.call(more=f"X-Rocars-Drafts: {seal}")
            assert final.status == 200
            (invite,) = [
                invite
                for worker in scene.workers
                for invite in worker.invites
                if id(invite) not in before
            ]
            assert invite.all("X-Rocars-Drafts") == passed
            await caller.bye(final)


async def test_a_branch_used_again_does_not_reach_a_worker(scene: Scene) -> None:
    """The worker's library aborts on it."""
    branch = "z9hG4bKused-again"
    final = await scene.caller.call(branch=branch)
    assert final.status == 200
    (worker,) = [candidate for candidate in scene.workers if candidate.invites]
    for method in ("BYE", "INFO", "OPTIONS"):
        request = scene.caller.request(
            method, final.header("Call-ID"), cseq=3, branch=branch, established=final
        )
        scene.caller.send(request, scene.caller.front)
    await asyncio.sleep(0.3)
    assert {message.method for message in worker.seen} <= {"INVITE", "ACK"}


async def test_vanished_callers_do_not_keep_lines(scene: Scene) -> None:
    for _ in range(LINES):
        await scene.caller.ask("INVITE")  # no ACK, no BYE
    assert sum(scene.front.loads().values()) == LINES
    scene.front.forget_loads()
    assert set(scene.front.loads().values()) == {0}
    for _ in range(3 * LINES):
        assert (await scene.caller.call()).status == 200


async def test_mutated_messages_hurt_nobody(scene: Scene) -> None:
    """Nor does anything reach a worker that the front is there to stop."""
    chance = random.Random(3902)
    established = await scene.caller.call()
    whole = [
        scene.caller.request(method, "mutant", established=dialogue, branch=branch).encode()
        for method in ("INVITE", "BYE", "CANCEL", "ACK", "OPTIONS", "INFO")
        for dialogue in (None, established)
        for branch in (None, "z9hG4bKmutant")
    ]
    for count in range(300):
        message = bytearray(whole[0] if count % 2 else chance.choice(whole))
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(message))
            match chance.randrange(3):
                case 0:
                    message[at] = chance.randrange(256)
                case 1:
                    del message[at : at + chance.randrange(30)]
                case 2:
                    message[at:at] = bytes(chance.randrange(256) for _ in range(8))
        scene.caller.transport.sendto(bytes(message), scene.caller.front)
        await asyncio.sleep(0.002)
    await asyncio.sleep(0.5)
    assert scene.front.up
    assert scene.front.kamailio.restarts == 0
    for worker in scene.workers:
        for request in worker.seen:
            assert len(request.text) < 4000
            for line in re.findall(r"^c=.*$", request.body, re.MULTILINE):
                assert re.fullmatch(r"c=IN IP4 [0-9.]+(/[0-9]+)?\r?", line), line
        worker.seen.clear()
    scene.front.forget_loads()
    await asyncio.sleep(1.1)  # a worker is given only so many calls a second
    fresh = await scene.another_caller()
    assert [(await fresh.call()).status for _ in range(3)] == [200] * 3
    assert [len(worker.invites) for worker in scene.workers] == [1, 1, 1]


async def test_a_killed_front_comes_back_as_it_was(scene: Scene) -> None:
    scene.front.close_worker(0)
    assert scene.front.kamailio._process is not None
    os.kill(scene.front.kamailio._process.pid, signal.SIGKILL)
    deadline = time.monotonic() + limit(8)
    while scene.front.kamailio.restarts == 0 or not scene.front.up:
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
    front.kamailio.write()
    (tmp_path / "service.cfg").write_text("no such thing\n")
    with pytest.raises(FrontFailed, match="refuses its configuration"):
        front.kamailio.check()


async def test_a_front_that_cannot_start_again_is_not_started_without_pause(scene: Scene) -> None:
    (scene.front.kamailio.directory / "service.cfg").write_text("no such thing\n")
    assert scene.front.kamailio._process is not None
    os.kill(scene.front.kamailio._process.pid, signal.SIGKILL)
    begun = time.monotonic()
    while time.monotonic() < begun + 2.5:
        scene.front.watch(time.monotonic())
        await asyncio.sleep(0.02)
    assert scene.front.kamailio.restarts == 1  # after 1 s; the next one 2 s later


async def test_lines_of_several_workers_are_learnt_one_after_the_other(scene: Scene) -> None:
    for slot in range(3):
        scene.front.open_worker(slot, LINES + 1)
    finals = [await scene.caller.call() for _ in range(3 * (LINES + 1))]
    assert [final.status for final in finals] == [200] * 9
    assert (await scene.caller.call()).status == 503


async def test_a_worker_of_several_line_cards_is_opened_counted_and_closed_whole() -> None:
    async with front_between(count=4, cards=2) as scene:
        for _ in range(4 * LINES):
            assert (await scene.caller.call()).status == 200
        assert [len(card.invites) for card in scene.workers] == [LINES] * 4
        assert scene.front.loads() == {0: 2 * LINES, 1: 2 * LINES}
        scene.front.forget_loads()
        scene.front.close_worker(0)
        assert (await scene.caller.call()).status == 200
        assert [len(card.invites) for card in scene.workers[:2]] == [LINES] * 2
        scene.front.open_worker(0, 2 * (LINES + 1))
        scene.front.close_worker(1)
        finals = [(await scene.caller.call()).status for _ in range(2 * (LINES + 1) + 1)]
        assert finals == [200] * (2 * (LINES + 1)) + [503]


async def test_loads_can_be_forgotten_time_and_again(scene: Scene) -> None:
    for _ in range(3):
        await scene.caller.call()
        assert sum(scene.front.loads().values()) == 1
        scene.front.forget_loads()
        assert sum(scene.front.loads().values()) == 0


async def test_a_taken_port_is_said(scene: Scene, tmp_path: Path) -> None:
    front = KamailioFront(settings_for(scene.port), [], tmp_path)
    try:
        with pytest.raises(FrontFailed, match=f"127.0.0.1:{scene.port}, set sip.port"):
            await asyncio.to_thread(front.start)
    finally:
        front.stop()


async def test_counters_say_what_was_offered_and_refused(scene: Scene) -> None:
    await scene.caller.call()
    await scene.caller.call(sdp=SDP.replace("m=audio 40000", "m=audio 70000"))
    await scene.caller.call(more="X-Filler: " + "x" * 17_000)
    scene.front.accept(False)
    await scene.caller.call()
    counted = scene.front.kamailio.counters()
    assert {name: count for name, count in counted.items() if count} == {
        "offered": 3,
        "refused_sdp": 1,
        "refused_size": 1,
        "refused_full": 1,
    }


async def test_a_host_name_in_the_offers_origin_is_harmless(scene: Scene) -> None:
    sdp = SDP.replace("1 1 IN IP4 127.0.0.1", "1 1 IN IP4 pbx.example.org")
    assert (await scene.caller.call(sdp=sdp)).status == 200
