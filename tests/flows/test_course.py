"""The course on the practice line: exercises, verdicts, and where the next call goes on."""

from __future__ import annotations

import pytest

from backend_client.types import RehearsedStep
from call_flows.call_context import Conclusion
from call_flows.course import exercises_of
from call_flows.rules import FlowRules
from ivr.call.practice import PracticeLedger, PracticeRocars
from tests.support.fakes.flows_on_paper import (
    BUNDLE_ONE,
    IN_ENGLISH,
    OTHER_CARGO,
    PaperCall,
    Script,
)
from tests.support.fakes.trainers import PaperTrainers

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

TRAINEE, PIN, CODE = "11111111", "246813", "975319"
BEGIN: tuple[Script, ...] = (
    IN_ENGLISH,
    ("practice.course", "1"),
    ("course.log_in", ""),
    ("login.user_id", TRAINEE),
    ("login.pin", PIN),
    ("login.code", CODE),
)
DO, SKIP, BEFORE, STOP = (("course.do", key) for key in "1239")
MISSED = "course.bundle.missed"
BUNDLE = (
    *BUNDLE_ONE,
    ("practice.not_bundled", ""),
    ("bundle.finish", "3"),
)
BUNDLE_TWO = (
    ("main_menu.intro", "1"),
    ("ccrn.ask", f"{OTHER_CARGO}#"),
    ("ccrn.add", "2"),
    ("ccrn.ask.next", "55555555#"),
    ("ccrn.go_on", "1"),
    ("vehicle.option", "1"),
    ("bundle.several_cargo", "1"),
    ("bundle.finish", "3"),
)
HEAR = (("main_menu.intro", "2"), ("status.live", ""), ("own.done", "9"))
UNDO = (("main_menu.intro", "2"), ("own.undo", "3"), ("unbundle.sure", "1"), ("unbundle.done", ""))


@pytest.fixture
def trainers() -> PaperTrainers:
    return PaperTrainers(done={TRAINEE: set()})


@pytest.fixture
def paper(trainers: PaperTrainers) -> PaperCall:
    rocars = PracticeRocars(trainers=trainers)
    return PaperCall(rocars=rocars, ledger=PracticeLedger(), practice=True)  # type: ignore[arg-type]


def places(paper: PaperCall) -> list[str]:
    """Where the trainee was told to be, each as often as they heard it."""
    return [words.split("step=")[1] for words in paper.words if " course.step " in words]


async def test_from_the_log_in_to_the_last_step(paper: PaperCall) -> None:
    await paper.run(
        *BEGIN,
        *(("course.well_done", "1"), *BUNDLE),
        *(("course.well_done", "1"), *BUNDLE_TWO),
        *(("course.well_done", "1"), *HEAR),
        *(("course.well_done", "1"), *UNDO, ("own.done", "9")),
        ("course.progress", ""),
        ("goodbye.plain", ""),
    )
    assert places(paper) == ["1", "2", "3", "4", "5"]
    assert "en course.progress count=5 done=5" in paper.words
    assert "en course.several add=2 menu=1" in paper.words
    assert (paper.context.notes.conclusion, paper.context.notes.ubrs) == (Conclusion.COMPLETED, [])
    noted = repr(paper.trace.steps)
    assert PIN not in noted
    assert CODE not in noted


async def test_the_next_call_goes_on_where_the_last_one_stopped(
    paper: PaperCall, trainers: PaperTrainers
) -> None:
    await paper.run(*BEGIN, DO, *BUNDLE, STOP, ("course.stopped", ""))
    assert trainers.done == {TRAINEE: {RehearsedStep.LOG_IN, RehearsedStep.BUNDLE}}
    next_call = PaperCall(
        rocars=PracticeRocars(trainers=trainers),  # type: ignore[arg-type]
        ledger=PracticeLedger(),  # type: ignore[arg-type]
        practice=True,
    )
    await next_call.run(
        *BEGIN,
        ("course.several", "2"),
        *(DO, *HEAR),
        *(DO, *UNDO),
        ("goodbye.plain", ""),
    )
    assert places(next_call) == ["1", "3", "4", "5"]
    progress = [words for words in next_call.words if " course.progress " in words]
    assert progress == ["en course.progress count=5 done=2", "en course.progress count=5 done=4"]


async def test_what_is_missing_is_told_and_the_step_put_again(paper: PaperCall) -> None:
    await paper.run(
        *BEGIN,
        *(DO, ("main_menu.unladen", "3"), ("unladen.advice", "")),
        *((MISSED, "1"), ("main_menu.intro", "1"), ("ccrn.ask", "*9")),
        *((MISSED, "1"), ("main_menu.intro", "9")),
        (MISSED, "**"),
        *((MISSED, "1"), *BUNDLE),
        BEFORE,
        SKIP,
        ("course.do", "*7"),
        ("course.do", "*9"),
        ("course.stopped", ""),
        ("goodbye.plain", ""),
    )
    assert places(paper) == ["1", "2", "2", "2", "2", "2", "3", "2", "3", "2"]


async def test_a_step_that_was_done_before_must_be_done_again(
    paper: PaperCall, trainers: PaperTrainers
) -> None:
    trainers.done[TRAINEE] = set(RehearsedStep)
    await paper.run(*BEGIN, DO, ("main_menu.intro", "9"), (MISSED, "9"))
    assert "en course.progress count=5 done=5" in paper.words
    assert places(paper) == ["1", "2", "2"]


async def test_nothing_is_promised_while_nothing_can_be_kept(
    paper: PaperCall, trainers: PaperTrainers
) -> None:
    trainers.away = True
    await paper.run(*BEGIN, ("course.not_kept", ""), STOP, ("course.not_kept", ""))
    assert "course.stopped" not in paper.prompts


async def test_who_says_no_more_is_given_up(paper: PaperCall) -> None:
    await paper.run(*BEGIN, DO, (MISSED, ""), ("hotline.gave_up", ""))
    assert paper.context.notes.conclusion is Conclusion.GAVE_UP


def test_only_what_the_rules_allow_is_taught() -> None:
    exercises = exercises_of(FlowRules(unbundle_enabled=False, max_ccrns=1))
    assert [exercise.step for exercise in exercises] == [RehearsedStep.BUNDLE, RehearsedStep.HEAR]
