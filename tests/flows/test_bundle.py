"""Bundling, from the first CCRN to the UBR read back."""

from __future__ import annotations

import pytest

from backend_client.errors import (
    AlreadyBundled,
    BackEndUnavailable,
    BadVehicle,
    MixedDirections,
    SessionExpired,
)
from backend_client.types import CargoState
from call_flows.call_context import Conclusion
from call_flows.rules import FlowRules
from tests.support.fakes.caller import HANG_UP, Cue
from tests.support.fakes.flows_on_paper import CARGO, LOG_IN, OTHER_CARGO, TO_BUNDLE, PaperCall

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

ONE_CARGO = (("ccrn.ask", CARGO + "#"), ("ccrn.accepted", "1"))
FIRST_VEHICLE = ("vehicle.which", "1")
YES = ("bundle.one_cargo", "1")
FINISH = ("bundle.repeat", "3")


async def test_a_driver_bundles_and_hears_the_ubr(paper: PaperCall) -> None:
    await paper.run(*TO_BUNDLE, *ONE_CARGO, FIRST_VEHICLE, YES, FINISH)
    (receipt,) = paper.rocars.receipts
    assert (receipt.ccrns, receipt.vehicle) == ((CARGO,), "AB1234")
    assert f"en bundle.one_cargo ccrns=['{CARGO}'] vehicle=AB1234" in paper.words
    assert f"en bundle.done ubr={receipt.ubr}" in paper.words
    assert "en bundle.cross_now" in paper.words
    assert paper.prompts[-1] == "goodbye.plain"
    assert paper.context.notes.ubrs == [receipt.ubr]
    assert paper.context.notes.conclusion is Conclusion.COMPLETED
    assert [what for what, _ in paper.ledger.lines] == ["sending", "confirmed", "told"]


async def test_the_crossing_time_is_what_rocars_says(paper: PaperCall) -> None:
    paper.rocars.immediately = False
    await paper.run(*TO_BUNDLE, *ONE_CARGO, FIRST_VEHICLE, YES, FINISH)
    assert "en bundle.cross_from at=2010-05-17 09:30:00+08:00" in paper.words
    assert "bundle.cross_now" not in paper.prompts


async def test_the_ubr_cannot_be_cut_short_by_a_stray_key(paper: PaperCall) -> None:
    await paper.run(*TO_BUNDLE, *ONE_CARGO, FIRST_VEHICLE, ("bundle.one_cargo", "1#5"), FINISH)
    (news,) = [played for played in paper.line.played if "bundle.done" in played.prompts]
    assert news.whole


async def test_the_ubr_is_repeated_on_request_and_when_nothing_is_keyed(paper: PaperCall) -> None:
    await paper.run(*TO_BUNDLE, *ONE_CARGO, FIRST_VEHICLE, YES, ("bundle.repeat", "1"))
    assert paper.prompts.count("bundle.done") == 3
    assert paper.context.notes.conclusion is Conclusion.COMPLETED


async def test_several_ccrns_ride_in_one_bundle(paper: PaperCall) -> None:
    await paper.run(
        *TO_BUNDLE,
        ("ccrn.ask", CARGO + "#"),
        ("ccrn.accepted", "2"),
        ("ccrn.ask.next", OTHER_CARGO + "#"),
        ("ccrn.accepted", "1"),
        FIRST_VEHICLE,
        ("bundle.several_cargo", "1"),
        FINISH,
    )
    assert paper.rocars.receipts[0].ccrns == (CARGO, OTHER_CARGO)


async def test_no_more_ccrns_than_allowed(paper: PaperCall) -> None:
    paper.rules = FlowRules(max_ccrns=1)
    await paper.run(
        *TO_BUNDLE, ("ccrn.ask", CARGO + "#"), ("ccrn.accepted", "2"), FIRST_VEHICLE, YES, FINISH
    )
    assert "ccrn.full" in paper.prompts
    assert paper.rocars.receipts[0].ccrns == (CARGO,)


@pytest.mark.parametrize(
    ("state", "prompt"),
    [
        (None, "ccrn.unknown"),
        (CargoState.BUNDLED, "ccrn.bundled"),
        (CargoState.EXPIRED, "ccrn.expired"),
        (CargoState.CROSSED, "ccrn.crossed"),
    ],
)
async def test_a_ccrn_that_cannot_be_bundled_is_said_so_and_asked_again(
    paper: PaperCall, state: CargoState | None, prompt: str
) -> None:
    if state:
        paper.rocars.cargo["11112222"] = state
    await paper.run(
        *TO_BUNDLE,
        ("ccrn.ask", "11112222#"),
        (prompt, CARGO + "#"),
        ("ccrn.accepted", "1"),
        FIRST_VEHICLE,
        YES,
        FINISH,
    )
    assert f"en {prompt} ccrn=11112222" in paper.words
    assert paper.rocars.receipts[0].ccrns == (CARGO,)


