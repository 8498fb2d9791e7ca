"""Answers by voice: the race with the keys, barge-in, doubt, and a recogniser that fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ivr.dialogue.conversation import Conversation
from ivr.dialogue.outcome import Mode
from ivr.dialogue.question import Choice, Field, Manner, Menu, Spoken
from ivr.dialogue.settings import DialogueSettings
from ivr.dialogue.trace import MASK, StepKind, hidden
from ivr.dialogue.turns import Cancelled, GaveUp, NotAccepted, NotKnown, WantsHotline
from prompts.utterance import Phrase, Utterance
from speech.languages.language import Language
from tests.support.fakes.caller import Cue, ScriptedCaller
from tests.support.fakes.line import SECONDS_PER_PHRASE, PaperLine, PaperNarrator, PaperTrace
from tests.support.fakes.recogniser import PaperRecogniser, Saying

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

SETTINGS = DialogueSettings(timeout_s=7, interdigit_timeout_s=3.5, attempts=3)
FIELD = Field(
    name="number",
    prompt="number.ask",
    again="number.again",
    help="number.help",
    min_digits=3,
    max_digits=6,
    parse=str,
    prompt_spoken="number.say",
)
MENU: Menu[str] = Menu(
    name="menu",
    help="menu.help",
    choices=(Choice("1", "yes", "confirm.right"), Choice("2", "no", "confirm.wrong")),
)


class NarratorWhile(PaperNarrator):
    """The caller presses 1 while `prompt` is put together."""

    def __init__(self, line: PaperLine, prompt: str) -> None:
        self._line, self._prompt = line, prompt

    async def compose(self, phrases: Sequence[Phrase]) -> Utterance:
        if any(phrase.prompt == self._prompt for phrase in phrases):
            self._line.press("1")
        return await super().compose(phrases)


class Talk:
    """A conversation on paper with a recogniser."""

    def __init__(
        self,
        *sayings: Saying | None,
        languages: frozenset[Language] | None = None,
        pressed_while: str = "",
    ):
        """`pressed_while`: the caller presses 1 while this prompt is put together."""
        self.line, self.trace = PaperLine(), PaperTrace()
        self.recogniser = PaperRecogniser(list(sayings))
        if languages is not None:
            self.recogniser.languages = languages
        self.call = Conversation(
            self.line,
            NarratorWhile(self.line, pressed_while) if pressed_while else PaperNarrator(),
            SETTINGS,
            self.trace,
            Language.ENGLISH,
            recogniser=self.recogniser,
        )

    def prompts(self) -> list[list[str]]:
        return [played.prompts for played in self.line.played]

    def answers(self) -> list[tuple[StepKind, str]]:
        return [(s.kind, s.value) for s in self.trace.steps if s.kind is not StepKind.ASKED]


async def test_digits_are_said_and_the_prompt_offers_it() -> None:
    talk = Talk(Saying(("one double two seven",)))
    outcome = await talk.call.ask(FIELD)
    assert (outcome.value, outcome.mode, outcome.confidence) == ("1227", Mode.SPEECH, 0.9)
    assert talk.prompts() == [["number.say"]]
    assert talk.trace.steps[-1].detail["mode"] == Mode.SPEECH


async def test_speech_stops_the_prompt_as_soon_as_it_is_speech() -> None:
    talk = Talk(Saying(("one two three",), after=0.7, lasts=3))
    await talk.call.ask(FIELD)
    assert talk.line.played[0].heard_s == pytest.approx(0.7, abs=0.05)


async def test_without_barge_in_the_prompt_plays_on_and_the_answer_counts() -> None:
    talk = Talk(Saying(("one two three",), after=0.2, lasts=0.5))
    outcome = await talk.call.ask(replace(FIELD, manner=Manner(barge_in=False)))
    assert outcome.value == "123"


async def test_where_nobody_can_hear_the_keypad_alone_is_offered() -> None:
    talk = Talk(languages=frozenset({Language.CANTONESE}))
    caller = asyncio.ensure_future(ScriptedCaller(talk.line, ("number.ask", "123#")).follow())
    assert (await talk.call.ask(FIELD)).mode is Mode.KEY
    caller.cancel()
    assert talk.recogniser.attended == []
    assert talk.prompts() == [["number.ask"]]


async def test_a_key_wins_over_speech_that_has_begun() -> None:
    talk = Talk(Saying(("one two three",), after=0.5, lasts=4))
    caller = asyncio.ensure_future(
        ScriptedCaller(talk.line, Cue("number.say", "777#", after=1.5)).follow()
    )
    outcome = await talk.call.ask(FIELD)
    caller.cancel()
    assert (outcome.value, outcome.mode) == ("777", Mode.KEY)


async def test_a_caller_who_speaks_longer_than_the_timeout_has_answered() -> None:
    talk = Talk(Saying(("one two three",), after=SECONDS_PER_PHRASE + 6.5, lasts=5))
    assert (await talk.call.ask(FIELD)).value == "123"


async def test_talk_that_is_no_answer_is_a_nomatch_and_not_a_guess() -> None:
    talk = Talk(Saying(()), Saying(("three four five",)))
    outcome = await talk.call.ask(FIELD)
    assert (outcome.value, outcome.attempts) == ("345", 2)
    assert talk.prompts()[1] == ["universal.nomatch", "number.say"]


async def test_an_unsure_answer_is_asked_for_again_where_nobody_can_settle_it() -> None:
    talk = Talk(Saying(("one two three",), confidence=0.2), Saying(("one two three",)))
    outcome = await talk.call.ask(FIELD)
    assert outcome.attempts == 2
    assert talk.prompts()[1] == ["speech.unsure", "number.say"]


async def test_the_back_end_settles_between_readings() -> None:
    async def known(number: str) -> str:
        if number != "129":
            raise NotKnown("number.unknown")
        return number

    talk = Talk(Saying(("one two five", "one two nine"), confidence=0.3))
    outcome = await talk.call.ask(FIELD, settle=known)
    assert (outcome.value, outcome.attempts) == ("129", 1)


async def test_a_known_answer_that_cannot_be_used_is_not_passed_over() -> None:
    async def bundled(number: str) -> str:
        raise NotAccepted("number.bundled" if number == "125" else "number.wrong")

    talk = Talk(Saying(("one two five", "one two nine")))
    with pytest.raises(GaveUp):
        await talk.call.ask(FIELD, settle=bundled)
    assert talk.prompts()[1] == ["number.bundled", "number.say"]


async def test_the_likeliest_reading_is_named_when_none_is_known() -> None:
    async def none(number: str) -> str:
        raise NotKnown("number.unknown", number=number)

    talk = Talk(Saying(("one two five", "one two nine")))
    with pytest.raises(GaveUp):
        await talk.call.ask(FIELD, settle=none)
    assert "number=125" in talk.line.played[1].words


async def test_a_menu_is_answered_by_its_words_or_its_keys() -> None:
    talk = Talk(Saying(("that is right",)), Saying(("two",)))
    assert (await talk.call.choose(MENU)).value == "yes"
    assert (await talk.call.choose(MENU)).value == "no"


async def test_that_choices_can_be_said_is_told_once() -> None:
    talk = Talk(Saying(("correct",)), Saying(("correct",)))
    await talk.call.choose(MENU)
    await talk.call.choose(MENU)
    assert [prompts[0] for prompts in talk.prompts()] == ["speech.hint", "confirm.right"]


async def test_each_language_is_chosen_in_its_own_words() -> None:
    menu: Menu[Language] = Menu(
        name="languages",
        help="menu.help",
        choices=tuple(
            Choice(key, language, "welcome.language", language=language)
            for key, language in zip("123", Language, strict=True)
        ),
    )
    talk = Talk(Saying(("廣東話",)))
    assert (await talk.call.choose(menu)).value is Language.CANTONESE
    assert set(talk.recogniser.attended[0]) == set(Language)
    assert talk.prompts() == [["welcome.language"] * 3]


async def test_commands_can_be_said_at_any_time() -> None:
    talk = Talk(Saying(("help",)), Saying(("one two three",)))
    await talk.call.ask(FIELD)
    assert talk.prompts()[1] == ["number.help", "speech.help", "number.say"]
    for word, turn in (("cancel", Cancelled), ("operator", WantsHotline)):
        with pytest.raises(turn):
            await Talk(Saying((word,))).call.ask(FIELD)


async def test_a_mark_is_said_where_a_mark_is_asked_for() -> None:
    field = replace(FIELD, spoken=Spoken.MARK, parse_spoken=lambda mark: f"mark {mark}")
    talk = Talk(Saying(("A B one two",)))
    assert (await talk.call.ask(field)).value == "mark AB12"


async def test_a_secret_that_is_said_is_not_in_the_trace() -> None:
    talk = Talk(Saying(("one two three",)))
    await talk.call.ask(replace(FIELD, shown_as=hidden))
    assert talk.answers() == [(StepKind.ANSWERED, MASK)]
    assert "123" not in repr(talk.trace.steps)


async def test_a_recogniser_that_fails_leaves_the_keypad() -> None:
    talk = Talk(Saying(failed=True))
    caller = asyncio.ensure_future(ScriptedCaller(talk.line, Cue("speech.keypad", "123#")).follow())
    outcome = await talk.call.ask(FIELD)
    caller.cancel()
    assert (outcome.value, outcome.attempts) == ("123", 1)
    assert talk.prompts() == [["number.say"], ["speech.keypad", "number.ask"]]


async def test_a_key_is_not_lost_with_the_recogniser_where_none_counts_ahead() -> None:
    """They heard what they confirm: it was broken off by us."""
    talk = Talk(Saying(failed=True), pressed_while="speech.keypad")
    assert await talk.call.confirm("login.confirm")
    assert talk.prompts()[1][0] == "speech.keypad"


async def test_a_key_at_the_moment_in_which_the_recogniser_fails_is_an_answer() -> None:
    talk = Talk(Saying(after=1.5, failed=True))
    asyncio.get_running_loop().call_later(1.5, talk.line.press, "1")
    assert (await talk.call.choose(MENU)).value == "yes"
