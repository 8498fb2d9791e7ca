"""The status of a bundle without logging in, a driver's own bundles, and empty vehicles."""

from __future__ import annotations

import pytest

from backend_client.errors import BackEndUnavailable
from backend_client.types import BundleState
from call_flows.call_context import Conclusion
from tests.support.fakes.caller import HANG_UP, Cue
from tests.support.fakes.flows_on_paper import CARGO, IN_ENGLISH, LOG_IN, OTHER_CARGO, PaperCall

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

TO_STATUS = (IN_ENGLISH, ("login.user_id", "##"), ("enquiries.intro", "1"))
TO_OWN = (IN_ENGLISH, *LOG_IN, ("main_menu.intro", "2"))


@pytest.mark.parametrize("state", list(BundleState))
async def test_who_knows_reference_and_vehicle_hears_where_the_bundle_stands(
    paper: PaperCall, state: BundleState
) -> None:
    bundle = paper.rocars.bundled(CARGO, "AB1234", state)
    await paper.run(
        *TO_STATUS,
        ("status.ubr", f"{bundle.ubr}#"),
        ("vehicle.key_mark", "221234#"),
        ("status.repeat", "1"),
        (f"status.{state}", ""),
        ("status.done", "2"),
        Cue("enquiries.intro", HANG_UP),
    )
    assert paper.words.count(f"en status.{state} ubr={bundle.ubr} vehicle=AB1234") == 2
    assert ("bundle.cross_now" in paper.prompts) is (state is BundleState.LIVE)
    assert paper.context.notes.statuses_announced == 1
    assert paper.context.notes.user_id is None


@pytest.mark.parametrize(("ubr", "keys"), [("5550001", "221235"), ("5550009", "221234")])
async def test_every_wrong_pair_gets_the_same_answer(paper: PaperCall, ubr: str, keys: str) -> None:
    paper.rocars.bundled(CARGO, "AB1234")
    guess = (("status.ubr", f"{ubr}#"), ("vehicle.key_mark", f"{keys}#"), ("status.unknown", ""))
    await paper.run(*TO_STATUS, *guess, *guess, *guess, ("hotline.advice", ""))
    assert paper.prompts.count("status.unknown") == 3
    assert not [word for word in paper.words if "status.live" in word]


async def test_a_back_end_that_is_away_is_said_so(paper: PaperCall) -> None:
    paper.rocars.fail["status"] = [BackEndUnavailable("connection refused")]
    await paper.run(
        *TO_STATUS,
        ("status.ubr", "5550001#"),
        ("vehicle.key_mark", "221234#"),
        ("sorry.back_end_away", ""),
    )
    assert paper.context.notes.conclusion is Conclusion.BACK_END_AWAY


async def test_an_enquirer_can_log_in_after_all(paper: PaperCall) -> None:
    await paper.run(
        IN_ENGLISH,
        ("login.user_id", "##"),
        ("enquiries.intro", "9"),
        *LOG_IN,
        ("main_menu.intro", "9"),
    )
    assert paper.context.notes.conclusion is Conclusion.COMPLETED


async def test_hash_after_some_digits_is_still_too_short(paper: PaperCall) -> None:
    await paper.run(IN_ENGLISH, ("login.user_id", "123#"), ("universal.too_short", ""))


async def test_an_empty_vehicle_needs_nothing(paper: PaperCall) -> None:
    await paper.run(
        IN_ENGLISH,
        ("login.user_id", "##"),
        ("enquiries.intro", "2"),
        ("unladen.advice", ""),
        ("enquiries.intro", "9"),
        *LOG_IN,
        ("main_menu.intro", "3"),
        ("unladen.advice", ""),
        ("main_menu.intro", "9"),
    )


async def test_a_driver_hears_his_own_bundles_newest_first(paper: PaperCall) -> None:
    old = paper.rocars.bundled(CARGO, "AB1234", BundleState.CROSSED)
    new = paper.rocars.bundled(OTHER_CARGO, "FU88")
    await paper.run(
        *TO_OWN,
        ("status.live", "1"),
        ("status.live", "2"),
        ("status.crossed", "9"),
        ("main_menu.intro", "9"),
    )
    statuses = [word for word in paper.words if word.startswith("en status.")]
    assert statuses == [
        f"en status.live ubr={new.ubr} vehicle=FU88",
        f"en status.live ubr={new.ubr} vehicle=FU88",
        f"en status.crossed ubr={old.ubr} vehicle=AB1234",
    ]
    undoing = [word for word in paper.words if "own.undo" in word]
    assert len(undoing) == 2  # not what has crossed


async def test_a_driver_without_bundles_is_told_so(paper: PaperCall) -> None:
    await paper.run(*TO_OWN, ("own.none", ""), ("main_menu.intro", "9"))
