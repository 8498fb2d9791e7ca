"""Callers who leave, networks that fail, processes that die: one right CDR, no lost line."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from backend_client.errors import BackEndUnavailable
from backend_client.office import Demo
from ivr.telephony.ending import Cause
from ivr.telephony.telephone import Telephone
from tests.support.callers import Caller, log_in
from tests.support.pace import limit
from tests.support.service import Service

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="session")]


async def sipp(
    service: Service, scenario: Path, *more: str, seconds: float = 40
) -> tuple[int, str]:
    """Run SIPp against the service; its exit status and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *("sipp", f"127.0.0.1:{service.sip_port}", "-sf", str(scenario), "-i", "127.0.0.1"),
        *("-nostdin", "-timeout", f"{seconds:.0f}s", "-timeout_error", "-trace_err", *more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=service.directory,
    )
    out, _ = await process.communicate()
    errors = service.directory.glob(f"{scenario.stem}_*_errors.log")
    log = "".join(error.read_text(errors="replace") for error in errors)
    return process.returncode or 0, out.decode(errors="replace")[-1500:] + log[-1500:]


def last_outcome(service: Service) -> tuple[str, str]:
    ((outcome, by),) = service.query(
        "SELECT outcome, ended_by FROM calls ORDER BY offered_at DESC LIMIT 1"
    )
    return outcome, by


async def demo_of_rocars_started_again(caller: Caller) -> Demo:
    """What it holds, as soon as it answers and the node has noticed."""
    async with asyncio.timeout(limit(40)):
        while True:
            try:
                demo = await caller.demo()
                if caller.service.ready().get("back_end"):
                    return demo
            except (BackEndUnavailable, OSError):
                pass
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.3, 2.0])
async def test_hanging_up_at_any_moment_leaves_one_cdr_and_no_line(
    caller: Caller, after_s: float
) -> None:
    before = len(caller.service.query("SELECT 1 FROM calls"))
    dialled = await caller.telephone.dial(caller.service.uri, from_user="anonymous")
    await asyncio.sleep(after_s)
    await dialled.hang_up()
    await asyncio.sleep(0.3)
    await caller.idle()
    cdrs = caller.service.query("SELECT outcome FROM calls ORDER BY offered_at")[before:]
    assert len(cdrs) <= 1  # a CANCEL may overtake the INVITE's way to a worker
    assert all(outcome in ("caller_hung_up", "cancelled") for (outcome,) in cdrs)


async def test_a_call_without_sound_is_ended(caller: Caller, scenarios: Path) -> None:
    status, out = await sipp(caller.service, scenarios / "hold_line.xml", "-m", "1")
    assert status == 0, out
    await caller.idle()
    assert last_outcome(caller.service) == ("no_rtp", "network")


async def test_calls_come_over_tcp_too(caller: Caller, scenarios: Path) -> None:
    status, out = await sipp(caller.service, scenarios / "hold_line.xml", "-m", "2", "-t", "t1")
    assert status == 0, out


async def test_no_common_codec_is_488(caller: Caller, scenarios: Path) -> None:
    status, out = await sipp(caller.service, scenarios / "no_common_codec.xml", "-m", "1")
    assert status == 0, out
    await asyncio.sleep(0.5)
    await caller.idle()
    assert last_outcome(caller.service) == ("refused_no_codec", "service")


async def test_all_lines_taken_is_503_with_retry_after(caller: Caller, scenarios: Path) -> None:
    holding = asyncio.ensure_future(
        sipp(caller.service, scenarios / "hold_line.xml", "-m", "12", "-r", "12")
    )
    while caller.service.lines_in_use() < 12:
        assert not holding.done(), holding.result()
        await asyncio.sleep(0.05)
    status, out = await sipp(caller.service, scenarios / "busy.xml", "-m", "3")
    assert status == 0, out
    status, out = await holding
    assert status == 0, out  # all twelve were served
    await caller.idle()
    called = await caller.call({"welcome.language": ["3"]})
    assert called.text_of("welcome.greeting"), "the lines are free again"


async def workers_of_calls(service: Service, count: int) -> dict[int, str]:
    """Worker and Call-ID of each call in progress, once all of them are in the records."""
    async with asyncio.timeout(limit(10)):
        while True:
            rows = service.query("SELECT worker_pid, sip_call_id FROM calls WHERE ended_at IS NULL")
            if len(rows) == count:
                return dict(rows)
            await asyncio.sleep(0.1)


