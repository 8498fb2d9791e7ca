"""Saying, waiting for the back end, walking through steps."""

from __future__ import annotations

import asyncio

import pytest

from ivr.dialogue.conversation import Conversation
from ivr.dialogue.line import HungUp
from ivr.dialogue.settings import DialogueSettings
from ivr.dialogue.turns import Redo, WentBack
from ivr.dialogue.waiting import Background
from speech.languages.language import Language
from tests.support.fakes.line import PaperLine, PaperNarrator, PaperTrace

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

SETTINGS = DialogueSettings(filler_after_s=1.5, filler_again_s=6)


@pytest.fixture
async def line() -> PaperLine:
    return PaperLine()


@pytest.fixture
async def background() -> Background:
    return Background()


@pytest.fixture
async def call(line: PaperLine, background: Background) -> Conversation:
    return Conversation(
        line, PaperNarrator(), SETTINGS, PaperTrace(), Language.CANTONESE, background
    )


def prompts_played(line: PaperLine) -> list[str]:
    return [name for played in line.played for name in played.prompts]


async def test_say_is_cut_short_by_a_key_which_is_kept(call: Conversation, line: PaperLine) -> None:
    asyncio.get_running_loop().call_later(0.5, line.press, "5")
    await call.say("long.story")
    assert not line.played[0].whole
    await call.say("next.story")
    assert line.played[1].heard_s == 0  # the key still waits: this one is not even begun


async def test_say_without_barge_in_is_said_whole(call: Conversation, line: PaperLine) -> None:
    asyncio.get_running_loop().call_later(0.5, line.press, "5")
    await call.say("the.reference", barge_in=False)
    assert line.played[0].whole


async def test_quick_work_has_no_filler(call: Conversation, line: PaperLine) -> None:
    assert await call.wait_for(asyncio.sleep(1.4, "done")) == "done"
    assert prompts_played(line) == []


async def test_slow_work_has_a_filler_and_then_another(call: Conversation, line: PaperLine) -> None:
    assert await call.wait_for(asyncio.sleep(20, "done"), filler="wait", then="still") == "done"
    assert prompts_played(line) == ["wait", "still", "still"]


async def test_an_error_of_the_work_reaches_the_flow(call: Conversation) -> None:
    async def fails() -> None:
        await asyncio.sleep(3)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await call.wait_for(fails())


async def test_hanging_up_cancels_work_that_may_be_cancelled(
    call: Conversation, line: PaperLine
) -> None:
    work = asyncio.ensure_future(asyncio.sleep(10))
    asyncio.get_running_loop().call_later(1, line.hang_up_by_caller)
    with pytest.raises(HungUp):
        await call.wait_for(work)
    await asyncio.sleep(0)
    assert work.cancelled()


async def test_work_that_was_sent_is_finished_when_the_caller_is_gone(
    call: Conversation, line: PaperLine, background: Background
) -> None:
    finished = []

    async def sends() -> None:
        await asyncio.sleep(10)
        finished.append(True)

    asyncio.get_running_loop().call_later(1, line.hang_up_by_caller)
    with pytest.raises(HungUp):
        await call.wait_for(sends(), even_if_hung_up=True)
    assert not finished
    await call.closed()
    assert finished


async def test_a_key_during_the_filler_is_kept_for_the_next_question(
    call: Conversation, line: PaperLine
) -> None:
    asyncio.get_running_loop().call_later(2, line.press, "1")
    await call.wait_for(asyncio.sleep(5))
    await call.say("next")
    assert line.played[-1].heard_s == 0


class Steps:
    """Three steps that write down when they are taken, and misbehave once."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.misbehave: dict[str, Exception] = {}

    async def _take(self, name: str) -> None:
        self.taken.append(name)
        if name in self.misbehave:
            raise self.misbehave.pop(name)

    async def first(self) -> None:
        await self._take("first")

    async def second(self) -> None:
        await self._take("second")

    async def third(self) -> None:
        await self._take("third")


async def test_walk_takes_steps_in_order(call: Conversation) -> None:
    steps = Steps()
    await call.walk((steps.first, steps.second, steps.third))
    assert steps.taken == ["first", "second", "third"]


async def test_back_takes_the_step_before_again(call: Conversation) -> None:
    steps = Steps()
    steps.misbehave["third"] = WentBack()
    await call.walk((steps.first, steps.second, steps.third))
    assert steps.taken == ["first", "second", "third", "second", "third"]


async def test_back_from_the_first_step_leaves_the_walk(call: Conversation) -> None:
    steps = Steps()
    steps.misbehave["first"] = WentBack()
    with pytest.raises(WentBack):
        await call.walk((steps.first, steps.second))


async def test_redo_takes_only_the_step_named(call: Conversation) -> None:
    steps = Steps()
    steps.misbehave["third"] = Redo(steps.first)
    await call.walk((steps.first, steps.second, steps.third))
    assert steps.taken == ["first", "second", "third", "first", "third"]


async def test_a_step_that_asks_for_itself_is_taken_once_more_and_no_more(
    call: Conversation,
) -> None:
    steps = Steps()
    steps.misbehave["second"] = Redo(steps.second)
    await call.walk((steps.first, steps.second, steps.third))
    assert steps.taken == ["first", "second", "second", "third"]


async def test_back_while_redoing_walks_on_from_there(call: Conversation) -> None:
    steps = Steps()

    async def second() -> None:
        await steps._take("second")
        if steps.taken.count("second") == 2:
            raise WentBack

    steps.misbehave["third"] = Redo(second)
    await call.walk((steps.first, second, steps.third))
    assert steps.taken == ["first", "second", "third", "second", "first", "second", "third"]
