"""What a recording of the call is told of each question, before the caller hears it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from call_flows.login import code_field, known_pin_field, pin_field, user_id_field
from call_flows.rules import FlowRules
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.line import HungUp
from ivr.dialogue.question import Field
from ivr.dialogue.trace import hidden
from speech.languages.language import Language
from tests.dialogue.test_asking import FIELD, MENU, SETTINGS
from tests.support.fakes.caller import Cue, ScriptedCaller
from tests.support.fakes.line import PaperLine, PaperNarrator, PaperTrace

pytestmark = [pytest.mark.unit, pytest.mark.looptime]


@dataclass
class PaperRecording:
    """Notes what it is told, and how many utterances had begun by then."""

    line: PaperLine
    notes: list[tuple[str, int]] = field(default_factory=list)

    def asks(self, *, secret: bool) -> None:
        self.notes.append(("secret" if secret else "open", len(self.line.played)))

    def answered(self) -> None:
        self.notes.append(("answered", len(self.line.played)))


async def noted(
    ask: Field[str] | None, *cues: Cue | tuple[str, str], leaves: bool = False
) -> list[tuple[str, int]]:
    """What a recording is told while this field, or the menu, is asked."""
    line = PaperLine()
    recording = PaperRecording(line)
    call = Conversation(
        line, PaperNarrator(), SETTINGS, PaperTrace(), Language.ENGLISH, recorded=recording
    )
    caller = asyncio.ensure_future(ScriptedCaller(line, *cues).follow())
    if leaves:
        asyncio.get_running_loop().call_later(1.0, line.hang_up_by_caller)
    work: Any = call.choose(MENU) if ask is None else call.ask(ask)
    try:
        await work
    except HungUp:
        assert leaves
    finally:
        caller.cancel()
    return recording.notes


async def test_it_is_told_before_the_prompt_begins_and_when_the_answer_is_there() -> None:
    assert await noted(FIELD, ("number.ask", "1234#")) == [("open", 0), ("answered", 1)]
    assert await noted(None, ("menu.intro", "1")) == [("open", 0), ("answered", 1)]


async def test_at_every_attempt() -> None:
    secret = replace(FIELD, shown_as=hidden)
    found = [
        what for what, _ in await noted(secret, ("number.ask", "1#"), ("number.again", "1234#"))
    ]
    assert found == ["secret", "answered", "secret", "answered"]


async def test_a_caller_who_leaves_ends_it() -> None:
    assert [what for what, _ in await noted(FIELD, leaves=True)] == ["open", "answered"]


@pytest.mark.parametrize("name", ["user_id", "pin", "known_pin", "code"])
async def test_nothing_that_logs_a_driver_in_is_kept(name: str) -> None:
    rules = FlowRules()
    asked = {
        "user_id": user_id_field(rules),
        "pin": pin_field(rules),
        "known_pin": known_pin_field(rules, "12345678"),
        "code": code_field(rules),
    }[name]
    found = await noted(asked, (asked.prompt, "1" * asked.max_digits))
    assert [what for what, _ in found] == ["secret", "answered"]
