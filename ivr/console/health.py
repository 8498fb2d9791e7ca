"""Is this node fit to take calls? What a load balancer, an orchestrator and a person ask."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from ivr.console.self_test import SelfTest, SelfTestOutcome


class NodeView(Protocol):
    """What the console may know of the pool (fulfilled by `ivr.pool.scoreboard.Scoreboard`)."""

    @property
    def lines(self) -> int: ...
    @property
    def active(self) -> int: ...
    @property
    def front_up(self) -> bool: ...
    @property
    def draining(self) -> bool: ...


@dataclass(frozen=True)
class Health:
    """One look at the node. `problems` is empty when it is fit to take calls."""

    lines: int
    in_use: int
    back_end: bool
    speech: tuple[str, ...]
    self_test: SelfTestOutcome
    problems: tuple[str, ...]

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
            "problems": list(self.problems),
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
                await asyncio.sleep(self._every_s if self.up else 1.0)

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
) -> Health:
    """The node's health now; `speech` names the languages in which callers can speak.

    A dead back end is told, and does not make the node unready: callers are told what is true,
    which a closed line could not do.
    """
    problems = []
    if not node.front_up:
        problems.append("the SIP front is down")
    if node.lines == 0:
        problems.append("no call worker is ready")
    if node.draining:
        problems.append("the node is draining")
    if self_test.problem:
        problems.append(self_test.problem)
    return Health(
        node.lines, node.active, back_end_up(), speech, self_test.outcome, tuple(problems)
    )
