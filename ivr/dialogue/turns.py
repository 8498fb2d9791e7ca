"""Turns a conversation can take away from its flow, as exceptions.

VoiceXML throws events for these; a flow catches what it has an answer to, and the rest reaches the
one who answers the call. `HungUp`, the most common one, belongs to the line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prompts.utterance import SlotValue


class Turn(Exception):
    """The caller, or the service, took the conversation elsewhere."""


class WentBack(Turn):
    """The caller wants the step before this one."""


class Cancelled(Turn):
    """The caller wants none of this: back to the main menu."""


class WantsHotline(Turn):
    """The caller asks for a person."""


class GaveUp(Turn):
    """All attempts at one question failed.

    Attributes:
        misheard: what the caller said was not understood; he may well have an answer.
    """

    def __init__(self, question: str, *, misheard: bool = False) -> None:
        super().__init__(question)
        self.question = question
        self.misheard = misheard


class Redo(Turn):
    """One step of a walk is to be done again, and only that one."""

    def __init__(self, step: Callable[..., Any]) -> None:
        super().__init__(getattr(step, "__name__", str(step)))
        self.step = step


class NotAccepted(Exception):
    """An answer was understood and cannot be used; `prompt` tells the caller why."""

    def __init__(self, prompt: str, **slots: SlotValue) -> None:
        super().__init__(prompt)
        self.prompt = prompt
        self.slots = slots


class NotUnderstood(NotAccepted):
    """What was said is none of the answers, or not surely one."""


class NotKnown(NotAccepted):
    """ROCARS does not know what was understood: of something spoken, another reading is meant."""