async def test_the_same_ccrn_twice_is_refused(paper: PaperCall) -> None:
    await paper.run(
        *TO_BUNDLE,
        ("ccrn.ask", CARGO + "#"),
        ("ccrn.accepted", "2"),
        ("ccrn.ask.next", CARGO + "#"),
        ("ccrn.twice", OTHER_CARGO + "#"),
        Cue("ccrn.accepted", HANG_UP),
    )


async def test_correcting_the_vehicle_keeps_the_cargo(paper: PaperCall) -> None:
    await paper.run(
        *TO_BUNDLE,
        *ONE_CARGO,
        FIRST_VEHICLE,
        ("bundle.one_cargo", "2"),
        ("bundle.wrong", "2"),
        ("vehicle.which", "2"),
        YES,
        FINISH,
    )
    assert paper.prompts.count("ccrn.ask") == 1
    assert paper.rocars.receipts[0].vehicle == "FU88"


async def test_nothing_is_wrong_after_all_and_one_more_yes_bundles(paper: PaperCall) -> None:
    await paper.run(
        *TO_BUNDLE,
        *ONE_CARGO,
        FIRST_VEHICLE,
        ("bundle.one_cargo", "2"),
        ("bundle.wrong", "3"),
        YES,
        FINISH,
    )
    assert paper.prompts.count("bundle.one_cargo") == 2
    assert paper.prompts.count("bundle.done") == 1


async def test_correcting_one_of_two_ccrns_keeps_the_other_and_the_vehicle(
    paper: PaperCall,
) -> None:
    paper.rocars.cargo["55556666"] = CargoState.FREE
    await paper.run(
        *TO_BUNDLE,
        ("ccrn.ask", CARGO + "#"),
        ("ccrn.accepted", "2"),
        ("ccrn.ask.next", "55556666#"),
        ("ccrn.accepted", "1"),
        FIRST_VEHICLE,
        ("bundle.several_cargo", "2"),
        ("bundle.wrong", "1"),
        ("ccrn.keep", "1"),
        ("ccrn.keep", "3"),
        ("ccrn.ask.next", OTHER_CARGO + "#"),
        ("ccrn.go_on", "1"),
        ("bundle.several_cargo", "1"),
        FINISH,
    )
    assert paper.rocars.receipts[0].ccrns == (CARGO, OTHER_CARGO)
    assert paper.prompts.count("vehicle.which") == 1


async def test_another_vehicle_is_keyed_and_its_letters_are_asked_for(paper: PaperCall) -> None:
    await paper.run(
        *TO_BUNDLE,
        *ONE_CARGO,
        ("vehicle.which", "9"),
        ("vehicle.key_mark", "94567#"),  # W..Z, G or H, 567
        ("vehicle.first_letter", "4"),
        ("vehicle.second_letter", "1"),
        YES,
        FINISH,
    )
    assert paper.rocars.receipts[0].vehicle == "ZG567"


async def test_a_keyed_mark_that_rocars_knows_is_offered(paper: PaperCall) -> None:
    paper.rocars.known_marks = ("ZG567", "XH567")
    await paper.run(
        *TO_BUNDLE,
        *ONE_CARGO,
        ("vehicle.which", "9"),
        ("vehicle.key_mark", "94567#"),
        ("vehicle.none_of_these", "2"),
        YES,
        FINISH,
    )
    assert paper.rocars.receipts[0].vehicle == "XH567"


async def test_many_vehicles_come_a_page_at_a_time(paper: PaperCall) -> None:
    paper.rocars.vehicles = tuple(f"AB{number}" for number in range(1, 9))
    await paper.run(
        *TO_BUNDLE, *ONE_CARGO, ("vehicle.more", "8"), ("vehicle.which", "2"), YES, FINISH
    )
    assert paper.rocars.receipts[0].vehicle == "AB8"


async def test_a_driver_without_vehicles_on_file_keys_the_mark(paper: PaperCall) -> None:
    paper.rocars.vehicles = ()
    await paper.run(*TO_BUNDLE, *ONE_CARGO, Cue("vehicle.key_mark", HANG_UP))
    assert "vehicle.which" not in paper.prompts


async def test_back_goes_one_step_back(paper: PaperCall) -> None:
    await paper.run(
        *TO_BUNDLE,
        *ONE_CARGO,
        ("vehicle.which", "*7"),
        ("ccrn.accepted", "3"),
        ("ccrn.ask", OTHER_CARGO + "#"),
        ("ccrn.accepted", "1"),
        FIRST_VEHICLE,
        YES,
        FINISH,
    )
    assert paper.rocars.receipts[0].ccrns == (OTHER_CARGO,)


