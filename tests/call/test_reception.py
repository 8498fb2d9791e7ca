"""A call that must end before its caller is done: told to the end, and why."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from call_flows.rules import FlowRules
from ivr.call import reception
from ivr.call.reception import Reception
from ivr.records.facts import CallClosed, CallOpened
from ivr.records.node_tables import OrderKind
from ivr.records.outcome import CallOutcome
from ivr.settings.service import Settings
from ivr.telephony.ending import Cause, Ending, Who
from ivr.telephony.invite import Invite
from tests.support.fakes.caller import HANG_UP, Cue, ScriptedCaller
from tests.support.fakes.line import SECONDS_PER_PHRASE, PaperLine, PaperNarrator
from tests.support.fakes.trainers import PaperTrainers

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

PRACTICE = FlowRules().practice_numbers[0]
LOG_IN = (
    Cue("welcome.language", "3"),
    Cue("practice.alone", "2"),
    Cue("login.user_id", "12345678"),
    Cue("login.pin", "123456"),
    Cue("login.code", "123456"),
)
TO_THE_REFERENCE = (
    *LOG_IN,
    Cue("main_menu.bundle", "1"),
    Cue("ccrn.ask", "1234567890123#"),
    Cue("ccrn.accepted", "1", after=SECONDS_PER_PHRASE),
    Cue("vehicle.which", "1"),
    Cue("bundle.one_cargo", "1", after=SECONDS_PER_PHRASE),
)


@dataclass
class PaperBook:
    """Keeps what was written of a call."""

    steps: list[Any] = field(default_factory=list)
    closed: list[CallClosed] = field(default_factory=list)

    async def open(self, opened: CallOpened) -> str:
        return opened.call_id

    def progress(self, call_id: str, progress: object) -> None: ...

    def step(self, call_id: str, step: object) -> None:
        self.steps.append(step)

    async def close(self, call_id: str, closed: CallClosed) -> bool:
        self.closed.append(closed)
        return True


class PaperOffer:
    """A call to the practice line, on paper."""

    def __init__(self) -> None:
        self.invite = Invite(call_id="a@b", called=PRACTICE, source="127.0.0.1:5060")
        self.line = PaperLine()
        self.ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()

    async def answer(self) -> PaperLine:
        return self.line

    async def hang_up(self) -> Ending:
        await self.line.hang_up()
        return Ending(Who.US, Cause.HUNG_UP, 200, "OK", answered=True)


class PaperReception:
    """A reception and one call to it."""

    def __init__(self, tmp_path: Path, **telephony: object) -> None:
        settings = Settings.model_validate(
            {
                "node": {"data": str(tmp_path)},
                "telephony": telephony,
                "dialogue": {"getting_on_s": 5, "longer_s": 5},
            }
        )
        self.book = PaperBook()
        self.reception = Reception(
            settings,
            0,
            self.book,  # type: ignore[arg-type]
            None,  # type: ignore[arg-type]
            PaperNarrator(),
        )
        self.offer = PaperOffer()
        self.line = self.offer.line

    async def call(self, *cues: Cue) -> CallOutcome:
        caller = asyncio.ensure_future(ScriptedCaller(self.line, *cues).follow())
        await self.reception.take(self.offer)  # type: ignore[arg-type]
        caller.cancel()
        return self.book.closed[-1].outcome

    async def until(self, prompt: str) -> None:
        while prompt not in self.line.prompts:
            await asyncio.sleep(0.05)

    def whole(self, prompt: str) -> bool:
        return any(played.whole for played in self.line.played if prompt in played.prompts)


async def test_the_longest_call_ends_after_the_reference_and_says_so(tmp_path: Path) -> None:
    paper = PaperReception(tmp_path, longest_call_s=30.0)
    calling = asyncio.ensure_future(paper.call(*TO_THE_REFERENCE))
    await paper.until("bundle.done")
    reference_at = asyncio.get_running_loop().time()
    assert await calling is CallOutcome.TOO_LONG
    assert asyncio.get_running_loop().time() > reference_at
    assert paper.whole("bundle.done")
    assert paper.whole("sorry.too_long")
    assert "sorry.time_short" in paper.line.prompts
    assert paper.line.prompts[-1] == "sorry.too_long"


async def test_the_deadline_of_a_drain_waits_for_the_reference(tmp_path: Path) -> None:
    paper = PaperReception(tmp_path)
    calling = asyncio.ensure_future(paper.call(*TO_THE_REFERENCE))
    await paper.until("bundle.done")
    await asyncio.sleep(0.5)
    finishing = asyncio.ensure_future(paper.reception.finish(0.5))
    assert await calling is CallOutcome.DRAINED
    await finishing
    assert paper.whole("bundle.done")
    assert paper.line.prompts[-1] == "sorry.closing"
    assert paper.whole("sorry.closing")


async def test_a_drain_says_beforehand_that_time_is_short(tmp_path: Path) -> None:
    paper = PaperReception(tmp_path)
    again = [Cue("main_menu.bundle", "**", after=7)] * 8
    calling = asyncio.ensure_future(paper.call(*LOG_IN, *again))
    await paper.until("main_menu.bundle")
    finishing = asyncio.ensure_future(paper.reception.finish(45))
    outcome = await calling
    await finishing
    assert outcome is CallOutcome.DRAINED
    assert "sorry.time_short" in paper.line.prompts
    assert paper.whole("sorry.closing")


@pytest.mark.parametrize(
    ("order", "outcome", "last"),
    [
        (OrderKind.HANG_UP, CallOutcome.ENDED_BY_OPERATOR, "sorry.closing"),
        (OrderKind.PASS_ON, CallOutcome.HOTLINE, "goodbye.plain"),
    ],
)
async def test_an_order_from_the_console_waits_for_the_reference(
    tmp_path: Path, order: OrderKind, outcome: CallOutcome, last: str
) -> None:
    paper = PaperReception(tmp_path)
    calling = asyncio.ensure_future(paper.call(*TO_THE_REFERENCE))
    await paper.until("bundle.done")
    (call_id,) = paper.reception.call_ids
    paper.reception.execute(call_id, order, "chan")
    assert await calling is outcome
    assert paper.whole("bundle.done")
    assert paper.line.prompts[-1] == last


@pytest.mark.parametrize("away", [False, True])
async def test_trainers_are_told_of_a_rehearsal_once_it_is_over(tmp_path: Path, away: bool) -> None:
    paper = PaperReception(tmp_path)
    paper.reception.trainers = trainers = PaperTrainers(away=away)
    assert await paper.call(*TO_THE_REFERENCE, Cue("bundle.repeat", "3")) is CallOutcome.COMPLETED
    assert trainers.reports == [("12345678", {"log_in", "bundle"})]


async def test_without_a_log_in_there_is_nothing_to_tell(tmp_path: Path) -> None:
    paper = PaperReception(tmp_path)
    paper.reception.trainers = trainers = PaperTrainers()
    await paper.call(Cue("welcome.language", "3"), Cue("practice.alone", HANG_UP))
    assert trainers.reports == []


async def test_a_fault_of_ours_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paper = PaperReception(tmp_path)

    async def broken(*_: object) -> None:
        raise KeyError("of ours")

    monkeypatch.setattr(reception, "answer", broken)
    assert await paper.call() is CallOutcome.ERROR
    assert paper.line.prompts == ["sorry.technical"]
    assert paper.whole("sorry.technical")
