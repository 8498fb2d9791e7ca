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
from ivr.caller.retold.writing import as_file
from ivr.dialogue.trace import StepKind
from ivr.records.call_search import CallSearch, CallStory
from ivr.records.database import Database
from tests.support.pace import PACE, limit
from tests.support.service import Service

TRIES = 2

SAYS = (StepKind.SAID, StepKind.ASKED)


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


def scenario_of(stories: Sequence[CallStory], path: Path, grace_s: float) -> None:
    """Write the scenario of one caller's calls. Raises CannotBeRetold."""
    path.write_text(as_file(history_from(stories), grace_s), encoding="utf-8")


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
    given, times, and fillers."""
    steps: list[tuple[Any, ...]] = []
    for step in story.steps:
        if step.detail.get("filler"):
            continue
        prompts = [
            (prompt["name"], prompt["language"]) for prompt in step.detail.get("prompts", ())
        ]
        if step.name == "welcome.language":
            prompts.sort()  # the language last spoken by this number is offered first
        how = [step.detail.get(key) for key in ("why", "sent", "ended", "before", "only_now")]
        answer = step.kind in (StepKind.ANSWERED, StepKind.NOMATCH)
        value = "a number" if answer and len(step.value) > 2 else step.value
        steps.append(
            (step.kind, step.name, value, step.mode, step.attempt, step.language, prompts, how)
        )
    return steps


def same(old: CallStory, new: CallStory) -> bool:
    """Whether both traces are the same.

    A caller who hangs up while a prompt begins may hear its beginning or not.
    """
    traces = trace(old), trace(new)
    short, long = sorted(traces, key=len)
    rest = long[len(short) :]
    return short == long[: len(short)] and (not rest or (len(rest) == 1 and rest[0][0] in SAYS))
