"""What is asked of the prompts, and what comes back: one piece of audio and its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from speech.languages.language import Language

SAMPLE_RATE = 8000
"""Hz. Every prompt is mono, 16 bit signed little-endian PCM at this rate."""

BYTES_PER_SECOND = SAMPLE_RATE * 2

SlotValue = str | int | datetime | Sequence[str]
"""What can fill a slot of a prompt: digits or a plate, a count, a time, a list of references."""


@dataclass(frozen=True)
class Phrase:
    """One prompt of the catalogue with its slots filled, in one language.

    `slots` are named as in the catalogue text: ``{ubr:digits}`` is filled by ``{"ubr": "1234"}``.

    Attributes:
        words: said as they are, by the voice of the recordings, where `prompt` is no prompt of the
            catalogue: an announcement of the day.
    """

    language: Language
    prompt: str
    slots: Mapping[str, SlotValue] = field(default_factory=dict)
    words: str = ""


@dataclass(frozen=True)
class Utterance:
    """Phrases composed into one piece of audio, and the words a person would write for them.

    Attributes:
        pcm: mono 16 bit PCM at `SAMPLE_RATE`, gaps and loudness settled.
        text: the words as spoken, for transcripts and traces.
        prompts: catalogue names in the order spoken.
        stand_ins: what could not be played from a recording, as ``name: how`` (synthesised, other
            language, left out); empty when all is well.
    """

    pcm: bytes
    text: str
    prompts: tuple[str, ...]
    stand_ins: tuple[str, ...] = ()
    ends_ms: tuple[int, ...] = ()
    """Where in the audio each phrase ends."""

    @property
    def seconds(self) -> float:
        return len(self.pcm) / BYTES_PER_SECOND


class Narrator(Protocol):
    """Turns phrases into an utterance. Never raises for a missing recording."""

    async def compose(self, phrases: Sequence[Phrase]) -> Utterance: ...
