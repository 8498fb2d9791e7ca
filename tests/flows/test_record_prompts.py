"""The recording line: who may record, what is kept, and what is not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from call_flows.call_context import CallContext, Conclusion
from call_flows.record_prompts import record_prompts
from call_flows.recording_studio import (
    ClipToRecord,
    NotTaken,
    Refusal,
    StudioAway,
    StudioLocked,
)
from call_flows.rules import FlowRules
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.line import HungUp
from ivr.dialogue.settings import DialogueSettings
from speech.languages.language import Language
from tests.support.fakes.caller import ScriptedCaller
from tests.support.fakes.flows_on_paper import IN_ENGLISH, Script
from tests.support.fakes.line import PaperLine, PaperNarrator, PaperTrace
from tests.support.fakes.rocars import PaperLedger, PaperRocars

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

OPERATOR = ("recording.operator_id", "2468#")
PIN = ("recording.pin", "135792#")
LOG_IN = (IN_ENGLISH, OPERATOR, PIN)


@dataclass
class PaperStudio:
    """Fulfils `RecordingStudio`; refuses the first recordings as told."""

    refuses: list[Refusal] = field(default_factory=list)
    failing: Exception | None = None
    kept: list[tuple[str, bytes]] = field(default_factory=list)

    async def log_in(self, operator_id: str, pin: str) -> bool:
        if self.failing is not None:
            raise self.failing
        return (operator_id, pin) == ("2468", "135792")

    async def clip(self, number: str, language: Language) -> ClipToRecord | None:
        if number != "1001":
            return None
        return ClipToRecord(number, language, "welcome.greeting", b"- today")

    async def mended(self, clip: ClipToRecord, spoken: bytes) -> bytes:
        if self.refuses:
            raise NotTaken(self.refuses.pop(0))
        return b"- mended"

    async def keep(self, clip: ClipToRecord, spoken: bytes) -> None:
        self.kept.append((clip.name, spoken))


@dataclass
class RecordingCall:
    studio: PaperStudio = field(default_factory=PaperStudio)
    trace: PaperTrace = field(default_factory=PaperTrace)
    context: CallContext = field(
        default_factory=lambda: CallContext(PaperRocars(), FlowRules(), PaperLedger())
    )

    async def run(self, *script: Script) -> list[str]:
        """What was said, in order; the caller speaks whenever they are to."""
        line = PaperLine()
        call = Conversation(
            line, PaperNarrator(), DialogueSettings(), self.trace, Language.CANTONESE
        )
        caller = ScriptedCaller(line, *script)
        acting = asyncio.ensure_future(caller.follow())
        try:
            await record_prompts(call, self.context, self.studio)
        except HungUp:
            pass
        finally:
            acting.cancel()
        assert not caller.unheard, f"never heard: {caller.unheard}"
        return [words.split()[1] for played in line.played for words in played.words.splitlines()]


async def test_one_is_recorded_and_kept() -> None:
    call = RecordingCall()
    prompts = await call.run(
        *LOG_IN,
        ("recording.number", "1001#"),
        ("tone", "#"),
        ("recording.keep", "1"),
        ("recording.number", "#"),
    )
    assert [name for name, _ in call.studio.kept] == ["welcome.greeting"]
    assert call.context.notes.conclusion is Conclusion.COMPLETED
    order = ["recording.today", "today", "recording.begin", "tone", "recording.heard", "mended"]
    at = prompts.index("recording.today")
    assert prompts[at : at + 6] == order
    assert prompts[-1] == "goodbye.plain"


async def test_it_is_recorded_again_until_it_is_right() -> None:
    call = RecordingCall(PaperStudio(refuses=[Refusal.NOISY]))
    prompts = await call.run(
        *LOG_IN,
        ("recording.number", "1001#"),
        ("tone", "#"),
        ("recording.noisy", ""),
        ("tone", "#"),
        ("recording.keep", "2"),
        ("tone", "#"),
        ("recording.keep", "3"),
        ("recording.number", "#"),
    )
    assert call.studio.kept == []
    assert prompts.count("tone") == 3


async def test_a_number_of_none_is_said_so() -> None:
    call = RecordingCall()
    prompts = await call.run(*LOG_IN, ("recording.number", "4711#"), ("recording.number", "#"))
    assert "recording.unknown" in prompts


async def test_who_has_no_right_does_not_record() -> None:
    call = RecordingCall()
    wrong = (OPERATOR, ("recording.pin", "999999#"))
    prompts = await call.run(IN_ENGLISH, *wrong, *wrong, *wrong)
    assert prompts.count("recording.refused") == 3
    assert call.context.notes.conclusion is Conclusion.LOGIN_REFUSED
    assert not any("999999" in repr(step) for step in call.trace.steps)


@pytest.mark.parametrize(
    ("failing", "prompt"),
    [(StudioLocked(), "recording.locked"), (StudioAway(), "recording.away")],
)
async def test_a_studio_that_is_locked_or_away_is_told(failing: Exception, prompt: str) -> None:
    call = RecordingCall(PaperStudio(failing=failing))
    prompts = await call.run(*LOG_IN)
    assert prompts[-2:] == [prompt, "goodbye.plain"]
