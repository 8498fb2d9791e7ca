"""Turns a conversation can take away from its flow, as exceptions.

VoiceXML throws events for these. A flow catches those that it can handle; the rest reach the part
that took the call. `HungUp`, the most common one, belongs to the line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prompts.utterance import SlotValue


class Turn(Exception):
    """The caller or the service left the course of the flow."""


class WentBack(Turn):
    """The caller wants the previous step."""


class Cancelled(Turn):
    """The caller wants to cancel and return to the main menu."""


class WantsHotline(Turn):
    """The caller asks for a human operator."""


class GaveUp(Turn):
    """All attempts at one question failed.

    Attributes:
        misheard: speech was not understood; the caller may well have an answer.
    """

    def __init__(self, question: str, *, misheard: bool = False) -> None:
        super().__init__(question)
        self.question = question
        self.misheard = misheard


class Redo(Turn):
    """One step of a walk is to be done again, and no other."""

    def __init__(self, step: Callable[..., Any]) -> None:
        super().__init__(getattr(step, "__name__", str(step)))
        self.step = step


class NotAccepted(Exception):
    """An answer was understood but cannot be used; `prompt` tells the caller why."""

    def __init__(self, prompt: str, **slots: SlotValue) -> None:
        super().__init__(prompt)
        self.prompt = prompt
        self.slots = slots


class NotUnderstood(NotAccepted):
    """The utterance is none of the answers, or not surely one."""


class NotKnown(NotAccepted):
    """ROCARS does not know the understood value: for a spoken answer, another reading is tried."""
