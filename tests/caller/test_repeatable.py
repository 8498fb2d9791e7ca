"""Calls on paper that no scenario can repeat, and what it does with those that it can."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backend_client.errors import MixedDirections
from backend_client.types import CargoState
from call_flows.call_context import CallerHints
from call_flows.rules import FlowRules
from ivr.caller.retold.from_records import history_from
from ivr.caller.retold.history import CannotBeRetold
from ivr.caller.scenario.steps import Dial, ExpectHangUp
from ivr.dialogue.line import Transfer
from prompts.announcement import Announcement
from speech.languages.language import Language
from tests.caller.test_retold import BUNDLE, in_short, recorded, scenario_of
from tests.support.fakes.caller import HANG_UP, Cue
from tests.support.fakes.flows_on_paper import (
    CARGO,
    IN_ENGLISH,
    TO_BUNDLE,
    PaperCall,
    Script,
)
from tests.support.fakes.rocars import PaperRocars
from tests.support.paper_records import ANSWERED, RecordedTrace, story_of

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

TO_VEHICLES: tuple[Script, ...] = (
    *TO_BUNDLE,
    ("ccrn.ask", f"{CARGO}#"),
    Cue("ccrn.accepted", "1", after=5),
)


def rocars(**more: Any) -> PaperRocars:
    return PaperRocars(cargo={CARGO: CargoState.FREE}, **more)


def announced(*, closing: bool) -> tuple[Announcement, ...]:
    words = dict.fromkeys(Language, "early")
    until = ANSWERED + timedelta(days=1)
    return (Announcement(5, words, ANSWERED, until, closing=closing),)


async def test_an_announcement_of_the_day_is_not_expected(tmp_path: Path) -> None:
    story = await recorded(
        IN_ENGLISH, Cue("login.user_id", HANG_UP, after=3),
        announcements=announced(closing=False), by_caller=True,
    )  # fmt: skip
    assert story.steps[0].name.startswith("announcement.5")
    assert in_short(scenario_of(tmp_path, story))[:2] == ["dial 3902", "expect welcome.greeting"]
    closed = scenario_of(tmp_path, await recorded(announcements=announced(closing=True)))
    assert in_short(closed) == ["dial 3902", "expect_hang_up True"]


async def test_the_end_of_a_long_announcement_is_waited_for(tmp_path: Path) -> None:
    story = await recorded(announcements=announced(closing=True))
    story.call.ended_at = ANSWERED + timedelta(seconds=30)
    end = scenario_of(tmp_path, story).steps[-1]
    assert isinstance(end, ExpectHangUp)
    assert end.within == 60


async def test_after_a_transfer_that_came_about_nothing_is_expected(tmp_path: Path) -> None:
    story = await recorded(
        IN_ENGLISH, ("login.user_id", "*0"),
        rules=FlowRules(hotline_transfer_uri="sip:36690000@192.0.2.7"),
        transfer_becomes=Transfer.CONNECTED,
    )  # fmt: skip
    assert in_short(scenario_of(tmp_path, story))[-2:] == [
        "expect_transfer sip:36690000@192.0.2.7",
        "hang_up True",
    ]


async def test_who_chose_no_language_calls_without_a_number(tmp_path: Path) -> None:
    script = Cue("login.user_id", HANG_UP, after=3)
    dial = scenario_of(tmp_path, await recorded(script, by_caller=True)).steps[0]
    assert isinstance(dial, Dial)
    assert dial.from_number == "anonymous"
    hints = CallerHints(language=Language.ENGLISH)
    story = await recorded(script, hints=hints, by_caller=True)
    with pytest.raises(CannotBeRetold, match="no language was chosen"):
        history_from([story])


async def test_as_many_vehicles_as_were_offered(tmp_path: Path) -> None:
    marks = tuple(f"AB{number}" for number in range(1000, 1008))
    which = ("vehicle.which", HANG_UP)
    one_page = await recorded(*TO_VEHICLES, which, rocars=rocars(vehicles=marks), by_caller=True)
    given = scenario_of(tmp_path, one_page).given
    assert given.driver is not None
    assert given.driver.vehicles == 7
    both = await recorded(
        *TO_VEHICLES, ("vehicle.which", "8"), which, rocars=rocars(vehicles=marks), by_caller=True
    )
    given = scenario_of(tmp_path, both).given
    assert given.driver is not None
    assert given.driver.vehicles == 8


async def test_a_driver_without_vehicles(tmp_path: Path) -> None:
    story = await recorded(
        *TO_VEHICLES, Cue("vehicle.key_mark", HANG_UP, after=3),
        rocars=rocars(vehicles=()), by_caller=True,
    )  # fmt: skip
    given = scenario_of(tmp_path, story).given
    assert given.driver is not None
    assert given.driver.vehicles == 0


async def test_the_caller_stays_as_long_after_the_last_key(tmp_path: Path) -> None:
    story = await recorded(
        *TO_VEHICLES, Cue("vehicle.which", "1", after=9), Cue("bundle.one_cargo", "1", after=9),
        rocars=rocars(delays={"bundle": 5}),
    )  # fmt: skip
    answered = next(step for step in story.steps if step.name == "bundle.one_cargo")
    cut = [step for step in story.steps if step.sequence <= answered.sequence + 1]
    story.steps[:] = cut  # type: ignore[index]
    story.call.ended_at = cut[-1].at + timedelta(seconds=2)
    story.call.ended_by = type(story.call.ended_by).CALLER  # type: ignore[union-attr]
    assert in_short(scenario_of(tmp_path, story))[-3:] == ["press 1", "wait 1.8", "hang_up True"]


async def test_bundles_of_calls_that_are_not_named() -> None:
    own = rocars()
    own.bundled(CARGO, "AB1234")
    story = await recorded(
        *TO_BUNDLE[:-1], ("main_menu.intro", "2"), Cue("own.count", HANG_UP, after=3),
        rocars=own, by_caller=True,
    )  # fmt: skip
    with pytest.raises(CannotBeRetold, match="more bundles of the driver's"):
        history_from([story])


async def test_a_mark_of_the_drivers_own_that_was_spelled() -> None:
    by_letters = (
        ("vehicle.which", "9"),
        ("vehicle.key_mark", "221234#"),
        Cue("vehicle.option", "9", after=5),
        ("vehicle.first_letter", "1"),
        Cue("vehicle.second_letter", HANG_UP, after=3),
    )
    in_code = (
        ("vehicle.which", "9"),
        ("vehicle.key_mark", "5#"),
        ("vehicle.form", "3"),
        ("vehicle.in_code", "3382080808#"),
        Cue("bundle.one_cargo", HANG_UP, after=9),
    )
    for script, why in ((by_letters, "asked for the letters"), (in_code, "letter by letter")):
        own = rocars(vehicles=("AB1234", "FU888"))
        story = await recorded(*TO_VEHICLES, *script, rocars=own, by_caller=True)
        with pytest.raises(CannotBeRetold, match=why):
            history_from([story])


async def test_a_refusal_that_no_given_state_brings() -> None:
    mixed = rocars(fail={"bundle": [MixedDirections("mixed")]})
    story = await recorded(
        *TO_VEHICLES, Cue("vehicle.which", "1", after=9), Cue("bundle.one_cargo", "1", after=9),
        Cue("bundle.refused.direction", HANG_UP, after=3), rocars=mixed, by_caller=True,
    )  # fmt: skip
    with pytest.raises(CannotBeRetold, match="came to MixedDirections"):
        history_from([story])


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("unheard.bundled", "goes on from one that was cut off"),
        ("bundle.text_failed", "the text message could not be sent"),
        ("sorry.too_long", "as long as calls may"),
        ("no.such_prompt", "another version, which had a prompt no.such_prompt"),
    ],
)
async def test_what_was_said_of_another_state(name: str, why: str) -> None:
    story = await recorded(*TO_BUNDLE[:-1], ("main_menu.intro", "9"))
    last = next(step for step in story.steps if step.name == "goodbye.plain")
    last.detail = last.detail | {"prompts": [last.detail["prompts"][0] | {"name": name}]}
    with pytest.raises(CannotBeRetold, match=why):
        history_from([story])


async def test_the_recording_line() -> None:
    story = await recorded(*TO_BUNDLE[:-1], ("main_menu.intro", "9"))
    story.steps[0].name = "recording.greeting"
    with pytest.raises(CannotBeRetold, match="of the recording line"):
        history_from([story])


async def test_cargo_that_may_cross_at_once_and_cargo_that_may_not() -> None:
    paper = PaperCall(trace=RecordedTrace())
    await paper.run(*BUNDLE)
    first = story_of(paper)
    later = await recorded(*BUNDLE, rocars=rocars(immediately=False), call_id="c2")
    with pytest.raises(CannotBeRetold, match="some of the cargo may cross at once"):
        history_from([first, later])
