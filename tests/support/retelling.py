"""Scenarios are performed, many at once; their calls are looked up; scenarios are made of them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ivr.caller.pytest_plugin import CALLS_A_PROCESS
from ivr.caller.retold.from_records import history_from, in_order
from ivr.caller.retold.misheard import given_again
from ivr.caller.retold.waits import Waits
from ivr.caller.retold.writing import as_file
from ivr.dialogue.outcome import Mode
from ivr.dialogue.trace import StepKind
from ivr.records.call_search import CallSearch, CallStory
from ivr.records.database import Database
from ivr.records.models import CallStep
from ivr.settings.service import Settings
from tests.support.pace import PACE, limit
from tests.support.service import Service

TRIES = 2

SAYS = (StepKind.SAID, StepKind.ASKED)

ENDS_A_TURN = (StepKind.ANSWERED, StepKind.NOMATCH)
"""The step of an answer comes after those of the requests that it led to."""


@dataclass(frozen=True)
class Performed:
    """One run; see `RunDone`."""

    outcome: str
    why: str
    call_ids: tuple[str, ...]


def perform(
    service: Service, runs: Sequence[tuple[Path, str]], at_once: int
) -> Mapping[tuple[Path, str], Performed]:
    """Perform runs, each named by its file and the beginning of its title.

    `at_once` as far as processes of four calls make it up.
    """
    count = min(len(runs), max(1, at_once // CALLS_A_PROCESS))
    done: dict[tuple[Path, str], Performed] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        started = []
        for at in range(count):  # to files: a full pipe would stop the callers
            out = stack.enter_context((folder / str(at)).open("w+b"))
            started.append((_start(service, runs[at::count], at_once, out, stack), out))
        for process, out in started:
            process.wait(limit(1500))
            out.seek(0)
            for line in out:
                if line.startswith(b'{"run"'):
                    run = json.loads(line)
                    done[Path(run["file"]), run["run"]] = Performed(
                        run["outcome"], run["why"], tuple(run["call_ids"])
                    )
    return done


def _start(
    service: Service,
    runs: Sequence[tuple[Path, str]],
    at_once: int,
    out: IO[bytes],
    stack: ExitStack,
) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "ivr.cli", "calls", "run", "--results"]
    words += ["--config", str(service.config), "--tries", str(TRIES)]
    words += ["--at-once", str(min(at_once, CALLS_A_PROCESS))]
    words += ["--patience", f"{PACE.limit(1):.1f}"]
    words += dict.fromkeys(str(path) for path, _ in runs)
    for _, title in runs:
        words += ["--only", title]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process


def scenario_of(stories: Sequence[CallStory], path: Path, settings: Settings) -> None:
    """Write the scenario of one caller's calls. Raises CannotBeRetold."""
    waits = Waits.of(settings.dialogue, settings.speech)
    path.write_text(as_file(history_from(stories), waits), encoding="utf-8")


def stories_of(service: Service, runs: Iterable[Sequence[str]]) -> list[Sequence[CallStory]]:
    """The calls of each run by their Call-IDs, in order of time."""

    async def found() -> list[Sequence[CallStory]]:
        records = Database(service.settings.records_url, service.settings.records)
        search = CallSearch(records)
        try:
            return [
                list(in_order([await _story(search, call_id) for call_id in call_ids]))
                for call_ids in runs
            ]
        finally:
            await records.close()

    service.until_idle()
    return asyncio.run(found())


async def _story(search: CallSearch, call_id: str) -> CallStory:
    story = await search.story_of(call_id)
    assert story is not None, f"no call {call_id} in the records"
    return story


def trace(story: CallStory) -> list[tuple[Any, ...]]:
    """What was said, asked and answered, without what differs from call to call: numbers that were
    given, times, and fillers.

    What the recogniser makes of the same words differs, too, and with it

    - whether they had to be said again, at the cost of an attempt;
    - for how many readings of a number ROCARS was asked;
    - why the last attempt at a question failed, of which the caller hears nothing.
    """
    steps: list[tuple[Any, ...]] = []
    misheard, cost = given_again(story.steps), 0
    for at, step in enumerate(story.steps):
        if step.kind == StepKind.ASKED and step.attempt == 1:
            cost = 0
        cost += at in misheard and step.kind == StepKind.NOMATCH
        if at in misheard or step.detail.get("filler") or _is_of_another_reading(story.steps, at):
            continue
        if _is_the_last_spoken(story.steps, at):
            steps.append((step.kind, step.name, step.mode, step.language))
            continue
        prompts = [
            (prompt["name"], prompt["language"]) for prompt in step.detail.get("prompts", ())
        ]
        if step.name == "welcome.language":
            prompts.sort()  # the language last spoken by this number is offered first
        how = [step.detail.get(key) for key in ("why", "sent", "ended", "before", "only_now")]
        answer = step.kind in (StepKind.ANSWERED, StepKind.NOMATCH)
        attempt = step.attempt - cost if step.attempt else 0
        number = len(step.value) > 2 or step.name == "ccrn.part"
        value = "a number" if answer and number else step.value
        steps.append((step.kind, step.name, value, step.mode, attempt, step.language, prompts, how))
    return steps


def _is_of_another_reading(steps: Sequence[CallStep], at: int) -> bool:
    """Whether ROCARS is asked for a reading of a spoken number that it does not know."""
    step = steps[at]
    if step.kind != StepKind.BACK_END or step.value != "UnknownCcrn":
        return False
    answer = next((later for later in steps[at:] if later.kind in ENDS_A_TURN), None)
    return answer is not None and answer.mode == Mode.SPEECH


def _is_the_last_spoken(steps: Sequence[CallStep], at: int) -> bool:
    """Whether this is a spoken answer after which its question is given up."""
    step, after = steps[at], steps[at + 1 : at + 2]
    spoken = step.kind == StepKind.NOMATCH and step.mode == Mode.SPEECH
    return spoken and bool(after) and after[0].kind == StepKind.GAVE_UP


def same(old: CallStory, new: CallStory) -> bool:
    """Whether both traces are the same.

    A caller who hangs up while a prompt begins may hear its beginning or not.
    """
    traces = trace(old), trace(new)
    short, long = sorted(traces, key=len)
    rest = long[len(short) :]
    return short == long[: len(short)] and (not rest or (len(rest) == 1 and rest[0][0] in SAYS))
