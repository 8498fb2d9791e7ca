"""A driver undoes a bundle."""

from __future__ import annotations

import pytest

from backend_client.errors import BackEndUnavailable, BundleNotLive, UnbundleDisabled
from backend_client.types import BundleState, CargoState
from call_flows.rules import FlowRules
from tests.support.fakes.caller import HANG_UP, Cue
from tests.support.fakes.flows_on_paper import CARGO, IN_ENGLISH, LOG_IN, PaperCall

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

TO_UNDO = (IN_ENGLISH, *LOG_IN, ("main_menu.intro", "2"), ("own.undo", "3"))
SURE = ("unbundle.sure", "1")


async def test_a_bundle_is_undone_and_its_cargo_free(paper: PaperCall) -> None:
    bundle = paper.rocars.bundled(CARGO, "AB1234")
    await paper.run(*TO_UNDO, SURE, ("unbundle.done", ""), ("main_menu.intro", "9"))
    assert paper.rocars.receipts[0].state is BundleState.UNBUNDLED
    assert paper.rocars.cargo[CARGO] is CargoState.FREE
    assert paper.ledger.lines == [
        ("undoing", bundle.ubr),
        ("confirmed", bundle.ubr),
        ("told", ""),
    ]


async def test_who_is_not_sure_keeps_his_bundle(paper: PaperCall) -> None:
    paper.rocars.bundled(CARGO, "AB1234")
    await paper.run(
        *TO_UNDO, ("unbundle.sure", "2"), ("unbundle.kept", ""), ("main_menu.intro", "9")
    )
    assert paper.rocars.receipts[0].state is BundleState.LIVE
    assert paper.ledger.lines == []


@pytest.mark.parametrize(
    ("refusal", "prompt"),
    [(BundleNotLive("1"), "unbundle.not_live"), (UnbundleDisabled(), "unbundle.not_here")],
)
async def test_what_rocars_refuses_is_explained(
    paper: PaperCall, refusal: Exception, prompt: str
) -> None:
    paper.rocars.bundled(CARGO, "AB1234")
    paper.rocars.fail["unbundle"] = [refusal]
    await paper.run(*TO_UNDO, SURE, (prompt, ""), ("main_menu.intro", "9"))
    assert [line[0] for line in paper.ledger.lines] == ["undoing", "refused", "told"]


async def test_an_answer_that_was_lost_is_not_claimed(paper: PaperCall) -> None:
    paper.rocars.bundled(CARGO, "AB1234")
    paper.rocars.fail["unbundle"] = [BackEndUnavailable("timed out", uncertain=True)]
    await paper.run(*TO_UNDO, SURE, ("unbundle.not_confirmed", ""), ("main_menu.intro", "9"))
    assert [line[0] for line in paper.ledger.lines] == ["undoing", "unknown"]
    assert "unbundle.done" not in paper.prompts


async def test_it_is_finished_although_the_caller_hangs_up(paper: PaperCall) -> None:
    paper.rocars.bundled(CARGO, "AB1234")
    paper.rocars.delays["unbundle"] = 5
    await paper.run(*TO_UNDO, SURE, Cue("unbundle.working", HANG_UP))
    assert paper.rocars.receipts[0].state is BundleState.UNBUNDLED
    assert [line[0] for line in paper.ledger.lines] == ["undoing", "confirmed"]


async def test_it_is_not_offered_where_it_is_not_allowed(paper: PaperCall) -> None:
    paper.rules = FlowRules(unbundle_enabled=False)
    paper.rocars.bundled(CARGO, "AB1234")
    await paper.run(
        IN_ENGLISH, *LOG_IN, ("main_menu.intro", "2"), ("own.done", "9"), ("main_menu.intro", "9")
    )
    assert "own.undo" not in paper.prompts
