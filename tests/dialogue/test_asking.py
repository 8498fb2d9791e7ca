"""Questions: time-outs, reprompts, barge-in and type-ahead, on a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar

import pytest

from ivr.dialogue.conversation import Conversation
from ivr.dialogue.line import HungUp
from ivr.dialogue.question import BadQuestion, Choice, Field, Manner, Menu
from ivr.dialogue.settings import DialogueSettings
from ivr.dialogue.trace import MASK, StepKind, hidden
from ivr.dialogue.turns import Cancelled, GaveUp, NotAccepted, WantsHotline, WentBack
from speech.languages.language import Language
from tests.support.fakes.caller import Cue, ScriptedCaller
from tests.support.fakes.line import SECONDS_PER_PHRASE, PaperLine, PaperNarrator, PaperTrace

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

SETTINGS = DialogueSettings(timeout_s=7, interdigit_timeout_s=3.5, attempts=3)

T = TypeVar("T")

FIELD = Field(
    name="number",
    prompt="number.ask",
    again="number.again",
    help="number.help",
    min_digits=3,
    max_digits=6,
    parse=str,
)
MENU: Menu[str] = Menu(
    name="menu",
    intro="menu.intro",
    help="menu.help",
    choices=(Choice("1", "one", "menu.one"), Choice("2", "two", "menu.two")),
)


class Talk:
    """A conversation on paper, its line, trace and clock."""

    def __init__(self) -> None:
        self.line = PaperLine()
        self.trace = PaperTrace()
        self.call = Conversation(self.line, PaperNarrator(), SETTINGS, self.trace, Language.ENGLISH)

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()  # looptime begins every test at 0

    def prompts(self) -> list[list[str]]:
        return [played.prompts for played in self.line.played]

    async def with_caller(self, work: Awaitable[T], *cues: Cue | tuple[str, str]) -> T:
        caller = asyncio.ensure_future(ScriptedCaller(self.line, *cues).follow())
        try:
            return await work
        finally:
            caller.cancel()


@pytest.fixture
async def talk() -> Talk:
    return Talk()


async def test_digits_end_with_the_terminator_at_once(talk: Talk) -> None:
    outcome = await talk.with_caller(talk.call.ask(FIELD), ("number.ask", "1234#"))
    assert outcome.value == "1234"
    assert outcome.attempts == 1
    assert talk.now < 2  # nothing is waited for after the hash


async def test_the_trace_tells_which_keys_answer_a_question(talk: Talk) -> None:
    with_hash = replace(FIELD, hash_alone="none")
    for field in (FIELD, with_hash):
        await talk.with_caller(talk.call.ask(field), ("number.ask", "123456"))
    await talk.with_caller(talk.call.choose(MENU), ("menu.intro", "2"))
    asked = [step for step in talk.trace.steps if step.kind is StepKind.ASKED]
    assert [step.detail["expects"] for step in asked] == [
        {"digits": [3, 6], "hash": False},
        {"digits": [3, 6], "hash": True},
        {"keys": "12"},
    ]


async def test_digits_end_with_the_inter_digit_timeout(talk: Talk) -> None:
    outcome = await talk.with_caller(talk.call.ask(FIELD), ("number.ask", "1234"))
    assert outcome.value == "1234"
    assert talk.now == pytest.approx(0.5 + 3 * 0.2 + SETTINGS.interdigit_timeout_s, abs=0.2)


async def test_digits_end_by_themselves_at_full_length(talk: Talk) -> None:
    outcome = await talk.with_caller(talk.call.ask(FIELD), ("number.ask", "123456"))
    assert outcome.value == "123456"
    assert talk.now < 2


async def test_first_digit_timeout_runs_from_the_end_of_the_prompt(talk: Talk) -> None:
    with pytest.raises(GaveUp):
        await talk.call.ask(FIELD)
    first, second = SECONDS_PER_PHRASE, 2 * SECONDS_PER_PHRASE  # later ones add the reason
    assert talk.now == pytest.approx(first + 2 * second + 3 * SETTINGS.timeout_s, abs=0.1)


async def test_noinput_and_nomatch_are_told_apart_and_prompts_taper(talk: Talk) -> None:
    with pytest.raises(GaveUp):
        await talk.with_caller(
            talk.call.ask(FIELD), Cue("number.again", "12#"), Cue("number.again", "99#")
        )
    assert talk.prompts() == [
        ["number.ask"],
        ["universal.noinput", "number.again"],
        ["universal.too_short", "number.again"],
    ]
    kinds = [step.kind for step in talk.trace.steps if step.kind is not StepKind.ASKED]
    assert kinds == [StepKind.NOINPUT, StepKind.NOMATCH, StepKind.NOMATCH, StepKind.GAVE_UP]


async def test_a_key_stops_the_prompt(talk: Talk) -> None:
    await talk.with_caller(talk.call.ask(FIELD), Cue("number.ask", "1234#", after=0.7))
    assert not talk.line.played[0].whole
    assert talk.line.played[0].heard_s == pytest.approx(0.7, abs=0.06)


async def test_barge_in_off_plays_on_but_keeps_the_keys(talk: Talk) -> None:
    field = Field(**{**vars(FIELD), "manner": Manner(barge_in=False)})
    outcome = await talk.with_caller(talk.call.ask(field), Cue("number.ask", "1234#", after=0.1))
    assert talk.line.played[0].whole
    assert outcome.value == "1234"


async def test_barge_in_and_type_ahead_off_forgets_what_was_keyed_meanwhile(talk: Talk) -> None:
    field = Field(**{**vars(FIELD), "manner": Manner(barge_in=False, type_ahead=False)})
    outcome = await talk.with_caller(
        talk.call.ask(field), Cue("number.ask", "9", after=0.1), Cue("number.again", "777#", 4.5)
    )
    assert talk.line.played[0].whole
    assert outcome.value == "777"


async def test_type_ahead_answers_several_questions(talk: Talk) -> None:
    for key in "1234#2":
        talk.line.press(key)
    number = await talk.call.ask(FIELD)
    choice = await talk.call.choose(MENU)
    assert (number.value, choice.value) == ("1234", "two")
    assert talk.now < 0.1


async def test_type_ahead_off_forgets_earlier_keys(talk: Talk) -> None:
    for key in "1":
        talk.line.press(key)
    menu = Menu(**{**vars(MENU), "manner": Manner(type_ahead=False)})
    outcome = await talk.with_caller(talk.call.choose(menu), ("menu.one", "2"))
    assert outcome.value == "two"


async def test_a_confirmation_must_be_heard_before_it_counts(talk: Talk) -> None:
    talk.line.press("1")
    right = await talk.with_caller(talk.call.confirm("read.back", n="7"), ("read.back", "2"))
    assert right is False


async def test_terminator_after_a_full_answer_belongs_to_that_answer(talk: Talk) -> None:
    for key in "123456#":
        talk.line.press(key)
    await talk.call.ask(FIELD)
    outcome = await talk.with_caller(talk.call.choose(MENU), ("menu.one", "1"))
    assert outcome.value == "one"
    assert outcome.attempts == 1


async def test_terminator_long_after_a_full_answer_is_an_answer(talk: Talk) -> None:
    for key in "123456":
        talk.line.press(key)
    await talk.call.ask(FIELD)
    await asyncio.sleep(SETTINGS.terminator_grace_s + 0.1)
    outcome = await talk.with_caller(
        talk.call.choose(MENU), ("menu.one", "#"), ("universal.nomatch", "1")
    )
    assert outcome.attempts == 2


@pytest.mark.parametrize(
    ("keys", "turn"), [("*7", WentBack), ("*9", Cancelled), ("*0", WantsHotline)]
)
@pytest.mark.parametrize("digits", ["", "12"])
async def test_universals_leave_the_question(
    talk: Talk, digits: str, keys: str, turn: type[Exception]
) -> None:
    with pytest.raises(turn):
        await talk.with_caller(talk.call.ask(FIELD), ("number.ask", digits + keys))


async def test_help_repeat_and_clear_use_up_no_attempt(talk: Talk) -> None:
    outcome = await talk.with_caller(
        talk.call.ask(FIELD),
        ("number.ask", "*1"),
        ("number.ask", "**"),
        ("number.ask", "98*#"),
        ("number.ask", "123#"),
    )
    assert outcome.value == "123"
    assert outcome.attempts == 1
    assert talk.prompts() == [
        ["number.ask"],
        ["number.help", "universal.help", "number.ask"],
        ["number.ask"],
        ["universal.cleared", "number.ask"],
    ]


async def test_a_star_alone_clears_after_the_inter_digit_timeout(talk: Talk) -> None:
    outcome = await talk.with_caller(
        talk.call.ask(FIELD), ("number.ask", "12*"), ("universal.cleared", "456#")
    )
    assert outcome.value == "456"


@pytest.mark.parametrize("keys", ["*5", "A", "1B"])
async def test_meaningless_keys_are_a_nomatch(talk: Talk, keys: str) -> None:
    outcome = await talk.with_caller(
        talk.call.ask(FIELD), ("number.ask", keys), ("universal.nomatch", "456#")
    )
    assert (outcome.value, outcome.attempts) == ("456", 2)


async def test_settle_has_the_last_word_and_says_why(talk: Talk) -> None:
    async def known(number: str) -> str:
        if number != "777":
            raise NotAccepted("number.unknown", number=number)
        return number

    outcome = await talk.with_caller(
        talk.call.ask(FIELD, settle=known), ("number.ask", "123#"), ("number.unknown", "777#")
    )
    assert (outcome.value, outcome.attempts) == ("777", 2)
    assert "en number.unknown number=123" in talk.line.played[1].words


async def test_menu_says_choices_with_their_keys(talk: Talk) -> None:
    await talk.with_caller(talk.call.choose(MENU), ("menu.intro", "9"), ("menu.one", "1"))
    assert talk.line.played[0].words.splitlines() == [
        "en menu.intro",
        "en menu.one key=1",
        "en menu.two key=2",
    ]
    assert talk.prompts()[1] == ["universal.nomatch", "menu.one", "menu.two"]  # no intro again


async def test_secrets_are_masked_in_every_step(talk: Talk) -> None:
    field = Field(**{**vars(FIELD), "shown_as": hidden})
    await talk.with_caller(
        talk.call.ask(field), ("number.ask", "98#"), ("universal.too_short", "987654")
    )
    keyed = [step.value for step in talk.trace.steps if step.value]
    assert keyed == [MASK, MASK]
    assert "98" not in repr(talk.trace.steps)


@pytest.mark.parametrize("when", [0.5, SECONDS_PER_PHRASE + 3])
async def test_hanging_up_ends_a_question_at_once(talk: Talk, when: float) -> None:
    asyncio.get_running_loop().call_later(when, talk.line.hang_up_by_caller)
    with pytest.raises(HungUp):
        await talk.call.ask(FIELD)
    assert talk.now == pytest.approx(when, abs=0.01)


def test_menus_that_cannot_work_are_refused_when_written() -> None:
    for choices in (
        (),
        (Choice("1", "a", "a"), Choice("1", "b", "b")),
        (Choice("*", "a", "a"),),
        (Choice("12", "a", "a"),),
    ):
        with pytest.raises(BadQuestion):
            Menu(name="m", help="h", choices=choices)
    with pytest.raises(BadQuestion):
        Field(**{**vars(FIELD), "min_digits": 7})


async def test_a_hash_after_the_one_key_of_a_menu_belongs_to_it(talk: Talk) -> None:
    for key in "2#":
        talk.line.press(key)
    assert (await talk.call.choose(MENU)).value == "two"
    outcome = await talk.with_caller(talk.call.ask(FIELD), ("number.ask", "777#"))
    assert (outcome.value, outcome.attempts) == ("777", 1)


async def test_a_hash_after_a_confirmation_belongs_to_it(talk: Talk) -> None:
    agreed = await talk.with_caller(
        talk.call.confirm("ccrn.accepted"), Cue("ccrn.accepted", "1", after=SECONDS_PER_PHRASE)
    )
    assert agreed is True
    talk.line.press("#")
    outcome = await talk.with_caller(talk.call.choose(MENU), ("menu.one", "1"))
    assert (outcome.value, outcome.attempts) == ("one", 1)


async def test_a_hash_after_a_key_that_means_nothing_is_not_a_second_wrong_key(talk: Talk) -> None:
    outcome = await talk.with_caller(
        talk.call.choose(MENU), ("menu.one", "7#"), ("universal.nomatch", "1")
    )
    assert (outcome.value, outcome.attempts) == ("one", 2)


async def test_a_hash_that_comes_after_the_inter_digit_timeout(talk: Talk) -> None:
    late = SETTINGS.interdigit_timeout_s + SETTINGS.terminator_grace_s / 2
    first = await talk.with_caller(talk.call.ask(FIELD), ("number.ask", "1234"))
    assert first.value == "1234"
    assert talk.now < late + 5
    talk.line.press("#")
    second = await talk.with_caller(talk.call.ask(FIELD), ("number.ask", "777#"))
    assert (second.value, second.attempts) == ("777", 1)


@pytest.mark.parametrize("keys", ["1234##777#", "1234###777#", "12###777#777#"])
async def test_a_hash_pressed_twice_ends_one_answer(talk: Talk, keys: str) -> None:
    """Where # alone is no answer; it took an attempt of the next question."""
    for key in keys:
        talk.line.press(key)
    await talk.with_caller(talk.call.ask(FIELD))
    second = await talk.with_caller(talk.call.ask(FIELD))
    assert (second.value, second.attempts) == ("777", 1)


