"""A node that serves its calls late: those go on, new ones are refused, and it comes back."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ivr.node.priorities import Aside
from ivr.telephony.telephone import Telephone
from tests.calls.stutter import stuttering
from tests.support.service import Service
from tests.support.sip_peer import Peer

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="session")]

OVERLOAD = {
    "late_ms": 60,
    "calm_s": 3.0,
    "slow_start_s": 2.0,
    "keypad_only_after_s": 1.0,
    "pressed_cpu": 1.0,
}
"""A little more patient than usual: the machine of a test may be busy with other things."""


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(tmp_path, {"pool": {"workers": 2, "overload": OVERLOAD}})
    await asyncio.to_thread(service.start)
    yield service
    await asyncio.to_thread(service.stop)


async def until(
    service: Service, what: Callable[[dict[str, Any]], bool], seconds: float = 40
) -> dict[str, Any]:
    """The health of the service, once it is as wanted."""
    deadline = time.monotonic() + seconds
    while not what(health := await asyncio.to_thread(service.ready)):
        assert time.monotonic() < deadline, health
        await asyncio.sleep(0.1)
    return health


def strain(health: dict[str, Any]) -> str:
    return str(health.get("load", {}).get("strain"))


def logged(service: Service, event: str) -> list[dict[str, Any]]:
    lines = service.log.read_text(errors="replace").splitlines()
    return [json.loads(line) for line in lines if f'"{event}' in line]


def value(service: Service, metric: str) -> float:
    found = re.search(rf"^rocars_ivr_{metric} (\S+)", service.get("/metrics"), re.M)
    return float(found[1]) if found else 0.0


async def asked(service: Service, method: str) -> tuple[int, str]:
    """What a stranger to the node's calls is answered."""
    peer = Peer(("127.0.0.1", service.sip_port), called="3902")
    try:
        if method == "INVITE":
            status, text = await peer.invite(within_s=20)
            if status == 200:
                await peer.ask("BYE")
            return status, text
        peer.send(peer.message(method))
        return await peer.response(within_s=20)
    finally:
        peer.close()


async def test_a_node_that_is_late_refuses_new_calls_keeps_its_own_and_comes_back(
    service: Service, telephone: Telephone
) -> None:
    running = await telephone.dial(service.uri, from_user="+85291234567")
    await running.answered()
    await asyncio.sleep(1.0)
    ((worker,),) = service.query("SELECT worker_pid FROM calls WHERE ended_at IS NULL")
    with stuttering(worker):
        health = await until(service, lambda state: strain(state) in ("overloaded", "keypad_only"))
        assert health["load"]["why"] == "late_frames"
        assert health["load"]["late_frames"] > 0.01
        assert health["problems"][0].startswith("overloaded: the sound of running calls is late")
        for method in ("INVITE", "OPTIONS"):
            status, text = await asked(service, method)
            assert status == 503
            assert "\r\nRetry-After: 10\r\n" in text
        assert value(service, "overloaded") == 1.0
        await until(service, lambda state: strain(state) == "keypad_only")
        await running.press("3")
        await asyncio.sleep(3.0)
    assert not running.ended.done(), "a call that was accepted goes on"
    await until(service, lambda state: bool(state["ready"]))
    assert (await asked(service, "INVITE"))[0] == 200
    assert value(service, "overloaded") == 0.0
    assert value(service, "overloads_total") == 1.0
    assert value(service, "late_frames_total") > 10
    (entered,) = logged(service, "overloaded: no new calls")
    assert entered["why"] == "late_frames"
    (left,) = logged(service, "calls are taken again")
    assert left["late"] > 10
    await running.hang_up()
    await asyncio.to_thread(service.until_idle)
    names = service.query("SELECT name, detail FROM steps ORDER BY at")
    assert any("speech.keypad" in str(detail) for _, detail in names), "the caller is told"
    assert any("user_id" in name for name, _ in names), "the key was heard"
    counted = re.search(
        r'^rocars_ivr_recognisers_given_up_total\{reason="overloaded"\} (\S+)',
        service.get("/metrics"),
        re.M,
    )
    assert counted is not None
    assert float(counted[1]) == 1.0


async def test_a_node_without_calls_whose_workers_hardly_run_says_so_and_comes_back(
    service: Service,
) -> None:
    worker = service.workers()[0]
    with stuttering(worker, stands_s=0.7):
        health = await until(service, lambda state: strain(state) == "overloaded")
        assert health["load"]["why"] == "late_waking"
        assert (await asked(service, "INVITE"))[0] == 503
    await until(service, lambda state: bool(state["ready"]))
    assert (await asked(service, "INVITE"))[0] == 200


async def test_who_runs_first_when_there_is_not_enough_for_all(service: Service) -> None:
    assert service.process is not None
    nice = {
        name: os.getpriority(os.PRIO_PROCESS, pid)
        for name, pid in {
            "supervisor": service.process.pid,
            "front": service.child("kamailio"),
            "worker": service.workers()[0],
            "ROCARS": service.child("rocars-ivr: ROCARS"),
        }.items()
    }
    aside = _nice_of_children(service.process.pid) - set(nice.values())
    assert nice["supervisor"] == nice["front"] == nice["worker"] <= nice["ROCARS"]
    assert nice["ROCARS"] == max(Aside.BACK_END, nice["supervisor"])
    assert {5, 10} <= aside, "console and housekeeping stand behind"
    (how, *_) = (entry["how"] for entry in logged(service, "sound is scheduled"))
    in_real_time = service.ready()["workers_in_real_time"]
    policies = {
        os.sched_getscheduler(int(task.name)) & ~os.SCHED_RESET_ON_FORK
        for task in Path(f"/proc/{service.workers()[0]}/task").iterdir()
    }
    if how == "real time":
        assert in_real_time == 2
        assert policies == {os.SCHED_OTHER, os.SCHED_RR}, "the sound thread, and no other"
    else:
        assert (how, in_real_time) == ("as usual, real time is not permitted", 0)
        assert policies == {os.SCHED_OTHER}


def _nice_of_children(pid: int) -> set[int]:
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        fields = path.read_text().rpartition(")")[2].split()
        if int(fields[1]) == pid:
            found.add(int(fields[16]))
    return found
