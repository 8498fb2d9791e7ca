"""The step trace of a call: prompts, questions and answers, with secrets masked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

MASK = "******"

WHOLE_ID = 8
"""A number of at least so many digits is taken for an identifier; PINs and codes are shorter."""


def as_keyed(keyed: str) -> str:
    """Shown in the trace as it was keyed."""
    return keyed


def hidden(keyed: str) -> str:
    """For PINs and one-time codes: nothing is shown, not even the length."""
    return MASK if keyed else ""


def last_three(keyed: str) -> str:
    """For personal identifiers: enough to find the call again, too little to identify the person.

    Nothing is shown of a number shorter than `WHOLE_ID`: a caller who is ahead of the questions, or
    behind them, may have keyed a PIN or a code here, and half of it would be shown.
    """
    return MASK + keyed[-3:] if len(keyed) >= WHOLE_ID else hidden(keyed)


class StepKind(StrEnum):
    SAID = "said"
    ASKED = "asked"
    ANSWERED = "answered"
    NOINPUT = "noinput"
    NOMATCH = "nomatch"
    UNIVERSAL = "universal"
    BACK_END = "back_end"
    GAVE_UP = "gave_up"
    TRANSFER = "transfer"
    RECORDED = "recorded"


@dataclass(frozen=True)
class Step:
    """One step of a conversation.

    Attributes:
        kind: what happened.
        name: prompt, question or operation it happened to.
        text: the words of a prompt.
        value: what the caller answered; `MASK` where it is secret.
        attempt: which asking of the question this belongs to; 0 where none.
        ms: how long it took, milliseconds. Of an answer: from the beginning of the question to its
            first key or word; below nought if that came before.
        language: ISO 639-3 code the caller was hearing.
        detail: more, for close inspection and for making a test of the call. Of a prompt or
            question:
            ``prompts`` (`phrases_said`), ``latency_ms`` from the caller's last key or word to its
            beginning, ``filler``, ``only_now`` where keys pressed before do not count, and
            ``expects``: the ``keys`` of a menu, or the fewest and the most ``digits`` of a field
            and whether ``hash`` alone is an answer. Of an answer: ``mode``, ``sent`` (how its keys
            came), ``ended`` (what ended it), ``before`` (a # that belonged to the answer before),
            ``words`` as they were recognised, and their ``language``.
    """

    kind: StepKind
    name: str
    text: str = ""
    value: str = ""
    attempt: int = 0
    ms: int = 0
    language: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


class Trace(Protocol):
    """Takes steps as they happen; must return at once and never raise."""

    def step(self, step: Step) -> None: ...