USER_ID = Field(**{**vars(FIELD), "hash_alone": "none"})
GAP_S = SETTINGS.terminator_grace_s


@pytest.mark.parametrize("gap_s", [0.0, 0.2, 1.0, GAP_S - 0.05])
@pytest.mark.parametrize("after_s", [-1.0, 1.0], ids=["typed ahead", "while it is said"])
async def test_a_hash_soon_after_a_menu_key_belongs_to_it(
    talk: Talk, gap_s: float, after_s: float
) -> None:
    choosing = asyncio.ensure_future(_language_then_user_id(talk))
    if after_s > 0:
        await asyncio.sleep(after_s)
    talk.line.press("2")
    await asyncio.sleep(gap_s)
    talk.line.press("#")
    await asyncio.sleep(3)
    for key in "777#":
        talk.line.press(key)
    assert await choosing == "777"


@pytest.mark.parametrize("gap_s", [GAP_S + 0.05, GAP_S + 1.0, 5.0])
async def test_a_hash_some_time_after_a_menu_key_answers_the_next_question(
    talk: Talk, gap_s: float
) -> None:
    choosing = asyncio.ensure_future(_language_then_user_id(talk))
    await asyncio.sleep(1)
    talk.line.press("2")
    await asyncio.sleep(gap_s)
    talk.line.press("#")
    assert await choosing == "none"


