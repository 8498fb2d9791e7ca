"""Putting one question until it is answered: reprompts, universals, giving up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from ivr.dialogue.collect import Asked, Garbled, Heard, KeyCollector, Keyed, NoInput
from ivr.dialogue.keys import KeyBuffer
from ivr.dialogue.line import Line, Playback
from ivr.dialogue.outcome import Outcome
from ivr.dialogue.question import Field, Manner, Menu
from ivr.dialogue.settings import DialogueSettings
from ivr.dialogue.trace import Step, StepKind, as_keyed
from ivr.dialogue.turns import Cancelled, GaveUp, NotAccepted, WantsHotline, WentBack
from ivr.dialogue.universals import Universal
from prompts.utterance import Narrator, Phrase
from speech.language import Language

T = TypeVar("T")

_TURNS = {
    Universal.BACK: WentBack,
    Universal.CANCEL: Cancelled,
    Universal.HOTLINE: WantsHotline,
}

Put = Callable[[int], Sequence[Phrase]]
"""What is said to put the question at attempt n (1 is the first)."""


class Asking:
    """One question being put to one caller."""

    def __init__(
        self,
        *,
        line: Line,
        keys: KeyBuffer,
        narrator: Narrator,
        settings: DialogueSettings,
        language: Language,
        note: Callable[[Step], None],
    ) -> None:
        self._line = line
        self._keys = keys
        self._narrator = narrator
        self._settings = settings
        self._language = language
        self._note = note

    async def field(
        self, field: Field[T], settle: Callable[[T], Awaitable[T]] | None
    ) -> Outcome[T]:
        def put(attempt: int) -> Sequence[Phrase]:
            prompt = field.prompt if attempt == 1 else field.again or field.prompt
            return [Phrase(self._language, prompt, field.slots)]

        async def hear(collector: KeyCollector, playback: Playback) -> Heard:
            return await collector.digits(playback, field.max_digits)

        async def understand(digits: str) -> T:
            if not digits and field.hash_alone is not None:
                return field.hash_alone
            if len(digits) < field.min_digits:
                raise NotAccepted("universal.too_short")
            value = field.parse(digits)
            return value if settle is None else await settle(value)

        return await self._until_answered(
            field.name, field.help, field.manner, put, hear, understand, shown_as=field.shown_as
        )

    async def menu(self, menu: Menu[T], before: Sequence[Phrase]) -> Outcome[T]:
        choices = [
            Phrase(
                choice.language or self._language,
                choice.prompt,
                {**choice.slots, "key": choice.key},
            )
            for choice in menu.choices
        ]

        def put(attempt: int) -> Sequence[Phrase]:
            intro = (
                [Phrase(self._language, menu.intro, menu.intro_slots)]
                if menu.intro and attempt == 1
                else []
            )
            return [*before, *intro, *choices]

        async def hear(collector: KeyCollector, playback: Playback) -> Heard:
            return await collector.one_key(playback)

        async def understand(key: str) -> T:
            choice = menu.by_key(key)
            if choice is None:
                raise NotAccepted("universal.nomatch")
            return choice.value

        return await self._until_answered(
            menu.name, menu.help, menu.manner, put, hear, understand, shown_as=as_keyed
        )

    async def _until_answered(
        self,
        name: str,
        help_prompt: str,
        manner: Manner,
        put: Put,
        hear: Callable[[KeyCollector, Playback], Awaitable[Heard]],
        understand: Callable[[str], Awaitable[T]],
        *,
        shown_as: Callable[[str], str],
    ) -> Outcome[T]:
        """The loop of every question; raises `GaveUp` when the attempts are used up.

        noinput and nomatch each use up an attempt; help, repeat and clear do not.
        """
        collector = KeyCollector(self._keys, self._settings, manner)
        attempts = manner.attempts or self._settings.attempts
        attempt = 1
        why: list[Phrase] = []
        while attempt <= attempts:
            playback = await self._put(name, [*why, *put(attempt)], attempt, manner)
            heard = await hear(collector, playback)
            if isinstance(heard, Asked):
                self._step(StepKind.UNIVERSAL, name, heard.universal, attempt)
                why = self._take_turn(heard.universal, help_prompt)
                continue
            shown = shown_as(heard.digits) if isinstance(heard, Keyed) else ""
            try:
                value = await self._understand(heard, understand)
            except NotAccepted as refusal:
                kind = StepKind.NOINPUT if isinstance(heard, NoInput) else StepKind.NOMATCH
                self._step(kind, name, shown, attempt, why=refusal.prompt)
                why = [Phrase(self._language, refusal.prompt, refusal.slots)]
                attempt += 1
                continue
            self._step(StepKind.ANSWERED, name, shown, attempt)
            return Outcome(value, attempts=attempt)
        self._step(StepKind.GAVE_UP, name, "", attempts)
        raise GaveUp(name)

    async def _put(
        self, name: str, phrases: Sequence[Phrase], attempt: int, manner: Manner
    ) -> Playback:
        utterance = await self._narrator.compose(phrases)
        if not manner.type_ahead:
            self._keys.flush()
        self._note(
            Step(
                StepKind.ASKED,
                name,
                text=utterance.text,
                attempt=attempt,
                ms=round(utterance.seconds * 1000),
                language=self._language,
                detail={"stand_ins": ", ".join(utterance.stand_ins)} if utterance.stand_ins else {},
            )
        )
        return self._line.play(utterance.pcm)

    @staticmethod
    async def _understand(heard: Heard, understand: Callable[[str], Awaitable[T]]) -> T:
        match heard:
            case Keyed(digits):
                return await understand(digits)
            case Garbled():
                raise NotAccepted("universal.nomatch")
            case _:
                raise NotAccepted("universal.noinput")

    def _take_turn(self, universal: Universal, help_prompt: str) -> list[Phrase]:
        """What is said before the question is put again; raises for turns that leave it."""
        turn = _TURNS.get(universal)
        if turn is not None:
            raise turn
        if universal is Universal.HELP:
            return [
                Phrase(self._language, help_prompt),
                Phrase(self._language, "universal.help"),
            ]
        if universal is Universal.CLEAR:
            return [Phrase(self._language, "universal.cleared")]
        return []

    def _step(
        self,
        kind: StepKind,
        name: str,
        value: str,
        attempt: int,
        *,
        why: str = "",
    ) -> None:
        self._note(
            Step(
                kind,
                name,
                value=value,
                attempt=attempt,
                language=self._language,
                detail={"why": why} if why else {},
            )
        )
