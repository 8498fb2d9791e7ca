"""Putting an utterance together: recordings, gaps, and what to do when a recording is missing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone

import structlog

from prompts import catalogue
from prompts.catalogue import CatalogueError, Segment, Slot, SlotKind
from prompts.library import Library
from prompts.script import Clip, unit_clip
from prompts.settings import PromptSettings
from prompts.stand_in import StandIns
from prompts.utterance import BYTES_PER_SECOND, Phrase, SlotValue, Utterance
from speech.language import Language
from speech.spoken import FORMS
from speech.spoken.forms import NotSpeakable, SpokenForms
from speech.spoken.unit import Gap, Spoken, Unit

log = structlog.get_logger(__name__)

HONG_KONG = timezone(timedelta(hours=8), "HKT")
REMEMBERED = 256
PAUSE_MARKS = "，。：；、,.:;!?！？"

Observer = Callable[[str, str, str], None]
"""Told of each stand-in: language, clip, and how it was filled."""


def hong_kong_now() -> datetime:
    return datetime.now(HONG_KONG)


class Composer:
    """Turns phrases into one piece of audio (fulfils `prompts.utterance.Narrator`)."""

    def __init__(
        self,
        library: Library,
        settings: PromptSettings,
        stand_ins: StandIns,
        *,
        observer: Observer = lambda language, clip, how: None,
        now: Callable[[], datetime] = hong_kong_now,
    ) -> None:
        self._library = library
        self._settings = settings
        self._stand_ins = stand_ins
        self._observer = observer
        self._now = now
        self._composed: OrderedDict[str, tuple[bytes, str]] = OrderedDict()

    async def compose(self, phrases: Sequence[Phrase]) -> Utterance:
        """One utterance; never raises for what cannot be said, but says so in `stand_ins`."""
        pieces: list[bytes] = []
        texts: list[str] = []
        stand_ins: list[str] = []
        for phrase in phrases:
            pcm, text = await self._phrase(phrase, stand_ins)
            if pieces:
                pieces.append(self._silence(self._settings.phrase_gap_ms))
            pieces.append(pcm)
            texts.append(text)
        return Utterance(
            b"".join(pieces),
            " ".join(texts),
            tuple(phrase.prompt for phrase in phrases),
            tuple(stand_ins),
        )

    async def _phrase(self, phrase: Phrase, stand_ins: list[str]) -> tuple[bytes, str]:
        key = f"{phrase.language} {phrase.prompt} {sorted(phrase.slots.items())}"
        dated = any(isinstance(value, datetime) for value in phrase.slots.values())
        if not dated and key in self._composed:
            self._composed.move_to_end(key)
            return self._composed[key]
        before = len(stand_ins)
        composed = await self._compose(phrase, stand_ins)
        if not dated and len(stand_ins) == before:
            self._composed[key] = composed
            if len(self._composed) > REMEMBERED:
                self._composed.popitem(last=False)
        return composed

    async def _compose(self, phrase: Phrase, stand_ins: list[str]) -> tuple[bytes, str]:
        try:
            prompt = catalogue.load(phrase.language).prompts[phrase.prompt]
        except (KeyError, CatalogueError):
            self._left_out(phrase.language, phrase.prompt, stand_ins)
            return b"", f"[{phrase.prompt}]"
        pieces: list[bytes | memoryview] = []
        text = ""
        for at, part in enumerate(prompt.parts):
            if isinstance(part, Segment):
                text += part.text
                if not part.speech:
                    continue
                clip = Clip(phrase.language, part.name, part.speech)
                said: bytes | memoryview = await self._clip(clip, stand_ins)
            else:
                spoken, written = self._fill(phrase, part, stand_ins)
                text += written
                said = await self._spoken(phrase.language, spoken, stand_ins)
            if pieces:
                pieces.append(self._silence(self._join_ms(prompt.parts, at)))
            pieces.append(said)
        return b"".join(pieces), text

    def _join_ms(self, parts: Sequence[Segment | Slot], at: int) -> int:
        """The pause before a part: longer where the text has a mark there."""
        before = parts[at - 1]
        marked = isinstance(before, Segment) and before.text.rstrip()[-1:] in PAUSE_MARKS
        here = parts[at]
        marked = marked or (isinstance(here, Segment) and here.text.lstrip()[:1] in PAUSE_MARKS)
        return self._settings.comma_gap_ms if marked else self._settings.slot_gap_ms

    def _fill(self, phrase: Phrase, slot: Slot, stand_ins: list[str]) -> tuple[Spoken, str]:
        forms = FORMS[phrase.language]
        value = phrase.slots.get(slot.name)
        try:
            if value is None:
                raise NotSpeakable("the slot was not filled")
            spoken = self._speak(forms, slot.kind, value)
        except (NotSpeakable, TypeError, ValueError, OverflowError) as failure:
            log.error(
                "slot cannot be spoken",
                prompt=phrase.prompt,
                slot=slot.name,
                kind=slot.kind.value,
                why=str(failure),
            )
            self._left_out(phrase.language, f"{phrase.prompt} {slot.name}", stand_ins)
            return (), "…"
        return spoken, _written(spoken, slot.kind)

    def _speak(self, forms: SpokenForms, kind: SlotKind, value: SlotValue) -> Spoken:
        match kind, value:
            case SlotKind.DIGITS, str():
                return forms.digits(value)
            case SlotKind.REFS, [*references]:
                return forms.references([str(one) for one in references])
            case SlotKind.PLATE, str():
                return forms.plate(value)
            case SlotKind.TIME, datetime():
                return forms.moment(value.astimezone(HONG_KONG), self._now())
            case SlotKind.NUMBER, int():
                return [forms.number(value)]
            case SlotKind.LETTER, str():
                return [forms.letter(value)]
            case SlotKind.KEY, str():
                return [forms.key(value)]
        raise NotSpeakable(f"a slot of kind {kind} cannot be filled with {type(value).__name__}")

    async def _spoken(self, language: Language, spoken: Spoken, stand_ins: list[str]) -> bytes:
        pieces: list[bytes | memoryview] = []
        follows_unit = False
        for one in spoken:
            if isinstance(one, Unit):
                if follows_unit:
                    pieces.append(self._silence(self._settings.unit_gap_ms))
                clip = unit_clip(language, one.name, one.speech)
                pieces.append(await self._clip(clip, stand_ins))
                follows_unit = True
            else:
                gap = self._settings.group_gap_ms
                if one is Gap.ITEM:
                    gap = self._settings.item_gap_ms
                pieces.append(self._silence(gap))
                follows_unit = False
        return b"".join(pieces)

    async def _clip(self, clip: Clip, stand_ins: list[str]) -> bytes | memoryview:
        recorded = self._library.clip(clip.language, clip.name)
        if recorded is not None:
            return recorded
        synthesised = await self._stand_ins.synthesised(clip)
        if synthesised:
            self._noted(clip.language, clip.name, "synthesised", stand_ins)
            return synthesised
        for other in Language:
            borrowed = self._library.clip(other, clip.name)
            if borrowed is not None:
                self._noted(clip.language, clip.name, f"borrowed from {other}", stand_ins)
                return borrowed
        self._left_out(clip.language, clip.name, stand_ins)
        return b""

    def _left_out(self, language: Language, name: str, stand_ins: list[str]) -> None:
        self._noted(language, name, "left out", stand_ins)

    def _noted(self, language: Language, name: str, how: str, stand_ins: list[str]) -> None:
        log.error("prompt without recording", language=language, clip=name, how=how)
        stand_ins.append(f"{name}: {how}")
        self._observer(language, name, how)

    @staticmethod
    def _silence(ms: int) -> bytes:
        return bytes(BYTES_PER_SECOND * ms // 1000 // 2 * 2)


def _written(spoken: Spoken, kind: SlotKind) -> str:
    """What was spoken, as a person would write it: groups apart, references apart."""
    written = ""
    for one in spoken:
        if isinstance(one, Unit):
            apart = kind is SlotKind.TIME and _word(written[-1:]) and _word(one.text[:1])
            written += f" {one.text}" if apart else one.text
        else:
            written += ", " if one is Gap.ITEM else " "
    return written


def _word(character: str) -> bool:
    """Part of a word or number of a script that writes spaces between them."""
    return character.isascii() and character.isalnum()
