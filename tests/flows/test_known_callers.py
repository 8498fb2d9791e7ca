"""A driver known by their number keys less, and proves as much."""

from __future__ import annotations

import pytest

from call_flows.call_context import CallerHints
from call_flows.rules import FlowRules
from speech.languages.language import Language
from tests.support.fakes.caller import HANG_UP, Cue
from tests.support.fakes.flows_on_paper import IN_ENGLISH, LOG_IN, PaperCall
from tests.support.fakes.rocars import CODE, PIN, USER_ID

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

KNOWN = CallerHints(USER_ID, Language.ENGLISH)


async def test_he_is_greeted_in_his_language_and_keys_pin_and_code_alone(paper: PaperCall) -> None:
    paper.hints = KNOWN
    await paper.run(("login.known.pin", PIN), ("login.code", CODE), ("main_menu.intro", "9"))
    assert paper.words[0] == "en welcome.greeting"
    assert paper.prompts.count("welcome.greeting") == 1
    assert "login.user_id" not in paper.prompts
    assert "welcome.language" not in paper.prompts
    assert paper.context.notes.user_id == USER_ID


async def test_no_more_than_three_digits_of_his_user_id_are_said(paper: PaperCall) -> None:
    paper.hints = KNOWN
    await paper.run(Cue("login.known.pin", HANG_UP))
    assert "en login.known.pin ending=678 length=6" in paper.words
    assert USER_ID not in " ".join(paper.words)


async def test_somebody_else_on_his_telephone_chooses_language_and_keys_his_own(
    paper: PaperCall,
) -> None:
    paper.hints = CallerHints("87654321", Language.CANTONESE)
    await paper.run(("login.known.pin", "#"), IN_ENGLISH, *LOG_IN, ("main_menu.intro", "9"))
    assert paper.context.notes.user_id == USER_ID
    assert paper.context.notes.language is Language.ENGLISH


async def test_a_refused_log_in_asks_for_the_user_id(paper: PaperCall) -> None:
    paper.hints = KNOWN
    await paper.run(
        ("login.known.pin", PIN),
        ("login.code", "000000"),
        ("login.refused", ""),
        *LOG_IN,
        ("main_menu.intro", "9"),
    )


async def test_back_goes_to_the_user_id(paper: PaperCall) -> None:
    paper.hints = KNOWN
    await paper.run(("login.known.pin", "*7"), *LOG_IN, ("main_menu.intro", "9"))


async def test_the_whole_log_in_can_be_typed_ahead(paper: PaperCall) -> None:
    paper.hints = KNOWN
    await paper.run(Cue("welcome.greeting", PIN + CODE, after=0.1), ("main_menu.intro", "9"))
    assert paper.context.notes.user_id == USER_ID


@pytest.mark.parametrize("pin_digits", [0, 6])
async def test_without_a_pin_the_user_id_is_always_asked_for(
    paper: PaperCall, pin_digits: int
) -> None:
    paper.hints = KNOWN
    paper.rules = FlowRules(pin_digits=pin_digits)
    await paper.run(Cue("login.user_id" if pin_digits == 0 else "login.known.pin", HANG_UP))


async def test_a_mainland_caller_hears_putonghua_first_on_its_own_key(paper: PaperCall) -> None:
    paper.hints = CallerHints(language=Language.PUTONGHUA)
    await paper.run(Cue("login.user_id", HANG_UP))
    assert [word for word in paper.words if "welcome.language" in word][:3] == [
        "cmn welcome.language key=2",
        "yue welcome.language key=1",
        "en welcome.language key=3",
    ]
    assert paper.context.notes.language is Language.PUTONGHUA


async def test_a_language_that_is_not_offered_is_not_spoken(paper: PaperCall) -> None:
    paper.rules = FlowRules(languages=(Language.CANTONESE, Language.PUTONGHUA))
    paper.hints = KNOWN
    await paper.run(("welcome.language", "2"), Cue("login.known.pin", HANG_UP))
    assert paper.words[-1].startswith("cmn")
