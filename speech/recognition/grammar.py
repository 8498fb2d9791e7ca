"""What a caller may say at one moment, and what it means (a small part of SRGS and SISR)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Protocol

from speech.recognition.words import NO_WORDS, UNKNOWN


class Completeness(Enum):
    """How complete an answer is so far; this decides how long a pause may be.

    VoiceXML 2.1, 6.3.2: *completetimeout* applies to what could be a whole answer,
    *incompletetimeout* to what could not.
    """

    IMPOSSIBLE = "impossible"  # no answer begins like this
    INCOMPLETE = "incomplete"
    ALMOST = "almost"  # lacks a word, or is unclear in one place: may be complete
    COMPLETE = "complete"
    FULL = "full"  # nothing can follow


@dataclass(frozen=True)
class Meaning:
    """The meaning of words.

    Attributes:
        text: digits, a mark, or a menu's key: the answer as it would have been keyed; or the name
            of a command.
        command: whether it is one of the universals instead of an answer.
    """

    text: str
    command: bool = False


class Grammar(Protocol):
    """The answers to one question in one language."""

    @property
    def phrases(self) -> tuple[str, ...]:
        """The phrases to recognise; the words of a phrase are separated by spaces."""

    @property
    def otherwise(self) -> str:
        """The word for speech that is none of the phrases: one of `NO_WORDS`."""

    @property
    def asks_for_a_number(self) -> bool:
        """Whether the answers are digits one after the other: for them there may be a model of
        their own."""

    def meaning(self, words: Sequence[str]) -> Meaning | None:
        """The meaning of these words; None if they are no answer."""

    def mended(self, words: Sequence[str]) -> tuple[Meaning, ...]:
        """The possible meanings if a word was lost or one too many was recognised."""

    def completeness(self, words: Sequence[str]) -> Completeness: ...


def without_noise(words: Iterable[str]) -> tuple[str, ...] | None:
    """The words without one stray sound before and one after them; None if there are more.

    A caller may clear their throat; a caller who talks to somebody else has not answered.
    """
    found = list(words)
    if found and found[0] in NO_WORDS:
        found.pop(0)
    if found and found[-1] in NO_WORDS:
        found.pop()
    return None if not found or NO_WORDS & set(found) else tuple(found)


@dataclass(frozen=True)
class PhraseGrammar:
    """Whole phrases, each with its meaning: menus and commands."""

    meanings: dict[str, Meaning]
    otherwise: str = UNKNOWN
    asks_for_a_number: ClassVar[bool] = False

    @property
    def phrases(self) -> tuple[str, ...]:
        return tuple(self.meanings)

    def meaning(self, words: Sequence[str]) -> Meaning | None:
        spoken = without_noise(words)
        return self.meanings.get(" ".join(spoken)) if spoken else None

    def mended(self, words: Sequence[str]) -> tuple[Meaning, ...]:
        return ()

    def completeness(self, words: Sequence[str]) -> Completeness:
        if NO_WORDS.issuperset(words):
            return Completeness.INCOMPLETE
        spoken = " ".join(without_noise(words) or (UNKNOWN,))
        longer = any(phrase.startswith(spoken + " ") for phrase in self.meanings)
        if spoken in self.meanings:
            return Completeness.COMPLETE if longer else Completeness.FULL
        return Completeness.INCOMPLETE if longer else Completeness.IMPOSSIBLE


@dataclass(frozen=True)
class Either:
    """Accepts what the first grammar accepts, otherwise what the second does."""

    first: Grammar
    second: Grammar

    @property
    def phrases(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.first.phrases, *self.second.phrases)))

    @property
    def otherwise(self) -> str:
        return self.first.otherwise

    @property
    def asks_for_a_number(self) -> bool:
        return self.first.asks_for_a_number

    def meaning(self, words: Sequence[str]) -> Meaning | None:
        return self.first.meaning(words) or self.second.meaning(words)

    def mended(self, words: Sequence[str]) -> tuple[Meaning, ...]:
        return self.first.mended(words) or self.second.mended(words)

    def completeness(self, words: Sequence[str]) -> Completeness:
        both = {self.first.completeness(words), self.second.completeness(words)}
        return next(state for state in _NEARER_THE_END if state in both)


_NEARER_THE_END = (
    Completeness.FULL,
    Completeness.COMPLETE,
    Completeness.ALMOST,
    Completeness.INCOMPLETE,
    Completeness.IMPOSSIBLE,
)
