"""The detail of the trace's steps, on prompts and answers: enough to repeat the call."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ivr.dialogue.collect import CollectResult, KeyCollector, NoInput, SpokenAnswer
from ivr.dialogue.keys import KeyBuffer
from ivr.dialogue.outcome import Mode
from ivr.dialogue.trace import MASK
from prompts.utterance import Phrase, SlotValue, Utterance


def what_is_said(
    phrases: Sequence[Phrase], utterance: Utterance, keys: KeyBuffer, *, filler: bool = False
) -> dict[str, Any]:
    """Give the detail of an utterance that begins now; see `Step.detail`.

    A filler is not what the caller waits for, so the time until a filler is no latency.
    """
    detail: dict[str, Any] = {"prompts": phrases_said(phrases, utterance)}
    if utterance.stand_ins:
        detail["stand_ins"] = ", ".join(utterance.stand_ins)
    if filler:
        detail["filler"] = True
    elif keys.last_at is not None:
        detail["latency_ms"] = _ms_since(keys.last_at)
        keys.last_at = None
    return detail


def phrases_said(phrases: Sequence[Phrase], utterance: Utterance) -> list[dict[str, Any]]:
    """Each phrase with its language, its slots as a person would write them, and where it ends
    (ms)."""
    return [
        {
            "name": phrase.prompt,
            "language": str(phrase.language),
            "slots": {name: _written(value) for name, value in phrase.slots.items()},
            "ends_ms": ends_ms,
        }
        for phrase, ends_ms in zip(phrases, utterance.ends_ms, strict=True)
    ]


def _written(value: SlotValue) -> str:
    match value:
        case datetime():
            return value.isoformat()
        case str() | int():
            return str(value)
        case _:
            return ",".join(value)


@dataclass(frozen=True)
class Given:
    """How an answer was given.

    Attributes:
        after_ms: from the beginning of what was asked to the first key or word.
        detail: see `Step.detail`; for a secret it contains no number.
    """

    after_ms: int
    detail: dict[str, Any]


def how_given(
    result: CollectResult, collector: KeyCollector, keys: KeyBuffer, *, shown: str
) -> Given:
    """How the answer that has just come was given. `shown` is what the trace shows of it."""
    detail: dict[str, Any] = {}
    if keys.passed_over:
        detail["before"], keys.passed_over = keys.passed_over, ""
    if isinstance(result, SpokenAnswer):
        utterance = result.utterance
        detail["mode"] = Mode.SPEECH
        if shown != MASK:  # a secret's detail contains no number
            detail["confidence"] = round(utterance.confidence, 3)
            detail["decided_ms"] = utterance.decided_ms
        if utterance.readings and shown == utterance.readings[0].meaning.text:  # nothing masked
            detail["words"] = utterance.readings[0].words
            detail["language"] = utterance.language
        began = _ms_since(collector.put_at) - utterance.decided_ms - utterance.spoken_ms
        return Given(max(0, began), detail)
    if isinstance(result, NoInput) or collector.first is None:
        return Given(0, detail)
    detail["sent"] = collector.first.sent
    if collector.ended is not None:
        detail["ended"] = collector.ended
    return Given(round((collector.first.at - collector.put_at) * 1000), detail)


def _ms_since(moment: float) -> int:
    return round((asyncio.get_running_loop().time() - moment) * 1000)
