"""What a conversation needs of an ear, and nothing of how it hears.

`speech.recognition.ear` fulfils this on a live call; tests fulfil it with a script.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from speech.languages.language import Language
from speech.recognition.grammar import Grammar, Meaning


class Deaf(Exception):
    """The recogniser failed or stood still: this call goes on by keypad."""


@dataclass(frozen=True)
class Reading:
    """What may have been said.

    Attributes:
        confidence: 0 to 1; those of all readings and of speech that is none add up to 1.
        words: those that were heard; empty where a word was lost or added to make sense of it.
    """

    meaning: Meaning
    confidence: float
    words: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class Utterance:
    """What was heard.

    Attributes:
        readings: the likeliest first; empty for speech that is no answer.
        sure: whether the first of them may be taken without anybody else's word for it.
        spoken_ms: how long the caller spoke.
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
    """Listening for the answer to one question."""

    @property
    def began(self) -> asyncio.Event:
        """Set once it is clear that the caller is answering: a prompt should stop (barge-in)."""

    @property
    def speaking(self) -> bool:
        """Whether something is being said, or still being recognised."""

    async def utterance(self) -> Utterance:
        """Wait for something to be said, to its end. Noise alone is passed over. Raises Deaf."""


class Ear(Protocol):
    """Hears one caller for as long as his call lasts."""

    def hears(self, language: Language) -> bool:
        """Whether something said in this language can be understood now."""

    def attend(self, grammars: Mapping[Language, Grammar]) -> AbstractContextManager[Attention]:
        """Listen for the answer to a question, in one language or several at once."""
