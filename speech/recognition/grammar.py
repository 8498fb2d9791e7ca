"""What a caller may say at one moment, and what it means (SRGS and SISR, in small)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from speech.recognition.words import NO_WORDS, UNKNOWN


class Completeness(Enum):
    """How much of an answer has been heard; it decides how long a pause may be.

    VoiceXML 2.1, 6.3.2: *completetimeout* is waited after what could be all,
    *incompletetimeout* after what cannot.
    """

    IMPOSSIBLE = "impossible"  # no answer begins so
    INCOMPLETE = "incomplete"
    ALMOST = "almost"  # a word short of an answer, or unclear in one place: it may be all there
    COMPLETE = "complete"
    FULL = "full"  # nothing can follow


@dataclass(frozen=True)
class Meaning:
    """What words stand for.

    Attributes:
        text: digits, a mark, or a menu's key: the answer as it would have been keyed; or the name
            of a command.
        command: one of the universals instead of an answer.
    """

    text: str
    command: bool = False


class Grammar(Protocol):
    """The answers to one question in one language."""

    @property
    def phrases(self) -> tuple[str, ...]:
        """What is listened for; words of a phrase are separated by spaces."""

    @property
    def otherwise(self) -> str:
        """What speech that is none of the phrases is heard as: one of `NO_WORDS`."""

    def meaning(self, words: Sequence[str]) -> Meaning | None:
        """What these words mean; None where they are no answer."""

    def mended(self, words: Sequence[str]) -> tuple[Meaning, ...]:
        """What may have been said where a word was lost or one too many was heard."""

    def completeness(self, words: Sequence[str]) -> Completeness: ...


def without_noise(words: Iterable[str]) -> tuple[str, ...] | None:
    """Words without a stray sound before and one behind; None where there is more than that.

    A caller may clear his throat; a caller who talks to somebody else has not answered.
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
    """What the first grammar takes, or else the second."""

    first: Grammar
    second: Grammar

    @property
    def phrases(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.first.phrases, *self.second.phrases)))

    @property
    def otherwise(self) -> str:
        return self.first.otherwise

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
