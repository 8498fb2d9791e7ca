"""Spoken answers that were not understood, and given again: another time they may be understood."""

from __future__ import annotations

from collections.abc import Sequence

from ivr.dialogue.outcome import Mode
from ivr.dialogue.trace import StepKind
from ivr.records.models import CallStep

NOT_UNDERSTOOD = ("universal.nomatch", "speech.unsure")
"""Why a spoken answer is asked for again if the recogniser made nothing of it, or was not sure.
What it understood, and ROCARS does not know, is said again as it was understood."""


def given_again(steps: Sequence[CallStep]) -> frozenset[int]:
    """Which steps of a call are spoken answers that were not understood, and the questions that
    were put again after them, where the same question was answered in the end.

    Whether words are understood depends on the recogniser, the line and chance. A scenario
    therefore gives the answer that was understood, and says it again if it is asked to.
    """
    found: set[int] = set()
    asked = -1
    for at, step in enumerate(steps):
        if step.kind == StepKind.ASKED:
            asked = at
        elif step.kind in (StepKind.ANSWERED, StepKind.UNIVERSAL):
            again = asked
            while _is_asked_after_mishearing(steps, again, step.name):
                found |= {again - 1, again}
                again -= 2
    return frozenset(found)


def _is_asked_after_mishearing(steps: Sequence[CallStep], at: int, name: str) -> bool:
    """Whether step `at` puts this question again because what was said was not understood."""
    if at < 1 or steps[at].kind != StepKind.ASKED or steps[at].name != name:
        return False
    answer = steps[at - 1]
    return (
        answer.kind == StepKind.NOMATCH
        and answer.name == name
        and answer.detail.get("mode") == Mode.SPEECH
        and answer.detail.get("why") in NOT_UNDERSTOOD
    )
