"""A call that was made on paper becomes a scenario: what is expected, done, given and kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from backend_client.errors import BackEndUnavailable
from call_flows.rules import FlowRules
from ivr.call.practice import PracticeLedger, PracticeRocars
from ivr.caller.retold.from_records import history_from
from ivr.caller.retold.history import CannotBeRetold
from ivr.caller.retold.waits import Waits
from ivr.caller.retold.writing import as_file
from ivr.caller.scenario.reading import read
from ivr.caller.scenario.scenario import Scenario
from ivr.caller.scenario.steps import Expect
from ivr.dialogue.line import Transfer
from ivr.records.call_search import CallStory
from tests.support.fakes.caller import HANG_UP, Cue
from tests.support.fakes.flows_on_paper import (
    BUNDLE_ONE,
    CARGO,
    IN_ENGLISH,
    LOG_IN,
    TO_BUNDLE,
    PaperCall,
    Script,
)
from tests.support.fakes.rocars import CODE, PIN, USER_ID, PaperRocars
from tests.support.fakes.trainers import PaperTrainers
from tests.support.paper_records import RecordedTrace, story_of

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

WAITS = Waits(terminator_grace_s=2.0, end_of_speech_s=2.0)

BUNDLE: tuple[Script, ...] = (
    *TO_BUNDLE,
    ("ccrn.ask", f"{CARGO}#"),
    Cue("ccrn.accepted", "1", after=5),
    Cue("vehicle.which", "2", after=9),
    Cue("bundle.one_cargo", "1", after=9),
    Cue("bundle.finish", "3", after=7),
)


async def recorded(*script: Script, **more: Any) -> CallStory:
    """A call on paper, and what the records have of it."""
    by_caller = more.pop("by_caller", False)
    call_id = more.pop("call_id", "c1")
    paper = PaperCall(trace=RecordedTrace(), **more)
    await paper.run(*script)
    return story_of(paper, call_id=call_id, by_caller=by_caller)


def scenario_of(folder: Path, *stories: CallStory) -> Scenario:
    path = folder / "made.call.yaml"
    path.write_text(as_file(history_from(stories), WAITS))
    return read(path).scenario


def in_short(scenario: Scenario) -> Sequence[str]:
    """Each step in a line; of what is expected, only whether it is heard whole."""
    return [
        step.title() + ("" if not isinstance(step, Expect) or step.whole else " …")
        for call in scenario.all_calls()
        for step in call.steps
    ]


def expected(scenario: Scenario, name: str) -> Expect:
    """The first expectation of this prompt, whole if there is one."""
    steps = [
        step
        for call in scenario.all_calls()
        for step in call.steps
        if isinstance(step, Expect) and step.expect == name
    ]
    return next((step for step in steps if step.whole), steps[0])


async def test_a_bundle_by_keys(tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path, await recorded(*BUNDLE))
    assert in_short(scenario) == [
        "dial 3902",
        *["expect welcome.greeting"] * 3,
        "expect welcome.language …",
        "press 3",
        "expect login.user_id …",
        "press {user_id}",
        "expect login.pin …",
        "press {pin}",
        "expect login.code …",
        "press {code}",
        "expect login.welcome",
        "expect main_menu.intro …",
        "press 1",
        "expect ccrn.ask …",
        "press {ccrn}#",
        "expect ccrn.accepted",
        "expect ccrn.go_on",
        "expect ccrn.add …",
        "press 1",
        "expect vehicle.which",
        "expect vehicle.option",
        "expect vehicle.option",
        "expect vehicle.other",
        "press 2",
        "expect bundle.one_cargo",
        "expect confirm.right",
        "expect confirm.wrong",
        "press 1",
        "expect bundle.done",
        "expect bundle.cross_now",
        "expect bundle.repeat",
        "expect bundle.another",
        "expect bundle.finish",
        "press 3",
        "expect goodbye.plain",
        "expect_hang_up True",
    ]
    assert expected(scenario, "bundle.one_cargo").slots == {
        "ccrns": "{ccrn}",
        "vehicle": "{vehicle_2}",
    }
    assert expected(scenario, "bundle.done").capture == {"ubr": "ubr"}
    assert expected(scenario, "vehicle.option").slots == {"vehicle": "{vehicle}", "key": "1"}
    assert expected(scenario, "ccrn.go_on").next
    assert scenario.given.driver is not None
    assert scenario.given.driver.vehicles == 2
    assert scenario.given.driver.language == "en"
    assert scenario.given.cargo is not None
    assert scenario.given.cargo.immediately


async def test_no_secret_and_no_number_of_the_caller_is_in_the_file() -> None:
    text = as_file(history_from([await recorded(*BUNDLE)]), WAITS)
    for secret in (USER_ID, PIN, CODE, CARGO, "AB1234", "FU88", "97654321"):
        assert secret not in text


async def test_limits_are_twice_what_was_measured(tmp_path: Path) -> None:
    script = (*TO_BUNDLE[:-1], ("main_menu.intro", "9"))
    slow = scenario_of(tmp_path, await recorded(*script))
    assert expected(slow, "login.user_id").latency == 1.0
    assert expected(slow, "login.welcome").latency == 1.0
    story = await recorded(*script)
    welcome = next(step for step in story.steps if step.name == "login.welcome")
    welcome.detail = welcome.detail | {"latency_ms": 1301}
    assert expected(scenario_of(tmp_path, story), "login.welcome").latency == 3.0


async def test_keys_pressed_ahead_stay_together(tmp_path: Path) -> None:
    story = await recorded(
        Cue("welcome.greeting", f"3{USER_ID}{PIN}{CODE}", after=1),
        Cue("main_menu.intro", HANG_UP, after=5),
        by_caller=True,
    )
    assert in_short(scenario_of(tmp_path, story)) == [
        "dial 3902",
        "expect welcome.greeting …",
        "press 3{user_id}{pin}{code}",
        "expect login.welcome",
        "expect main_menu.intro",
        "expect main_menu.bundle",
        "hang_up True",
    ]


async def test_a_log_in_that_was_refused_is_refused_again(tmp_path: Path) -> None:
    story = await recorded(
        IN_ENGLISH,
        ("login.user_id", "123#"),
        ("universal.too_short", USER_ID),
        ("login.pin", PIN),
        ("login.code", "000000"),
        Cue("login.refused", "", after=3),
        *LOG_IN,
        ("main_menu.intro", "9"),
    )
    steps = in_short(scenario_of(tmp_path, story))
    pressed = [step for step in steps if step.startswith("press")]
    assert pressed == [
        "press 3",
        "press {user_id[0:4]}#",
        "press {user_id}",
        "press {pin}",
        "press {code[1:]}{code[0:1]}",
        "press {user_id}",
        "press {pin}",
        "press {code}",
        "press 9",
    ]
    assert "expect login.refused" in steps


async def test_a_hash_that_means_something_comes_late_enough(tmp_path: Path) -> None:
    story = await recorded(
        IN_ENGLISH,
        Cue("login.user_id", "#", after=3),
        ("enquiries.intro", "*1"),
        Cue("enquiries.help", "7", after=5),
        Cue("universal.nomatch", HANG_UP, after=4),
        by_caller=True,
    )
    steps = in_short(scenario_of(tmp_path, story))
    at = steps.index("press #")
    assert steps[at - 1] == "wait 2.5"
    assert "press *1" in steps
    assert "press 7" in steps


async def test_a_hash_too_many_is_pressed_again(tmp_path: Path) -> None:
    story = await recorded(
        IN_ENGLISH,
        ("login.user_id", f"{USER_ID}#"),
        Cue("login.pin", PIN, after=3),
        Cue("login.code", HANG_UP, after=3),
        by_caller=True,
    )
    steps = in_short(scenario_of(tmp_path, story))
    assert "press {user_id}#" in steps
    assert "press {pin}" in steps


async def test_who_says_nothing(tmp_path: Path) -> None:
    story = await recorded(
        IN_ENGLISH, ("login.user_id", ""), Cue("universal.noinput", HANG_UP, after=3),
        by_caller=True,
    )  # fmt: skip
    steps = in_short(scenario_of(tmp_path, story))
    assert steps[-3:] == [
        "expect login.user_id",
        "expect universal.noinput",
        "hang_up True",
    ]


async def test_who_says_nothing_to_the_language_menu(tmp_path: Path) -> None:
    story = await recorded(
        ("welcome.language", ""), Cue("universal.noinput", "3", after=4),
        Cue("login.user_id", HANG_UP, after=3), by_caller=True,
    )  # fmt: skip
    steps = in_short(scenario_of(tmp_path, story))
    at = steps.index("press 3")
    assert steps[at - 3 : at] == [
        "expect welcome.language",
        "expect universal.noinput",
        "expect welcome.language",
    ]


async def test_a_transfer_that_was_declined(tmp_path: Path) -> None:
    story = await recorded(
        IN_ENGLISH,
        ("login.user_id", "*0"),
        Cue("hotline.nobody", HANG_UP, after=3),
        rules=FlowRules(hotline_transfer_uri="sip:36690000@192.0.2.7"),
        transfer_becomes=Transfer.REFUSED,
        by_caller=True,
    )
    scenario = scenario_of(tmp_path, story)
    assert in_short(scenario)[-5:] == [
        "expect hotline.connecting",
        "expect_transfer sip:36690000@192.0.2.7",
        "expect hotline.nobody",
        "expect hotline.advice …",
        "hang_up True",
    ]
    assert scenario.given.driver is None


async def test_fillers_are_not_expected(tmp_path: Path) -> None:
    story = await recorded(
        *TO_BUNDLE[:-1], ("main_menu.intro", "9"), rocars=PaperRocars(delays={"log_in": 9})
    )
    steps = in_short(scenario_of(tmp_path, story))
    assert "expect login.checking" not in steps
    assert "expect login.welcome" in steps


async def test_practice_calls_need_nothing_of_rocars(tmp_path: Path) -> None:
    story = await recorded(
        IN_ENGLISH,
        Cue("practice.alone", "2", after=2),
        *LOG_IN,
        ("main_menu.intro", HANG_UP),
        practice=True,
        by_caller=True,
    )
    scenario = scenario_of(tmp_path, story)
    assert scenario.given.driver is None
    assert "press 11111111" in in_short(scenario)


async def test_a_course_that_goes_on_is_that_of_one_driver(tmp_path: Path) -> None:
    trainers = PaperTrainers(done={USER_ID: set()})
    begin = (IN_ENGLISH, Cue("practice.course", "1", after=2), ("course.log_in", ""), *LOG_IN)

    async def call(call_id: str, *script: Script) -> CallStory:
        rocars = PracticeRocars(trainers=trainers)
        return await recorded(
            *begin, *script, rocars=rocars, ledger=PracticeLedger(), practice=True, call_id=call_id
        )

    bundle = (*BUNDLE_ONE, ("practice.not_bundled", ""), ("bundle.finish", "3"))
    first = await call("c1", ("course.do", "1"), *bundle, ("course.do", "9"))
    second = await call("c2", ("course.progress", ""), ("course.do", "9"))
    with pytest.raises(CannotBeRetold, match=r"call c2 .*course.*name that call first"):
        history_from([second])
    alone = scenario_of(tmp_path, first)
    assert alone.given.driver is not None
    scenario = scenario_of(tmp_path, first, second)
    assert [step for step in in_short(scenario) if "{user_id}" in step] == ["press {user_id}"] * 2
    assert PIN not in as_file(history_from([first, second]), WAITS)


async def test_a_call_that_goes_on_from_another_is_named_with_it(tmp_path: Path) -> None:
    script = (
        IN_ENGLISH,
        Cue("login.user_id", "#", after=3),
        ("enquiries.intro", "1"),
        ("status.ubr", "5550001#"),
        ("vehicle.key_mark", "3888#"),
        Cue("status.live", HANG_UP, after=7),
    )
    bundling = PaperCall(trace=RecordedTrace())
    await bundling.run(*BUNDLE)
    first = story_of(bundling)
    second = await recorded(*script, rocars=bundling.rocars, call_id="c2", by_caller=True)
    with pytest.raises(CannotBeRetold, match=r"call c2 .*5550001.*name that call first"):
        history_from([second])
    scenario = scenario_of(tmp_path, first, second)
    assert len(scenario.calls) == 2
    steps = in_short(scenario)
    assert "press {ubr}#" in steps
    assert "press {vehicle_keys_2}#" in steps
    assert expected(scenario, "status.live").slots == {"ubr": "{ubr}", "vehicle": "{vehicle_2}"}


async def test_what_cannot_be_repeated_is_said() -> None:
    away = PaperRocars(fail={"log_in": [BackEndUnavailable("away", uncertain=False)]})
    story = await recorded(*TO_BUNDLE[:-1], rocars=away)
    with pytest.raises(CannotBeRetold, match="log_in came to BackEndUnavailable"):
        history_from([story])
    gap = await recorded(*TO_BUNDLE[:-1], ("main_menu.intro", "9"))
    with pytest.raises(CannotBeRetold, match="steps of call c1 are missing"):
        history_from([CallStory(gap.call, gap.steps[1:], ())])
    for step in gap.steps:
        step.detail = {}
    with pytest.raises(CannotBeRetold, match="older version"):
        history_from([gap])
