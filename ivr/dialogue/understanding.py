"""What an answer means: a universal, or a value of the question, keyed or spoken."""

from __future__ import annotations

from typing import TypeVar

from ivr.dialogue.collect import (
    CollectResult,
    InvalidKeys,
    Keyed,
    SpokenAnswer,
    UniversalCommand,
)
from ivr.dialogue.open_question import OpenQuestion
from ivr.dialogue.outcome import Mode
from ivr.dialogue.turns import NotAccepted, NotKnown, NotUnderstood
from ivr.dialogue.universals import Universal
from speech.recognition.hearing import Utterance

T = TypeVar("T")

MOST_READINGS = 10
"""How many readings of one utterance ROCARS is asked about at most."""


def universal_in(result: CollectResult) -> Universal | None:
    """The universal that was keyed, or spoken so that it is sure."""
    match result:
        case UniversalCommand(universal):
            return universal
        case SpokenAnswer(utterance) if (
            utterance.readings and utterance.readings[0].meaning.command
        ):
            return Universal(utterance.readings[0].meaning.text) if utterance.sure else None
        case _:
            return None


def answer_in(result: CollectResult) -> str:
    """The digits that were keyed, or the likeliest reading; empty for neither."""
    match result:
        case Keyed(digits):
            return digits
        case SpokenAnswer(utterance) if utterance.readings:
            return utterance.readings[0].meaning.text
        case _:
            return ""


async def understood(result: CollectResult, question: OpenQuestion[T]) -> T:
    """The value of an answer. Raises NotAccepted."""
    match result:
        case Keyed(digits):
            return await question.understand(digits, Mode.KEY)
        case SpokenAnswer(utterance):
            return await _settled(utterance, question)
        case InvalidKeys():
            raise NotAccepted("universal.nomatch")
        case _:
            raise NotAccepted("universal.noinput")


async def other_readings(result: CollectResult, question: OpenQuestion[T], value: T) -> list[T]:
    """What else a spoken answer may mean, likeliest first, where that is settled later."""
    others: list[T] = []
    if not question.settled_later or not isinstance(result, SpokenAnswer):
        return others
    for answer in _answers(result.utterance):
        try:
            other = await question.understand(answer, Mode.SPEECH)
        except NotAccepted:
            continue
        if other != value and other not in others:
            others.append(other)
    return others


def _answers(utterance: Utterance) -> list[str]:
    readings = [reading.meaning for reading in utterance.readings if not reading.meaning.command]
    return [meaning.text for meaning in readings][:MOST_READINGS]


async def _settled(utterance: Utterance, question: OpenQuestion[T]) -> T:
    """Settle on the likeliest reading that ROCARS knows; without an authority to ask, on a sure
    one.

    Raises NotAccepted.
    """
    answers = _answers(utterance)
    if not answers:
        raise NotUnderstood("universal.nomatch")
    if not utterance.sure and not question.settled_elsewhere:
        raise NotUnderstood("speech.unsure")
    not_known: NotKnown | None = None
    for answer in answers:
        try:
            return await question.understand(answer, Mode.SPEECH)
        except NotKnown as refusal:
            not_known = not_known or refusal
    assert not_known is not None
    raise not_known
