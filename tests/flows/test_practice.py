"""On the practice line everything can be rehearsed and nothing happens."""

from __future__ import annotations

import pytest

from backend_client.types import Driver, RehearsedStep
from ivr.call.practice import WRONG_CODE, PracticeLedger, PracticeRocars
from tests.support.fakes.caller import HANG_UP, Cue
from tests.support.fakes.flows_on_paper import ALONE, BUNDLE_ONE, CARGO, IN_ENGLISH, PaperCall

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

MADE_UP = (("login.user_id", "11111111"), ("login.pin", "222222"), ("login.code", "333333"))


@pytest.fixture
def paper() -> PaperCall:
    return PaperCall(rocars=PracticeRocars(), ledger=PracticeLedger(), practice=True)  # type: ignore[arg-type]


async def test_a_driver_rehearses_and_is_told_that_nothing_was_bundled(paper: PaperCall) -> None:
    await paper.run(
        IN_ENGLISH,
        ("practice.begin", ""),
        ALONE,
        *MADE_UP,
        *BUNDLE_ONE,
        ("practice.not_bundled", ""),
        ("bundle.repeat", "1"),
        ("practice.not_bundled", ""),
        ("bundle.finish", "3"),
    )
    assert paper.context.notes.ubrs == []


async def test_a_wrong_code_can_be_rehearsed(paper: PaperCall) -> None:
    await paper.run(
        IN_ENGLISH,
        ALONE,
        *MADE_UP[:2],
        ("login.code", WRONG_CODE),
        ("login.refused", ""),
        *MADE_UP,
        Cue("main_menu.intro", HANG_UP),
    )


async def test_a_bundle_can_be_asked_about_and_undone(paper: PaperCall) -> None:
    await paper.run(
        IN_ENGLISH,
        ALONE,
        *MADE_UP,
        *BUNDLE_ONE,
        ("bundle.finish", "3"),
    )
    rocars = paper.rocars
    (made,) = await rocars.bundles(Driver("1", "practice", ()))
    assert await rocars.status(made.ubr, "221234") == made
    undone = await rocars.unbundle(Driver("1", "practice", ()), made.ubr, idempotency_key="k")
    assert undone.state == "unbundled"
    assert isinstance(rocars, PracticeRocars)
    several = {RehearsedStep.BUNDLE_SEVERAL}
    assert (rocars.user_id, rocars.steps) == ("11111111", set(RehearsedStep) - several)


async def test_what_was_bundled_in_this_call_is_not_free_any_more(paper: PaperCall) -> None:
    await paper.run(
        IN_ENGLISH,
        ALONE,
        *MADE_UP,
        *BUNDLE_ONE,
        ("bundle.another", "2"),
        ("ccrn.ask", f"{CARGO}#"),
        Cue("ccrn.bundled", HANG_UP),
    )
