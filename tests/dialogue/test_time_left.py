"""How long a call may go on: what is told is told to its end, and the end is no surprise."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ivr.dialogue.conversation import Conversation
from ivr.dialogue.line import HungUp
from ivr.dialogue.question import Choice, Field, Manner, Menu
from ivr.dialogue.settings import DialogueSettings
from ivr.dialogue.time_left import LONGEST_QUESTION_S, Limit, TimeIsUp, TimeLeft
from speech.languages.language import Language
from tests.support.fakes.caller import Cue, ScriptedCaller
from tests.support.fakes.line import SECONDS_PER_PHRASE, PaperLine, PaperNarrator, PaperTrace

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

SETTINGS = DialogueSettings(time_is_short_s=60, getting_on_s=30, longer_s=120)
LONGEST_S = 300.0
MENU: Menu[str] = Menu(name="menu", help="menu.help", choices=(Choice("1", "one", "menu.one"),))
FIELD = Field(name="number", prompt="ask", help="help", min_digits=3, max_digits=6, parse=str)


class Timed:
    """A conversation whose time is limited."""

    def __init__(self, longest_s: float = LONGEST_S) -> None:
        self.line = PaperLine()
        self.time = TimeLeft(SETTINGS, longest_s)
        self.call = Conversation(
            self.line,
            PaperNarrator(),
            SETTINGS,
            PaperTrace(),
            Language.ENGLISH,
            time=self.time,
        )

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def choose(self, *cues: Cue) -> str:
        caller = asyncio.ensure_future(ScriptedCaller(self.line, *cues).follow())
        try:
            return (await self.call.choose(MENU)).value
        finally:
            caller.cancel()

    async def get_on_until(self, moment: float) -> None:
        """Answer a question every ten seconds."""
        while self.now < moment:
            await asyncio.sleep(10)
            self.line.press("1")
            await self.choose()


async def test_a_caller_hears_that_time_is_short_once_before_the_next_question() -> None:
    timed = Timed()
    await timed.get_on_until(LONGEST_S - SETTINGS.time_is_short_s - 15)
    assert "sorry.time_short" not in timed.line.prompts
    await asyncio.sleep(20)
    await timed.choose(Cue("sorry.time_short", "1"))
    await timed.choose(Cue("menu.one", "1"))
    assert timed.line.prompts.count("sorry.time_short") == 1


async def test_what_is_being_told_when_time_is_up_is_told_to_its_end() -> None:
    timed = Timed()
    await asyncio.sleep(LONGEST_S - 1)
    news = [timed.call.phrase(f"news.{n}") for n in range(20)]
    await timed.call.say_all(news, barge_in=False)
    await timed.call.say("more")
    assert all(played.whole for played in timed.line.played)
    assert timed.now >= LONGEST_S + 20 * SECONDS_PER_PHRASE
    with pytest.raises(TimeIsUp) as up:
        await timed.choose()
    assert up.value.limit is Limit.LONGEST_CALL


async def test_a_call_that_is_getting_on_is_given_longer_and_not_for_ever() -> None:
    timed = Timed()
    with pytest.raises(TimeIsUp):
        await timed.get_on_until(10_000)
    assert LONGEST_S + SETTINGS.longer_s - 10 <= timed.now <= LONGEST_S + SETTINGS.longer_s + 10
    assert timed.line.prompts.count("sorry.time_short") == 2  # before either end


async def test_a_call_that_no_longer_gets_on_ends_soon_after_its_last_answer() -> None:
    timed = Timed()
    await timed.get_on_until(LONGEST_S + 20)
    stopped = timed.now
    patient = replace(MENU, manner=Manner(attempts=10, timeout_s=20))
    cues = [Cue("menu.one", "7", after=15)] * 8  # wrong keys get nobody on
    caller = asyncio.ensure_future(ScriptedCaller(timed.line, *cues).follow())
    with pytest.raises(TimeIsUp):
        await timed.call.choose(patient)
    caller.cancel()
    assert timed.now <= stopped + SETTINGS.getting_on_s + 10


async def test_a_caller_who_does_not_answer_hears_the_question_to_its_end() -> None:
    timed = Timed()
    await asyncio.sleep(LONGEST_S - 0.5)
    with pytest.raises(TimeIsUp):
        await timed.choose()
    assert timed.line.played[-1].whole
    assert timed.now == pytest.approx(LONGEST_S - 0.5 + 2 * SECONDS_PER_PHRASE, abs=0.1)


async def test_a_very_long_question_is_left_with_nothing_done() -> None:
    timed = Timed()
    await asyncio.sleep(LONGEST_S - 0.5)
    read_back = [timed.call.phrase(f"cargo.{n}") for n in range(60)]
    with pytest.raises(TimeIsUp):
        await timed.call.choose(MENU, before=read_back)
    assert timed.now == pytest.approx(LONGEST_S + LONGEST_QUESTION_S, abs=0.1)


async def test_an_answer_that_has_begun_is_taken() -> None:
    timed = Timed()
    await asyncio.sleep(LONGEST_S - 1)
    timed.line.press("7")
    asking = asyncio.ensure_future(timed.call.ask(FIELD))
    await asyncio.sleep(2)
    for key in "77#":
        timed.line.press(key)
    assert (await asking).value == "777"


async def test_the_deadline_of_a_drain_is_the_end_for_those_who_get_on_too() -> None:
    timed = Timed()
    timed.time.ends_at(90, Limit.DRAIN)
    with pytest.raises(TimeIsUp) as up:
        await timed.get_on_until(10_000)
    assert up.value.limit is Limit.DRAIN
    assert 90 <= timed.now <= 90 + 10
    assert timed.line.prompts.count("sorry.time_short") == 1


async def test_an_order_ends_a_call_that_waits_for_an_answer_at_once() -> None:
    timed = Timed(longest_s=0.0)
    choosing = asyncio.ensure_future(timed.choose())
    await asyncio.sleep(SECONDS_PER_PHRASE + 1)
    timed.time.end_now(Limit.ORDER)
    with pytest.raises(TimeIsUp):
        await choosing
    assert timed.now == pytest.approx(SECONDS_PER_PHRASE + 1, abs=0.1)


async def test_a_caller_who_hangs_up_meanwhile_has_hung_up() -> None:
    timed = Timed()
    asyncio.get_running_loop().call_later(1, timed.line.hang_up_by_caller)
    with pytest.raises(HungUp):
        await timed.choose()