def restarts(service: Service) -> float:
    counted = re.search(r"^rocars_ivr_worker_restarts_total (\S+)", service.get("/metrics"), re.M)
    return float(counted[1]) if counted else 0.0


async def test_a_killed_worker_costs_its_own_calls_only(caller: Caller) -> None:
    before = restarts(caller.service)
    dialled = [
        await caller.telephone.dial(caller.service.uri, from_user="+85290000000") for _ in range(3)
    ]
    try:
        for call in dialled:
            await call.answered()
        on = await workers_of_calls(caller.service, 3)
        assert len(on) == 3, "three calls on three workers"
        victim, lost = next(iter(on.items()))
        began = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        while victim in caller.service.workers() or caller.service.ready()["lines"] < 12:
            assert time.monotonic() - began < limit(10)  # 2 s on a quiet machine
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        for call in dialled:
            if call.sip_call_id != lost:
                assert not call.ended.done(), "a call on another worker was hurt"
    finally:
        for call in dialled:
            await call.hang_up()
    await caller.idle()
    outcomes = dict(
        caller.service.query(
            "SELECT sip_call_id, outcome FROM calls ORDER BY offered_at DESC LIMIT 3"
        )
    )
    assert outcomes.pop(lost) == "worker_died"
    assert set(outcomes.values()) == {"caller_hung_up"}
    again = await caller.call({"welcome.language": ["3"]})
    assert again.ending.cause is Cause.HUNG_UP
    assert restarts(caller.service) == before + 1


async def test_a_back_end_that_dies_is_told_and_comes_back(caller: Caller) -> None:
    demo = await caller.demo()
    free = demo.free_ccrns(immediately=True)
    answers = log_in(demo, "en") | {"main_menu": ["1"], "ccrn": [f"{free[0]}#"]}
    service = caller.service
    rocars = service.child("rocars-ivr: ROCARS")
    os.kill(rocars, signal.SIGSTOP)  # it hangs: connections are taken and nothing comes
    try:
        called = await caller.call(answers)
    finally:
        os.kill(rocars, signal.SIGKILL)
    assert "ROCARS cannot be reached" in called.words
    assert "Checking. One moment" in called.words  # never silent
    await caller.idle()
    assert last_outcome(service)[0] == "back_end_away"
    demo = await demo_of_rocars_started_again(caller)
    recovered = await caller.call(log_in(demo, "en"))
    assert "You are logged in" in recovered.words


async def test_sigterm_drains(telephone: Telephone, tmp_path: Path) -> None:
    """The running call is finished, no new one is taken, and the service ends with status 0."""
    service = Service(tmp_path, {"pool": {"workers": 1}})
    await asyncio.to_thread(service.start)
    try:
        running = await telephone.dial(service.uri, from_user="+85291234567")
        await running.answered()
        assert service.process is not None
        service.process.terminate()
        await asyncio.sleep(1.0)
        assert not running.ended.done()
        refused = await telephone.dial(service.uri, from_user="+85291234567")
        async with asyncio.timeout(limit(10)):
            ending = await asyncio.shield(refused.ended)
        assert ending.status == 503
        await running.hang_up()
        status = await asyncio.to_thread(service.process.wait, limit(20))
        assert status == 0
        ((outcome,),) = service.query("SELECT outcome FROM calls")
        assert outcome == "caller_hung_up"
    finally:
        await asyncio.to_thread(service.stop)


async def test_the_deadline_of_a_drain_is_told_to_the_caller(
    telephone: Telephone, tmp_path: Path
) -> None:
    service = Service(tmp_path, {"pool": {"workers": 1, "drain_deadline_s": 1.0}})
    await asyncio.to_thread(service.start)
    try:
        running = await telephone.dial(service.uri, from_user="+85291234567")
        await running.answered()
        assert service.process is not None
        service.process.terminate()
        async with asyncio.timeout(limit(40)):
            ending = await asyncio.shield(running.ended)
        assert ending.cause is Cause.HUNG_UP
        assert await asyncio.to_thread(service.process.wait, limit(20)) == 0
        ((outcome,),) = service.query("SELECT outcome FROM calls")
        assert outcome == "drained"
        apologies = service.query("SELECT text FROM steps WHERE name = 'sorry.closing'")
        assert apologies
    finally:
        await asyncio.to_thread(service.stop)
