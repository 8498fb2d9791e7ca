"""Scenarios are run, their calls become scenarios, those are run: both traces are the same.

`make test` does it with a few, `make soak` with all of them: for each flow, in each language.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from ivr.caller.retold.history import CannotBeRetold
from ivr.caller.scenario.planned import PlannedRun, planned
from ivr.caller.scenario.reading import find, read
from ivr.drawing.book import flow_graphs
from ivr.records.announcement_tables import AnnouncementKind, AnnouncementPlace
from ivr.records.announcements import Announcements, NewAnnouncement
from ivr.records.call_search import CallStory
from ivr.records.database import Database
from ivr.records.facts import now
from prompts import announcements
from tests.support.pace import limit
from tests.support.real_time import must_be_kept
from tests.support.retelling import SAYS, Performed, perform, same, scenario_of, stories_of, trace
from tests.support.scripted_service import scripted_service
from tests.support.service import Service

pytestmark = [pytest.mark.call, pytest.mark.flaky(reruns=0), pytest.mark.timeout(3600)]

HERE = Path(__file__).parent
FILES = find([HERE / "scripted", HERE / "retold"])
IN_SHORT = ("wrong_numbers", "hung_up")
"""Scenarios of `make test`."""

REFUSED = {"recording_line": "of the recording line"}
"""Scenarios whose calls no scenario can repeat, and the reason that is given."""

NO_CALL_GETS_THERE = ("record_one", "choose_clip")
"""Flows behind an operator's PIN."""

WHERE_SPOKEN = {"status.ubr": "status.say", "vehicle.key_mark": "vehicle.say_mark"}
"""Prompts of questions whose answers can be spoken; of others it is the name with ``.say``."""

KEYED, SPOKEN = 12, 3
"""Calls at once; those that must keep real time one a language."""


def runs() -> Iterator[PlannedRun]:
    return planned([read(path) for path in FILES])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "run" not in metafunc.fixturenames:
        return
    soak = metafunc.config.getoption("--soak")
    chosen = [run for run in runs() if soak or _name(run) in IN_SHORT]
    metafunc.parametrize(
        "run",
        [
            pytest.param(run, marks=[pytest.mark.real_time] if must_be_kept(run) else [])
            for run in chosen
        ],
        ids=[f"{_name(run)}-{run.row_title}" for run in chosen],
    )


def _name(run: PlannedRun) -> str:
    return run.file.path.name.partition(".")[0]


@dataclass
class Retold:
    """One run, the scenario made of its calls, and the run of that.

    Attributes:
        refused: why no scenario can be made of its calls.
    """

    done: Performed
    calls: Sequence[CallStory] = ()
    refused: str = ""
    again: Performed | None = None
    calls_again: Sequence[CallStory] = field(default=())


@pytest.fixture(scope="module")
def retold(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Retold]]:
    """All chosen runs, by title: performed, retold, and performed again, side by side."""
    chosen = [
        run
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == request.path
        if hasattr(item, "callspec") and not item.get_closest_marker("skip")
        for run in item.callspec.params.values()
        if isinstance(run, PlannedRun)
    ]
    folder = tmp_path_factory.mktemp("retold")
    if not request.config.getoption("--soak"):
        yield _retold(request.getfixturevalue("service"), chosen, folder)
        return
    with scripted_service(workers=4) as service:
        yield _retold(service, chosen, folder)


def _retold(service: Service, chosen: Sequence[PlannedRun], folder: Path) -> dict[str, Retold]:
    keyed = [run for run in chosen if not must_be_kept(run)]
    spoken = [run for run in chosen if must_be_kept(run)]
    found: dict[str, Retold] = {}
    for group, at_once in ((keyed, KEYED), (spoken, SPOKEN)):
        if group:
            found |= _performed_twice(service, group, at_once, folder)
    return found


def _performed_twice(
    service: Service, group: Sequence[PlannedRun], at_once: int, folder: Path
) -> dict[str, Retold]:
    done = perform(service, [(run.file.path, run.title) for run in group], at_once)
    found = {run.title: Retold(done.get((run.file.path, run.title), NOT_DONE)) for run in group}
    passed = [each for each in found.values() if each.done.outcome == "passed"]
    made: dict[Path, Retold] = {}
    for each, calls in zip(
        passed, stories_of(service, [each.done.call_ids for each in passed]), strict=True
    ):
        each.calls = calls
        path = folder / f"{calls[0].call.call_id}.call.yaml"
        try:
            scenario_of(calls, path, service.settings)
        except CannotBeRetold as failure:
            each.refused = str(failure)
        else:
            made[path] = each
    again = perform(service, [(path, "As in call") for path in made], at_once) if made else {}
    for (path, _), run in again.items():
        made[path].again = run
    repeated = [each for each in made.values() if each.again and each.again.outcome == "passed"]
    ids = [each.again.call_ids for each in repeated if each.again]
    for each, calls in zip(repeated, stories_of(service, ids), strict=True):
        each.calls_again = calls
    return found


