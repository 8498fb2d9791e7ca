"""What a conversation needs of a recogniser, whatever implements it.

`speech.recognition.vosk_recogniser` fulfils this on a live call; tests fulfil it with a script.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from speech.languages.language import Language
from speech.recognition.grammar import Grammar, Meaning


class RecogniserFailed(Exception):
    """The recogniser failed or stalled: this call goes on by keypad."""


@dataclass(frozen=True)
class Reading:
    """One possible meaning of an utterance.

    Attributes:
        confidence: 0 to 1; those of all readings, and of speech that is no answer, add up to 1.
        words: the recognised words; empty if a word had to be added or dropped for this meaning.
    """

    meaning: Meaning
    confidence: float
    words: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class Utterance:
    """One recognised utterance.

    Attributes:
        readings: the likeliest first; empty for speech that is no answer.
        sure: whether the first reading may be used without confirmation by another authority.
        spoken_ms: how long the caller spoke, from the onset of speech, which is known to a tenth of
            a second, to the end of the last word.
        decided_ms: from the last speech to the result.
    """

    language: Language
    readings: tuple[Reading, ...]
    sure: bool = True
    spoken_ms: int = 0
    decided_ms: int = 0

    @property
    def confidence(self) -> float:
        return self.readings[0].confidence if self.readings else 0.0


class Attention(Protocol):
    """Listens for the answer to one question."""

    @property
    def began(self) -> asyncio.Event:
        """Set once it is clear that the caller is answering: a prompt should stop (barge-in)."""

    @property
    def speaking(self) -> bool:
        """Whether speech is being received, or still being recognised."""

    async def utterance(self) -> Utterance:
        """Wait for an utterance, to its end. Noise alone is ignored. Raises RecogniserFailed."""


class Recogniser(Protocol):
    """Recognises the speech of one caller during their call."""

    def hears(self, language: Language) -> bool:
        """Whether speech in this language can be recognised now."""

    def attend(self, grammars: Mapping[Language, Grammar]) -> AbstractContextManager[Attention]:
        """Listen for the answer to a question, in one language or several at once."""
