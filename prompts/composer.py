"""Putting an utterance together: recordings, gaps, and what to do when a recording is missing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import structlog

from prompts import catalogue
from prompts.catalogue import CatalogueError, Segment, Slot, SlotKind
from prompts.library import Shelf
from prompts.script import Clip, unit_clip
from prompts.settings import PromptSettings
from prompts.stand_in import StandIns
from prompts.utterance import BYTES_PER_SECOND, Phrase, SlotValue, Utterance
from speech.languages.language import Language
from speech.languages.registry import FORMS
from speech.spoken.forms import NotSpeakable, SpokenForms
from speech.spoken.unit import Gap, Spoken, Unit

log = structlog.get_logger(__name__)

HONG_KONG = timezone(timedelta(hours=8), "HKT")
REMEMBERED = 256
ANNOUNCEMENT = "announcement"
"""What metrics call an announcement of the day: their labels come from a closed set."""
PAUSE_MARKS = "，。：；、,.:;!?！？"

Observer = Callable[[str, str, str], None]
"""Told of each stand-in: language, clip, and how it was filled."""


def hong_kong_now() -> datetime:
    return datetime.now(HONG_KONG)


@dataclass
class _Rendering:
    """A phrase as one language says it, and what it could not say from a recording."""

    language: Language
    may_synthesise: bool
    pcm: bytes = b""
    text: str = ""
    synthesised: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    unspoken: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not (self.synthesised or self.lost or self.unspoken)


class Composer:
    """Turns phrases into one piece of audio (fulfils `prompts.utterance.Narrator`)."""

    def __init__(
        self,
        library: Shelf,
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
        if self._library.changed():
            self._composed.clear()
        pieces: list[bytes] = []
        texts: list[str] = []
        stand_ins: list[str] = []
        ends_ms: list[int] = []
        length = 0
        for phrase in phrases:
            pcm, text = await self._phrase(phrase, stand_ins)
            if pieces:
                pieces.append(self._silence(self._settings.phrase_gap_ms))
                length += len(pieces[-1])
            pieces.append(pcm)
            texts.append(text)
            length += len(pcm)
            ends_ms.append(length * 1000 // BYTES_PER_SECOND)
        return Utterance(
            b"".join(pieces),
            " ".join(texts),
            tuple(phrase.prompt for phrase in phrases),
            tuple(stand_ins),
            tuple(ends_ms),
        )

    async def _as_written(self, phrase: Phrase, stand_ins: list[str]) -> tuple[bytes, str]:
        """Words that no recording is expected of. No other language can lend its own."""
        clip = Clip(phrase.language, phrase.prompt, phrase.words)
        pcm = await self._stand_ins.synthesised(clip)
        if not pcm:
            self._noted(phrase.language, ANNOUNCEMENT, "left out", stand_ins)
        return pcm, phrase.words

    async def _phrase(self, phrase: Phrase, stand_ins: list[str]) -> tuple[bytes, str]:
        if phrase.words:
            return await self._as_written(phrase, stand_ins)
        key = f"{phrase.language} {phrase.prompt} {sorted(phrase.slots.items())}"
        dated = any(isinstance(value, datetime) for value in phrase.slots.values())
        if not dated and key in self._composed:
            self._composed.move_to_end(key)
            return self._composed[key]
        rendering = await self._render(phrase, phrase.language, may_synthesise=True)
        for name in rendering.synthesised:
            self._noted(phrase.language, name, "synthesised", stand_ins)
        for name in rendering.unspoken:
            self._noted(phrase.language, name, "left out", stand_ins)
        if rendering.lost:
            borrowed = await self._borrowed(phrase)
            how = "left out" if borrowed is None else f"borrowed from {borrowed.language}"
            for name in rendering.lost:
                self._noted(phrase.language, name, how, stand_ins)
            said_instead = borrowed or rendering
            return said_instead.pcm, said_instead.text
        if rendering.whole and not dated:
            self._composed[key] = rendering.pcm, rendering.text
            if len(self._composed) > REMEMBERED:
                self._composed.popitem(last=False)
        return rendering.pcm, rendering.text

    async def _borrowed(self, phrase: Phrase) -> _Rendering | None:
        """The phrase whole in a language that has every recording of it.

        Never a part of it: "for A, press 1" with the first words of another language, which may
        order the sentence otherwise, says something else.
        """
        for other in Language:
            if other is not phrase.language:
                rendering = await self._render(phrase, other, may_synthesise=False)
                if not rendering.lost and rendering.pcm:
                    return rendering
        return None

    async def _render(
        self, phrase: Phrase, language: Language, *, may_synthesise: bool
    ) -> _Rendering:
        rendering = _Rendering(language, may_synthesise)
        try:
            prompt = catalogue.load(language).prompts[phrase.prompt]
        except (KeyError, CatalogueError):
            rendering.lost.append(phrase.prompt)
            rendering.text = f"[{phrase.prompt}]"
            return rendering
        pieces: list[bytes | memoryview] = []
        for at, part in enumerate(prompt.parts):
            if isinstance(part, Segment):
                segment = self._worded(language, part)
                rendering.text += segment.text
                if not segment.speech:
                    continue
                sound = await self._clip(Clip(language, segment.name, segment.speech), rendering)
            else:
                sound = await self._spoken(self._fill(phrase, part, rendering), rendering)
            if pieces:
                pieces.append(self._silence(self._join_ms(prompt.parts, at)))
            pieces.append(sound)
        rendering.pcm = b"".join(pieces)
        return rendering

    def _worded(self, language: Language, segment: Segment) -> Segment:
        """The segment with the words of the recording that is live."""
        words = self._library.words(language, segment.name)
        return segment if words is None else Segment(segment.name, words)

    def _join_ms(self, parts: Sequence[Segment | Slot], at: int) -> int:
        """The pause before a part: longer where the text has a mark there."""
        before = parts[at - 1]
        marked = isinstance(before, Segment) and before.text.rstrip()[-1:] in PAUSE_MARKS
        here = parts[at]
        marked = marked or (isinstance(here, Segment) and here.text.lstrip()[:1] in PAUSE_MARKS)
        return self._settings.comma_gap_ms if marked else self._settings.slot_gap_ms

    def _fill(self, phrase: Phrase, slot: Slot, rendering: _Rendering) -> Spoken:
        value = phrase.slots.get(slot.name)
        try:
            if value is None:
                raise NotSpeakable("the slot was not filled")
            spoken = self._speak(FORMS[rendering.language], slot.kind, value)
            if not spoken:
                raise NotSpeakable("there is nothing in it")
        except (NotSpeakable, TypeError, ValueError, OverflowError) as failure:
            log.error(
                "slot cannot be spoken",
                prompt=phrase.prompt,
                slot=slot.name,
                kind=slot.kind.value,
                why=str(failure),
            )
            rendering.unspoken.append(f"{phrase.prompt} {slot.name}")
            rendering.text += "…"
            return ()
        rendering.text += _written(spoken, slot.kind)
        return spoken

    def _speak(self, forms: SpokenForms, kind: SlotKind, value: SlotValue) -> Spoken:
        match kind, value:
            case SlotKind.DIGITS, str():
                return forms.digits(value)
            case SlotKind.REFS, [*references]:
                return forms.references([str(reference) for reference in references])
            case SlotKind.ENDINGS, [*references]:
                return forms.endings([str(reference) for reference in references])
            case SlotKind.PLATE, str():
                return forms.plate(value)
            case SlotKind.TIME, datetime() if value.utcoffset() is None:
                raise NotSpeakable("a time without its time zone would be said hours off")
            case SlotKind.TIME, datetime():
                return forms.moment(value.astimezone(HONG_KONG), self._now())
            case SlotKind.NUMBER, int():
                return [forms.number(value)]
            case SlotKind.LETTER, str():
                return [forms.letter(value)]
            case SlotKind.KEY, str():
                return [forms.key(value)]
        raise NotSpeakable(f"a slot of kind {kind} cannot be filled with {type(value).__name__}")

    async def _spoken(self, spoken: Spoken, rendering: _Rendering) -> bytes:
        pieces: list[bytes | memoryview] = []
        follows_unit = False
        for part in spoken:
            if isinstance(part, Unit):
                if follows_unit:
                    pieces.append(self._silence(self._settings.unit_gap_ms))
                clip = unit_clip(rendering.language, part.name, part.speech)
                pieces.append(await self._clip(clip, rendering))
                follows_unit = True
            else:
                gap = self._settings.group_gap_ms
                if part is Gap.ITEM:
                    gap = self._settings.item_gap_ms
                pieces.append(self._silence(gap))
                follows_unit = False
        return b"".join(pieces)

    async def _clip(self, clip: Clip, rendering: _Rendering) -> bytes | memoryview:
        recorded = self._library.clip(clip.language, clip.name)
        if recorded is not None:
            return recorded
        if rendering.may_synthesise:
            synthesised = await self._stand_ins.synthesised(clip)
            if synthesised:
                rendering.synthesised.append(clip.name)
                return synthesised
        rendering.lost.append(clip.name)
        return b""

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
    for part in spoken:
        if isinstance(part, Unit):
            apart = kind is SlotKind.TIME and _word(written[-1:]) and _word(part.text[:1])
            written += f" {part.text}" if apart else part.text
        else:
            written += ", " if part is Gap.ITEM else " "
    return written


def _word(character: str) -> bool:
    """Part of a word or number of a script that writes spaces between them."""
    return character.isascii() and character.isalnum()
