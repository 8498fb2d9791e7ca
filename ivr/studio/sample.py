"""A prompt as callers hear it today, whole, with made-up values in its slots."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from prompts import catalogue
from prompts.catalogue import SlotKind
from prompts.composer import Composer, hong_kong_now
from prompts.library import Library
from prompts.live import PublishedLibrary
from prompts.settings import PromptSettings
from prompts.stand_in import StandIns
from prompts.utterance import Phrase, SlotValue, Utterance
from speech.languages.language import Language


def made_up(kind: SlotKind, now: datetime) -> SlotValue:
    """A value such a slot may have."""
    match kind:
        case SlotKind.DIGITS:
            return "1234567890"
        case SlotKind.REFS | SlotKind.ENDINGS:
            return ["1234567890123", "9876543210987"]
        case SlotKind.PLATE:
            return "AB1234"
        case SlotKind.TIME:
            return now + timedelta(minutes=30)
        case SlotKind.NUMBER:
            return 8
        case SlotKind.LETTER:
            return "A"
        case SlotKind.KEY:
            return "1"


class Sample:
    """Composes prompts for who wants to hear them outside a call."""

    def __init__(
        self, library: Library, published: Path, settings: PromptSettings, made: Path
    ) -> None:
        """`made`: directory of what was synthesised because it has no recording."""
        self._stand_ins = StandIns(settings, made)
        self._composer = Composer(PublishedLibrary(library, published), settings, self._stand_ins)

    async def of(self, language: Language, prompt: str) -> Utterance:
        """Raises KeyError where there is no such prompt."""
        slots = catalogue.load(language).prompts[prompt].slots
        now = hong_kong_now()
        values = {name: made_up(kind, now) for name, kind in slots.items()}
        return await self._composer.compose([Phrase(language, prompt, values)])

    async def spoken(self, language: Language, words: str) -> Utterance:
        """Words of no recording, as callers would hear them."""
        return await self._composer.compose([Phrase(language, "sample", words=words)])

    async def close(self) -> None:
        await self._stand_ins.close()