NOT_DONE = Performed("broken", "it was not performed", ())


def test_a_call_becomes_a_scenario_that_does_the_same(
    run: PlannedRun, retold: dict[str, Retold]
) -> None:
    this = retold[run.title]
    assert this.done.outcome == "passed", this.done.why
    reason = REFUSED.get(_name(run))
    if reason is not None:
        assert reason in this.refused
        return
    assert not this.refused
    assert this.again is not None
    assert this.again.outcome == "passed", this.again.why
    assert len(this.calls_again) == len(this.calls)
    for old, new in zip(this.calls, this.calls_again, strict=True):
        assert same(old, new), f"{trace(old)}\n\nand then\n\n{trace(new)}"


def test_each_flow_was_in_one_of_these_calls(
    retold: dict[str, Retold], pytestconfig: pytest.Config
) -> None:
    if not pytestconfig.getoption("--soak"):
        pytest.skip("a few flows only: make soak has them all")
    played = {
        prompt["name"]
        for each in retold.values()
        for story in each.calls
        for step in story.steps
        if step.kind in SAYS
        for prompt in step.detail.get("prompts", ())
    }
    missing = []
    for flow in flow_graphs():
        prompts = {name for node in flow.nodes for name in node.prompts}
        prompts |= {WHERE_SPOKEN.get(name, f"{name}.say") for name in prompts}
        if prompts and not prompts & played and flow.name not in NO_CALL_GETS_THERE:
            missing.append(f"{flow.module}.{flow.name}")
    assert not missing


def test_the_command_makes_a_file_that_passes(service: Service, tmp_path: Path) -> None:
    """As a tester does it: a call, its id, a file, run unchanged."""
    path = HERE / "scripted" / "unladen.call.yaml"
    (first,) = perform(service, [(path, "An empty vehicle [en")], 1).values()
    assert first.outcome == "passed", first.why
    service.until_idle()
    made = tmp_path / "made.call.yaml"
    written = _command(service, "from-call", *first.call_ids, "--out", str(made))
    assert f"run it with `rocars-ivr calls run {made}`" in written
    assert "1 of 1 runs passed" in _command(service, "run", str(made), "--tries", "2")


def _command(service: Service, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ivr.cli", "calls", *words, "--config", str(service.config)],
        capture_output=True,
        timeout=limit(240),
        check=False,
    )
    text = done.stdout.decode()
    assert done.returncode == 0, text + done.stderr.decode()[-2000:]
    return text


GREETED = """
name: Greeted on a day with an announcement
steps:
  - dial: 3902
  - expect: welcome.greeting
    language: en
    within: 60
  - expect: welcome.language
    whole: false
  - press: 3
  - expect: login.user_id.say
    language: en
  - hang_up: true
"""
WORDS = {"yue": "今日提早收工", "cmn": "今天提早下班", "en": "We close early today"}


def test_an_announcement_of_the_day_is_not_expected(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    if not pytestconfig.getoption("--soak"):
        pytest.skip("a service of its own: make soak")
    (tmp_path / "day.call.yaml").write_text(GREETED)
    (run,) = planned([read(tmp_path / "day.call.yaml")])
    with scripted_service(workers=1) as service:
        _announce(service)
        (each,) = _performed_twice(service, [run], 1, tmp_path).values()
    assert each.done.outcome == "passed", each.done.why
    assert any(step.name.startswith("announcement.") for step in each.calls[0].steps)
    assert not each.refused
    assert each.again is not None
    assert each.again.outcome == "passed", each.again.why
    assert same(each.calls[0], each.calls_again[0])


def _announce(service: Service) -> None:
    """Until this node has it."""

    async def make() -> None:
        records = Database(service.settings.records_url, service.settings.records)
        ends = now() + timedelta(hours=1)
        new = NewAnnouncement(AnnouncementKind.CLOSURE, AnnouncementPlace.BEFORE, WORDS, None, ends)
        await Announcements(records).make("test", new)
        await records.close()

    asyncio.run(make())
    published = service.settings.published_prompts / announcements.LIST
    deadline = time.monotonic() + limit(30)
    while not (published.exists() and WORDS["en"] in published.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
