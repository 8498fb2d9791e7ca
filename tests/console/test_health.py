"""Health and readiness over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientSession, web

from ground.sentence import Sentence
from ivr.console.app import make_app
from ivr.console.health import BackEndProbe, look
from ivr.console.self_test import SelfTest, SelfTestOutcome
from ivr.console.settings import SelfTestSettings
from ivr.observe.strain import Cause, Pressure, Strain, Verdict

pytestmark = pytest.mark.service


@dataclass
class Node:
    lines: int = 12
    active: int = 3
    front_up: bool = True
    draining: bool = False
    verdict: Verdict = field(default_factory=Verdict)
    in_real_time: int = 0
    cannot_start: Sentence | None = None
    standing_still: tuple[Sentence, ...] = ()
    disk_full: bool = False


def untested(**settings: int) -> SelfTest:
    return SelfTest(SelfTestSettings.model_validate(settings), "sip:127.0.0.1:1")


@pytest.mark.parametrize(
    ("node", "problem"),
    [
        (Node(front_up=False), "front is down"),
        (Node(lines=0), "no call worker"),
        (Node(draining=True), "draining"),
        (Node(disk_full=True), "disk of the data folder is full: calls go on"),
        (
            Node(standing_still=(Sentence("%(who)s has not moved for 3 s", who="it"),)),
            "not moved for 3 s",
        ),
    ],
)
def test_what_makes_a_node_unfit(node: Node, problem: str) -> None:
    health = look(node, lambda: True, untested())
    assert not health.ready
    assert problem in " ".join(health.problems)


@pytest.mark.parametrize(
    ("strain", "cause", "reasons"),
    [
        (Strain.OVERLOADED, Cause.LATE_FRAMES, ["sound of running calls is late"]),
        (Strain.OVERLOADED, Cause.MEMORY, ["short of memory"]),
        (Strain.KEYPAD_ONLY, Cause.LATE_WAKING, ["answered late", "speech is given up"]),
    ],
)
def test_an_overloaded_node_is_unfit_and_says_why(
    strain: Strain, cause: Cause, reasons: list[str]
) -> None:
    verdict = Verdict(strain, cause, 0.123456, 0, 7.0, Pressure(cpu=0.9, steal=0.25))
    health = look(Node(verdict=verdict), lambda: True, untested())
    assert not health.ready
    assert all(words in problem for words, problem in zip(reasons, health.problems, strict=True))
    assert health.problems[0].startswith("overloaded")
    load = health.as_json()["load"]
    assert (load["strain"], load["why"]) == (strain.name.lower(), cause.name.lower())
    assert (load["late_frames"], load["cpu"], load["steal"]) == (0.1235, 0.9, 0.25)


def test_a_pressed_machine_takes_calls() -> None:
    health = look(Node(verdict=Verdict(Strain.PRESSED)), lambda: True, untested())
    assert health.ready
    assert health.as_json()["load"]["strain"] == "pressed"


def test_workers_that_cannot_start_are_told_and_calls_are_still_taken() -> None:
    why = Sentence("2 of 3 call workers cannot start: telephony.sip_port: UDP 5071 is held")
    health = look(Node(lines=4, cannot_start=why), lambda: True, untested())
    assert health.ready
    assert health.as_json()["warnings"] == [why]


def test_a_dead_back_end_is_told_and_calls_are_still_taken() -> None:
    health = look(Node(), lambda: False, untested())
    assert health.ready
    assert health.as_json()["back_end"] is False


@pytest.mark.parametrize(
    ("failures", "after", "ready"), [(1, 2, True), (2, 2, False), (9, 0, True)]
)
def test_a_self_test_that_keeps_failing_makes_the_node_unfit(
    failures: int, after: int, ready: bool
) -> None:
    test = untested(unready_after=after)
    test.outcome = SelfTestOutcome(False, "no greeting was heard", failures)
    health = look(Node(), lambda: True, test)
    assert health.ready is ready
    assert health.as_json()["self_test"]["why"] == "no greeting was heard"
    assert ready or "no greeting was heard" in " ".join(health.problems)


@pytest.fixture
async def back_end() -> AsyncIterator[str]:
    async def well(request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/health", well)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/health"
    await runner.cleanup()


async def test_the_console_answers(back_end: str) -> None:
    node = Node()
    runner = web.AppRunner(make_app(node, BackEndProbe(back_end), untested(), ("yue",)))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with ClientSession() as session:
            assert (await session.get(f"{base}/health/live")).status == 200
            for _ in range(50):
                status = await (await session.get(f"{base}/status")).json()
                if status["back_end"]:
                    break
                await asyncio.sleep(0.05)
            assert status == {
                "ready": True,
                "lines": 12,
                "in_use": 3,
                "back_end": True,
                "speech": ["yue"],
                "self_test": {"passed": None, "why": "", "failures": 0},
                "load": {
                    "strain": "calm",
                    "why": "",
                    "late_frames": 0.0,
                    "cpu": 0.0,
                    "memory": 0.0,
                    "io": 0.0,
                    "steal": 0.0,
                },
                "workers_in_real_time": 0,
                "problems": [],
                "warnings": [],
            }
            node.draining = True
            assert (await session.get(f"{base}/health/ready")).status == 503
            metrics = await (await session.get(f"{base}/metrics")).text()
            assert "rocars_ivr_" in metrics
    finally:
        await runner.cleanup()
