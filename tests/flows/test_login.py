"""Welcome, language, log-in, main menu and the ways out."""

from __future__ import annotations

import pytest

from backend_client.errors import BackEndUnavailable
from call_flows.call_context import Conclusion
from call_flows.rules import FlowRules
from speech.languages.language import Language
from tests.support.fakes.caller import HANG_UP, Cue
from tests.support.fakes.flows_on_paper import IN_ENGLISH, LOG_IN, PaperCall
from tests.support.fakes.rocars import CODE, PIN, USER_ID

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

WRONG_CODE = (("login.user_id", USER_ID), ("login.pin", PIN), ("login.code", "000000"))


@pytest.mark.parametrize(("key", "language"), [("1", "yue"), ("2", "cmn"), ("3", "en")])
async def test_each_language_is_offered_in_itself(
    paper: PaperCall, key: str, language: str
) -> None:
    await paper.run(("welcome.language", key), Cue("login.user_id", HANG_UP))
    assert [word for word in paper.words if "welcome.language" in word] == [
        "yue welcome.language key=1",
        "cmn welcome.language key=2",
        "en welcome.language key=3",
    ]
    assert paper.words[-1] == f"{language} login.user_id length=8"
    assert paper.context.notes.language == language


async def test_the_order_of_languages_is_configuration(paper: PaperCall) -> None:
    paper.rules = FlowRules(languages=(Language.ENGLISH, Language.CANTONESE))
    await paper.run(("welcome.language", "2"), Cue("login.user_id", HANG_UP))
    assert paper.context.notes.language is Language.CANTONESE


async def test_who_chooses_no_language_hears_the_first(paper: PaperCall) -> None:
    await paper.run(Cue("login.user_id", HANG_UP))
    assert paper.context.notes.language is Language.CANTONESE


async def test_a_driver_logs_in(paper: PaperCall) -> None:
    await paper.run(IN_ENGLISH, *LOG_IN, ("main_menu.intro", "9"))
    assert paper.context.notes.user_id == USER_ID
    assert paper.context.notes.conclusion is Conclusion.COMPLETED


async def test_a_refused_login_is_tried_again_and_says_nothing_of_the_cause(
    paper: PaperCall,
) -> None:
    await paper.run(
        IN_ENGLISH,
        *WRONG_CODE,
        ("login.refused", ""),
        *LOG_IN,
        ("main_menu.intro", "9"),
    )
    assert paper.context.notes.login_failures == 1


async def test_three_refused_logins_end_at_the_hotline(paper: PaperCall) -> None:
    await paper.run(IN_ENGLISH, *WRONG_CODE, *WRONG_CODE, *WRONG_CODE, ("hotline.advice", ""))
    assert paper.context.notes.conclusion is Conclusion.LOGIN_REFUSED
    assert paper.prompts[-1] == "goodbye.plain"


async def test_a_locked_user_id_ends_at_the_hotline(paper: PaperCall) -> None:
    paper.rocars.failures = 5
    await paper.run(IN_ENGLISH, *LOG_IN, ("login.locked", ""), ("hotline.advice", ""))
    assert paper.context.notes.conclusion is Conclusion.LOGIN_LOCKED


async def test_no_pin_is_asked_for_when_there_is_none(paper: PaperCall) -> None:
    paper.rules = FlowRules(pin_digits=0)
    await paper.run(IN_ENGLISH, ("login.user_id", USER_ID), ("login.code", CODE))
    assert "login.pin" not in paper.prompts


async def test_secrets_are_nowhere_in_the_trace(paper: PaperCall) -> None:
    await paper.run(IN_ENGLISH, *WRONG_CODE, *LOG_IN, Cue("main_menu.intro", HANG_UP))
    trace = repr(paper.trace.steps)
    for secret in (PIN, CODE, USER_ID, "000000"):
        assert secret not in trace
    assert "******678" in trace


@pytest.mark.parametrize("secret", [PIN, CODE])
async def test_a_secret_keyed_at_the_wrong_question_is_not_in_the_trace(
    paper: PaperCall, secret: str
) -> None:
    """By somebody who expects another question: not even its last digits."""
    await paper.run(
        IN_ENGLISH,
        ("login.user_id", f"{secret}#"),
        ("universal.too_short", f"{USER_ID}"),
        *LOG_IN[1:],
        Cue("main_menu.intro", HANG_UP),
    )
    trace = repr(paper.trace.steps)
    assert secret[-3:] not in trace
    assert "******678" in trace


async def test_star_seven_goes_back_to_the_user_id(paper: PaperCall) -> None:
    await paper.run(
        IN_ENGLISH,
        ("login.user_id", "87654321"),
        ("login.pin", "*7"),
        *LOG_IN,
        ("main_menu.intro", "9"),
    )


async def test_the_hotline_can_be_asked_for_anywhere(paper: PaperCall) -> None:
    await paper.run(IN_ENGLISH, ("login.user_id", "*0"), ("hotline.advice", ""))
    assert "en hotline.advice number=36690000" in paper.words
    assert paper.context.notes.conclusion is Conclusion.HOTLINE


async def test_who_cannot_be_understood_is_sent_to_the_hotline(paper: PaperCall) -> None:
    await paper.run(IN_ENGLISH, ("hotline.gave_up", ""), ("hotline.advice", ""))
    assert paper.context.notes.conclusion is Conclusion.GAVE_UP


async def test_a_back_end_that_is_away_at_login_is_said_so(paper: PaperCall) -> None:
    paper.rocars.fail["log_in"] = [BackEndUnavailable("connection refused")]
    await paper.run(IN_ENGLISH, *LOG_IN, ("sorry.back_end_away", ""))
    assert paper.context.notes.conclusion is Conclusion.BACK_END_AWAY


async def test_the_language_can_be_changed_in_the_main_menu(paper: PaperCall) -> None:
    await paper.run(
        IN_ENGLISH,
        *LOG_IN,
        ("main_menu.intro", "8"),
        ("welcome.language", "2"),
        ("main_menu.intro", "9"),
    )
    assert paper.words[-1] == "cmn goodbye.plain"


async def test_a_caller_who_leaves_is_unfinished(paper: PaperCall) -> None:
    await paper.run(IN_ENGLISH, Cue("login.user_id", HANG_UP))
    assert paper.context.notes.conclusion is Conclusion.UNFINISHED