async def test_cancel_returns_to_the_main_menu_and_sends_nothing(paper: PaperCall) -> None:
    await paper.run(
        *TO_BUNDLE, *ONE_CARGO, FIRST_VEHICLE, ("bundle.one_cargo", "*9"), ("main_menu.intro", "9")
    )
    assert not paper.rocars.receipts
    assert not paper.ledger.lines


async def test_refused_cargo_is_explained_and_only_the_cargo_is_asked_again(
    paper: PaperCall,
) -> None:
    paper.rocars.fail["bundle"] = [AlreadyBundled(CARGO)]
    await paper.run(
        *TO_BUNDLE,
        *ONE_CARGO,
        FIRST_VEHICLE,
        YES,
        ("ccrn.keep", "3"),
        ("ccrn.ask.next", OTHER_CARGO + "#"),
        ("ccrn.go_on", "1"),
        YES,
        FINISH,
    )
    assert f"en ccrn.bundled ccrn={CARGO}" in paper.words
    assert paper.rocars.receipts[0].ccrns == (OTHER_CARGO,)
    assert [what for what, _ in paper.ledger.lines] == [
        "sending",
        "refused",
        "told",
        "sending",
        "confirmed",
        "told",
    ]


@pytest.mark.parametrize(
    ("error", "prompt"),
    [
        (BadVehicle("AB1234"), "bundle.refused.vehicle"),
        (MixedDirections(), "bundle.refused.direction"),
    ],
)
async def test_other_refusals_are_explained(
    paper: PaperCall, error: Exception, prompt: str
) -> None:
    paper.rocars.fail["bundle"] = [error]
    await paper.run(*TO_BUNDLE, *ONE_CARGO, FIRST_VEHICLE, YES, Cue(prompt, HANG_UP))
    assert not paper.context.notes.ubrs


async def test_no_answer_is_never_told_as_a_bundling(paper: PaperCall) -> None:
    paper.rocars.fail["bundle"] = [BackEndUnavailable("timed out", uncertain=True)]
    await paper.run(*TO_BUNDLE, *ONE_CARGO, FIRST_VEHICLE, YES, ("bundle.not_confirmed", ""))
    assert "bundle.done" not in paper.prompts
    assert "sorry.back_end_away" not in paper.prompts  # "nothing was changed" could be a lie
    assert paper.ledger.lines[-1] == ("unknown", "timed out")
    assert paper.context.notes.conclusion is Conclusion.BACK_END_AWAY


async def test_a_back_end_that_is_away_is_said_so(paper: PaperCall) -> None:
    paper.rocars.fail["bundle"] = [BackEndUnavailable("refused connection")]
    await paper.run(*TO_BUNDLE, *ONE_CARGO, FIRST_VEHICLE, YES, ("sorry.back_end_away", ""))
    assert [what for what, _ in paper.ledger.lines] == ["sending", "refused", "told"]


async def test_a_slow_bundling_is_filled_and_finished_when_the_caller_hangs_up(
    paper: PaperCall,
) -> None:
    paper.rocars.delays["bundle"] = 20.0
    await paper.run(*TO_BUNDLE, *ONE_CARGO, FIRST_VEHICLE, YES, Cue("bundle.working", HANG_UP))
    assert len(paper.rocars.receipts) == 1  # it was sent, so it was finished
    assert paper.ledger.lines[-1][0] == "confirmed"


async def test_an_expired_session_logs_in_again(paper: PaperCall) -> None:
    paper.rocars.fail["look_up"] = [SessionExpired()]
    await paper.run(
        *TO_BUNDLE,
        ("ccrn.ask", CARGO + "#"),
        ("login.expired", ""),
        *LOG_IN,
        ("main_menu.intro", "1"),
        *ONE_CARGO,
        FIRST_VEHICLE,
        YES,
        FINISH,
    )
    assert paper.rocars.logins == 2


async def test_another_bundling_begins_afresh(paper: PaperCall) -> None:
    await paper.run(
        *TO_BUNDLE,
        *ONE_CARGO,
        FIRST_VEHICLE,
        YES,
        ("bundle.repeat", "2"),
        ("ccrn.ask", OTHER_CARGO + "#"),
        ("ccrn.accepted", "1"),
        ("vehicle.which", "2"),
        YES,
        FINISH,
    )
    assert [receipt.ccrns for receipt in paper.rocars.receipts] == [(CARGO,), (OTHER_CARGO,)]
    assert paper.context.notes.ubrs == [receipt.ubr for receipt in paper.rocars.receipts]


async def test_the_whole_call_can_be_typed_ahead_up_to_the_confirmation(paper: PaperCall) -> None:
    keys = "3" + "12345678" + "246810" + "135791" + "1" + CARGO + "#" + "1" + "1"
    await paper.run(("welcome.greeting", keys), YES, FINISH)
    assert len(paper.rocars.receipts) == 1
