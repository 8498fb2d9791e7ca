"""Performs scenarios: every row of their examples, every call of each row."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Protocol

from ivr.caller.hearing.repertoire import NotASound
from ivr.caller.performing.call import CallPerformer
from ivr.caller.performing.given import BackEnd, NotGiven, Registered, give
from ivr.caller.performing.results import Outcome, RunDone, StepDone
from ivr.caller.performing.stage import Stage
from ivr.caller.scenario.planned import PlannedRun
from ivr.caller.scenario.scenario import ScriptedCall


class Watcher(Protocol):
    """Informed about a run while it is in progress."""

    def run_begins(self, run: PlannedRun) -> None: ...

    def call_begins(self, call: ScriptedCall) -> None: ...

    def step_done(self, step: StepDone) -> None: ...

    def run_done(self, run: RunDone) -> None: ...


class Unwatched:
    """A watcher that ignores everything."""

    def run_begins(self, run: PlannedRun) -> None:
        pass

    def call_begins(self, call: ScriptedCall) -> None:
        pass

    def step_done(self, step: StepDone) -> None:
        pass

    def run_done(self, run: RunDone) -> None:
        pass


@dataclass
class Performer:
    """Performs runs with one stage."""

    stage: Stage
    back_end: BackEnd | None = None
    watcher: Watcher = field(default_factory=Unwatched)

    async def run_all(self, runs: list[PlannedRun], at_once: int, tries: int) -> list[RunDone]:
        """Perform the runs in order, `at_once` at a time."""
        room = asyncio.Semaphore(at_once)

        async def perform(planned: PlannedRun) -> RunDone:
            async with room:
                return await self.run(planned, tries)

        return list(await asyncio.gather(*(perform(planned) for planned in runs)))

    async def run(self, planned: PlannedRun, tries: int = 1) -> RunDone:
        """Perform one row, again if it fails; `RunDone.earlier` says why it was."""
        done = await self._try(planned)
        while done.outcome is not Outcome.PASSED and done.tries < tries:
            earlier = [*done.earlier, done.why]
            done = await self._try(planned)
            done.earlier = earlier
        self.watcher.run_done(done)
        return done

    async def _try(self, planned: PlannedRun) -> RunDone:
        """Place all calls of one row; after one that fails the others are not placed."""
        scenario = planned.scenario
        done = RunDone(planned.file.path, scenario.name, planned.row_title, scenario.about)
        self.watcher.run_begins(planned)
        began = time.monotonic()
        try:
            await self._calls(planned, done)
        except (NotGiven, NotASound) as failure:
            done.broken = str(failure)
        done.seconds = time.monotonic() - began
        return done

    async def _calls(self, planned: PlannedRun, done: RunDone) -> None:
        scenario = planned.scenario
        variables = dict(planned.row)
        language = scenario.given.driver.language if scenario.given.driver else None
        if language is not None and language.startswith("{"):
            language = variables[language.strip("{}")]
        given, driver = await give(scenario.given, language or "yue", self.back_end)
        variables |= given
        self.stage.repertoire(planned.recordings)
        for call in scenario.all_calls():
            self._new_code(variables, driver)
            self.watcher.call_begins(call)
            performer = CallPerformer(
                self.stage,
                variables,
                frozenset(scenario.secrets),
                planned.recordings,
                self.watcher.step_done,
            )
            done.calls.append(await performer.perform(call))
            if done.why:
                break

    @staticmethod
    def _new_code(variables: dict[str, str], driver: Registered | None) -> None:
        """Each call logs in with a code of its own: a code can be used only once."""
        if driver is not None:
            variables["code"] = driver.next_code()
