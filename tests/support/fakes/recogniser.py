"""A recogniser on paper: what is said is told beforehand, one saying for each question put."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from speech.languages.language import Language
from speech.recognition.grammar import Grammar, Meaning
from speech.recognition.hearing import Reading, RecogniserFailed, Utterance


@dataclass(frozen=True)
class Saying:
    """Words a caller says, `after` so many seconds of the prompt, for `lasts` seconds.

    Attributes:
        words: readings of it, the likeliest first; none for talk that is no answer.
        failed: the recogniser fails over it.
    """

    words: tuple[str, ...] = ()
    after: float = 1.0
    lasts: float = 1.0
    confidence: float = 0.9
    failed: bool = False


@dataclass
class PaperRecogniser:
    """Fulfils `speech.recognition.hearing.Recogniser`."""

    sayings: list[Saying | None]
    languages: frozenset[Language] = frozenset(Language)
    attended: list[Mapping[Language, Grammar]] = field(default_factory=list)
    failed: bool = False

    def hears(self, language: Language) -> bool:
        return language in self.languages and not self.failed

    @contextmanager
    def attend(self, grammars: Mapping[Language, Grammar]) -> Iterator[PaperAttention]:
        self.attended.append(grammars)
        saying = self.sayings.pop(0) if self.sayings else None
        yield PaperAttention(self, grammars, saying)


@dataclass
class PaperAttention:
    recogniser: PaperRecogniser
    grammars: Mapping[Language, Grammar]
    saying: Saying | None
    began: asyncio.Event = field(default_factory=asyncio.Event)
    speaking: bool = False

    async def utterance(self) -> Utterance:
        saying = self.saying
        if saying is None:
            await asyncio.Event().wait()
        assert saying is not None
        await asyncio.sleep(saying.after)
        self.speaking = True
        if saying.failed:
            self.recogniser.failed = True
            raise RecogniserFailed("on paper")
        self.began.set()
        await asyncio.sleep(saying.lasts)
        language, grammar = next(iter(self.grammars.items()))
        meanings: list[Meaning] = []
        for words in saying.words:
            meaning = grammar.meaning(words.split())
            assert meaning is not None, f"{words!r} is no answer to {grammar}"
            meanings.append(meaning)
        readings = tuple(
            Reading(meaning, saying.confidence / 2**place) for place, meaning in enumerate(meanings)
        )
        return Utterance(
            language,
            readings,
            sure=saying.confidence >= 0.4,
            spoken_ms=round(saying.lasts * 1000),
        )
