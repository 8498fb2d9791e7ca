"""Recordings that nobody has reviewed, laid over those that callers hear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prompts.library import Shelf
from speech.languages.language import Language


@dataclass(frozen=True)
class Draft:
    """One recording, and what it says.

    Attributes:
        pcm: mono, s16le, 8000 Hz.
    """

    words: str
    pcm: bytes = field(repr=False)


@dataclass(frozen=True)
class ShelfWithDrafts:
    """What callers hear, but for these (a `Shelf`)."""

    below: Shelf
    drafts: Mapping[tuple[Language, str], Draft]

    def clip(self, language: Language, name: str) -> memoryview | None:
        draft = self.drafts.get((language, name))
        return self.below.clip(language, name) if draft is None else memoryview(draft.pcm)

    def words(self, language: Language, name: str) -> str | None:
        draft = self.drafts.get((language, name))
        return self.below.words(language, name) if draft is None else draft.words

    def changed(self) -> bool:
        return self.below.changed()
