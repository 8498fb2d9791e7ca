"""Is this node fit to take calls? What a load balancer, an orchestrator and a person ask."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp

from ground.pauses import pause
from ground.sentence import Sentence
from ivr.console.self_test import SelfTest, SelfTestOutcome
from ivr.observe.strain import Cause, Strain, Verdict


class NodeView(Protocol):
    """What the console may know of the pool (fulfilled by `ivr.node.scoreboard.Scoreboard`)."""

    @property
    def lines(self) -> int: ...
    @property
    def active(self) -> int: ...
    @property
    def front_up(self) -> bool: ...
    @property
    def draining(self) -> bool: ...
    @property
    def verdict(self) -> Verdict: ...
    @property
    def in_real_time(self) -> int: ...
    @property
    def cannot_start(self) -> Sentence | None: ...
    @property
    def disk_full(self) -> bool: ...
    @property
    def standing_still(self) -> tuple[Sentence, ...]: ...


OVERLOADED = {
    Cause.LATE_FRAMES: "overloaded: the sound of running calls is late; new calls are refused",
    Cause.LATE_WAKING: "overloaded: calls would be answered late; new calls are refused",
    Cause.MEMORY: "overloaded: the machine is short of memory; new calls are refused",
}
DISK_FULL = (
    "the disk of the data folder is full: calls go on, and their records, recordings and metrics "
    "may be lost"
)
FRONT_DOWN = "the SIP front is down"
NO_WORKER = "no call worker is ready"
DRAINING = "the node is draining"
INTERPRETED = "the frame path is interpreted: there was no C compiler at installation"
NOT_TESTED = "no self-test while an announcement of the day is said: it would wait for the greeting"
KEYPAD_ONLY = "speech is given up until the overload is over"


@dataclass(frozen=True)
class Health:
    """One look at the node. `problems` is empty when it is fit to take calls.

    Attributes:
        warnings: what it lacks and takes calls without.
    """

    lines: int
    in_use: int
    back_end: bool
    speech: tuple[str, ...]
    self_test: SelfTestOutcome
    problems: tuple[Sentence, ...]
    load: Verdict = field(default_factory=Verdict)
    in_real_time: int = 0
    warnings: tuple[Sentence, ...] = ()

    @property
    def ready(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        return {
            "ready": self.ready,
            "lines": self.lines,
            "in_use": self.in_use,
            "back_end": self.back_end,
            "speech": list(self.speech),
            "self_test": self.self_test.as_json(),
            "load": load_as_json(self.load),
            "workers_in_real_time": self.in_real_time,
            "problems": list(self.problems),
            "warnings": list(self.warnings),
        }


class BackEndProbe:
    """Asks ROCARS for its health now and then, so that no caller is the first to find out."""

    def __init__(self, url: str, *, every_s: float = 5.0, patience_s: float = 2.0) -> None:
        self._url = url
        self._every_s = every_s
        self._patience = aiohttp.ClientTimeout(total=patience_s)
        self.up = False

    async def run(self) -> None:
        """Probe until cancelled."""
        async with aiohttp.ClientSession(timeout=self._patience) as session:
            while True:
                self.up = await self._probe(session)
                await pause(self._every_s if self.up else 1.0)

    async def _probe(self, session: aiohttp.ClientSession) -> bool:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with session.get(self._url) as answer:
                return answer.status == 200
        return False


def look(
    node: NodeView,
    back_end_up: Callable[[], bool],
    self_test: SelfTest,
    speech: tuple[str, ...] = (),
    *,
    announced: bool = False,
    compiled: bool = True,
) -> Health:
    """The node's health now.

    Args:
        speech: the languages in which callers can speak.
        announced: whether an announcement of the day is said.
        compiled: whether the frame path is compiled.

    A dead back end is told, and does not make the node unready: callers are told what is true,
    which a closed line could not do.
    """
    problems: list[Sentence] = []
    if not node.front_up:
        problems.append(Sentence(FRONT_DOWN))
    if node.lines == 0:
        problems.append(Sentence(NO_WORKER))
    if node.draining:
        problems.append(Sentence(DRAINING))
    problems += node.standing_still
    if node.disk_full:
        problems.append(Sentence(DISK_FULL))
    load = node.verdict
    if load.overloaded:
        problems.append(Sentence(OVERLOADED[load.cause]))
    if load.strain is Strain.KEYPAD_ONLY:
        problems.append(Sentence(KEYPAD_ONLY))
    if self_test.problem:
        problems.append(self_test.problem)
    warnings = [node.cannot_start] if node.cannot_start else []
    if not compiled:
        warnings.append(Sentence(INTERPRETED))
    if announced and self_test.on:
        warnings.append(Sentence(NOT_TESTED))
    return Health(
        node.lines,
        node.active,
        back_end_up(),
        speech,
        self_test.outcome,
        tuple(problems),
        load,
        node.in_real_time,
        tuple(warnings),
    )


def load_as_json(load: Verdict) -> dict[str, Any]:
    """How much the node has to do; all but the words are shares of the last seconds, 0 to 1."""
    return {
        "strain": load.strain.name.lower(),
        "why": load.cause.name.lower() if load.cause else "",
        "late_frames": round(load.late_share, 4),
        "cpu": round(load.pressure.cpu, 3),
        "memory": round(load.pressure.memory, 3),
        "io": round(load.pressure.io, 3),
        "steal": round(load.pressure.steal, 3),
    }