async def test_two_hashes_after_a_menu_key_are_its_own_and_an_answer(talk: Talk) -> None:
    for key in "2##":
        talk.line.press(key)
    assert await _language_then_user_id(talk) == "none"


async def test_a_hash_before_the_next_question_is_said_belongs_to_the_answer_before(
    talk: Talk,
) -> None:
    talk.line.press("2")
    await talk.call.choose(MENU)
    await asyncio.sleep(3)  # the back end works
    talk.line.press("#")
    outcome = await talk.with_caller(talk.call.ask(USER_ID), ("number.ask", "777#"))
    assert outcome.value == "777"


async def test_a_hash_that_skips_a_message_does_not_answer_the_menu_after_it(talk: Talk) -> None:
    saying = asyncio.ensure_future(talk.call.say("news"))
    await asyncio.sleep(1)
    talk.line.press("#")
    await saying
    assert not talk.line.played[0].whole
    outcome = await talk.with_caller(talk.call.choose(MENU), ("menu.one", "1"))
    assert (outcome.value, outcome.attempts) == ("one", 1)


@pytest.mark.parametrize("gap_s", [0.2, 1.0, SETTINGS.terminator_grace_s - 0.1])
async def test_a_hash_that_follows_slowly_is_no_wrong_key_in_a_menu(
    talk: Talk, gap_s: float
) -> None:
    choosing = asyncio.ensure_future(talk.call.choose(MENU))
    await asyncio.sleep(1)
    talk.line.press("2")
    await choosing
    again = asyncio.ensure_future(talk.call.choose(MENU))
    await asyncio.sleep(gap_s)
    talk.line.press("#")
    await asyncio.sleep(3)
    talk.line.press("1")
    outcome = await again
    assert (outcome.value, outcome.attempts) == ("one", 1)


async def test_a_hash_while_a_menu_is_said_is_a_wrong_key(talk: Talk) -> None:
    outcome = await talk.with_caller(
        talk.call.choose(MENU), ("menu.one", "#"), ("universal.nomatch", "1")
    )
    assert outcome.attempts == 2


async def _language_then_user_id(talk: Talk) -> str:
    await talk.call.choose(MENU)
    return str((await talk.call.ask(USER_ID)).value)
