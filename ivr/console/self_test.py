"""The service calls itself now and then, as a stranger would, and tells what it heard."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from ground.sentence import Sentence
from ivr.console.settings import SelfTestSettings
from ivr.observe import metrics

log = structlog.get_logger(__name__)

SHIPPED = Path(__file__).with_name("self_test.call.yaml")
"""Dials, and expects the greeting and the question for the language."""

WHERE_RECORDED = Path(__file__).with_name("self_test_recorded.call.yaml")
"""The same, where the greeting may come after the word that the call is recorded."""

FAILED = "the self-test failed %(times)d times running: %(why)s"

_LONGEST_S = 300.0


@dataclass(frozen=True)
class SelfTestOutcome:
    """What came of the last one. `passed` is None before the first."""

    passed: bool | None = None
    why: str = ""
    failures: int = 0
    """In a row."""

    def as_json(self) -> dict[str, Any]:
        return {"passed": self.passed, "why": self.why, "failures": self.failures}


class SelfTest:
    """Places the call again and again, in a process of its own: a telephone a process is all there
    can be."""

    def __init__(
        self, settings: SelfTestSettings, target: str, *, calls_recorded: bool = False
    ) -> None:
        """`target`: SIP URI of our own front."""
        shipped = WHERE_RECORDED if calls_recorded else SHIPPED
        self._settings = settings
        self._scenario = settings.scenario or shipped
        self._target = target
        self.outcome = SelfTestOutcome()

    @property
    def on(self) -> bool:
        """Whether it is placed at all."""
        return self._settings.every_minutes > 0

    @property
    def problem(self) -> Sentence | None:
        """Why the node is unfit, if it is."""
        after, last = self._settings.unready_after, self.outcome
        if after and last.failures >= after:
            return Sentence(FAILED, times=last.failures, why=last.why)
        return None

    async def run(self, fit: Callable[[], bool]) -> None:
        """Until cancelled. `fit`: whether the node takes calls at all; if not, none is placed."""
        if not self.on:
            return
        while True:
            if not fit():
                await asyncio.sleep(1.0)
                continue
            why = await self._place()
            if why and not fit():
                continue  # calls are not taken any more: that is no fault of those that are
            failures = self.outcome.failures + 1 if why else 0
            self.outcome = SelfTestOutcome(not why, why, failures)
            metrics.self_tests_total.labels("failed" if why else "passed").inc()
            metrics.self_test_passed.set(0 if why else 1)
            if why:
                log.error("self-test failed", why=why, running=failures)
            else:
                log.info("self-test passed")
            await asyncio.sleep(self._settings.every_minutes * 60)

    async def _place(self) -> str:
        """Why it failed; empty if it passed."""
        words = [sys.executable, "-m", "ivr.cli", "calls", "run", str(self._scenario), "--results"]
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                *("--target", self._target, "--tries", "1"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as failure:
            return f"no process: {failure}"
        try:
            async with asyncio.timeout(_LONGEST_S):
                output, wrong = await process.communicate()
        except TimeoutError:
            return f"not over after {_LONGEST_S:.0f} s"
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        runs = [json.loads(line) for line in output.splitlines() if line.startswith(b'{"run"')]
        if process.returncode == 0 and runs:
            return ""
        reasons = "; ".join(str(run["why"]) for run in runs if run["why"])
        return reasons or wrong.decode(errors="replace").strip()[-300:] or "nothing was told"
