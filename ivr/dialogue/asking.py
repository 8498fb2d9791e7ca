"""Putting one question until it is answered: reprompts, universals, giving up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ivr.dialogue.collect import (
    CollectResult,
    InvalidKeys,
    KeyCollector,
    Keyed,
    NoInput,
    RecogniserLost,
    SpokenAnswer,
    UniversalCommand,
)
from ivr.dialogue.grammars import Grammars, for_field, for_menu
from ivr.dialogue.keys import KeyBuffer
from ivr.dialogue.line import Line, Playback
from ivr.dialogue.outcome import Mode, Outcome
from ivr.dialogue.question import Field, Manner, Menu
from ivr.dialogue.race import keyed_or_said
from ivr.dialogue.recorded import RecordedCall
from ivr.dialogue.settings import DialogueSettings
from ivr.dialogue.step_detail import how_given, what_is_said
from ivr.dialogue.time_left import TimeLeft
from ivr.dialogue.trace import Step, StepKind, as_keyed
from ivr.dialogue.turns import (
    Cancelled,
    GaveUp,
    NotAccepted,
    NotKnown,
    NotUnderstood,
    WantsHotline,
    WentBack,
)
from ivr.dialogue.universals import Universal
from prompts.utterance import Narrator, Phrase
from speech.languages.language import Language
from speech.recognition.hearing import Recogniser, Utterance

T = TypeVar("T")

_TURNS = {
    Universal.BACK: WentBack,
    Universal.CANCEL: Cancelled,
    Universal.HOTLINE: WantsHotline,
}

Put = Callable[[int], Sequence[Phrase]]
"""The phrases that put the question at attempt n (1 is the first)."""


MOST_READINGS = 10
"""How many readings of one utterance ROCARS is asked about at most."""


@dataclass(frozen=True)
class _Question(Generic[T]):
    """What fields and menus have in common while they are being asked.

    Attributes:
        expects: which keys answer it, as the trace tells it (`Step.detail`).
        settled_elsewhere: ROCARS, or another authority, decides which answers are right.
    """

    name: str
    help: str
    manner: Manner
    grammars: Grammars
    put: Put
    hear: Callable[[KeyCollector, Playback], Awaitable[CollectResult]]
    understand: Callable[[str, Mode], Awaitable[T]]
    shown_as: Callable[[str], str]
    expects: Mapping[str, Any]
    settled_elsewhere: bool = False


class Asking:
    """One question being asked of one caller."""

    def __init__(
        self,
        *,
        line: Line,
        keys: KeyBuffer,
        narrator: Narrator,
        settings: DialogueSettings,
        language: Language,
        note: Callable[[Step], None],
        recogniser: Recogniser | None = None,
        time: TimeLeft | None = None,
        recorded: RecordedCall | None = None,
    ) -> None:
        self._line = line
        self._keys = keys
        self._narrator = narrator
        self._settings = settings
        self._language = language
        self._note = note
        self._recogniser = recogniser
        self._time = time
        self._recorded = recorded
        self._collector: KeyCollector | None = None

    async def field(
        self, field: Field[T], settle: Callable[[T], Awaitable[T]] | None
    ) -> Outcome[T]:
        grammars = for_field(field, self._language)

        def put(attempt: int) -> Sequence[Phrase]:
            prompt = field.prompt if attempt == 1 else field.again or field.prompt
            if field.prompt_spoken and self._can_answer_by_voice(grammars):
                prompt = field.prompt_spoken
            return [Phrase(self._language, prompt, field.slots)]

        async def hear(collector: KeyCollector, playback: Playback) -> CollectResult:
            return await collector.digits(
                playback, field.max_digits, hash_alone=field.hash_alone is not None
            )

        async def understand(answer: str, mode: Mode) -> T:
            if not answer and field.hash_alone is not None:
                return field.hash_alone
            if mode is Mode.SPEECH and field.parse_spoken is not None:
                value = field.parse_spoken(answer)
            elif len(answer) < field.min_digits:
                raise NotAccepted("universal.too_short")
            else:
                value = field.parse(answer)
            return value if settle is None else await settle(value)

        question = _Question(
            field.name,
            field.help,
            field.manner,
            grammars,
            put,
            hear,
            understand,
            shown_as=field.shown_as,
            expects={
                "digits": [field.min_digits, field.max_digits],
                "hash": field.hash_alone is not None,
            },
            settled_elsewhere=settle is not None,
        )
        return await self._until_answered(question)

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

        async def hear(collector: KeyCollector, playback: Playback) -> CollectResult:
            return await collector.one_key(playback)

        async def understand(key: str, mode: Mode) -> T:
            choice = menu.by_key(key)
            if choice is None:
                raise NotAccepted("universal.nomatch")
            return choice.value

        grammars = for_menu(menu, self._language)
        question = _Question(
            menu.name,
            menu.help,
            menu.manner,
            grammars,
            put,
            hear,
            understand,
            shown_as=as_keyed,
            expects={"keys": "".join(choice.key for choice in menu.choices)},
        )
        return await self._until_answered(question)

    async def _until_answered(self, question: _Question[T]) -> Outcome[T]:
        """The loop of every question; raises `GaveUp` when the attempts are used up, `TimeIsUp`
        when the call must end.

        noinput and nomatch each use up an attempt; help, repeat and clear do not.
        """
        name = question.name
        attempts = question.manner.attempts or self._settings.attempts
        attempt = 1
        misheard = 0
        why: list[Phrase] = []
        broken_off = False
        while attempt <= attempts and misheard != question.manner.attempts_said:
            phrases = [*self._time_is_short(), *why, *question.put(attempt)]
            with self._taken_down(question):
                playback = await self._put(question, phrases, attempt, again=broken_off)
                result = await self._hear(question, playback)
            broken_off = isinstance(result, RecogniserLost)
            if isinstance(result, SpokenAnswer):
                now = asyncio.get_running_loop().time()
                self._keys.ignore_late_terminator(now, self._settings.terminator_grace_s)
                self._keys.last_at = now - result.utterance.decided_ms / 1000
            if isinstance(result, RecogniserLost):
                self._step(StepKind.NOMATCH, name, "", attempt, why="speech.keypad")
                why = [Phrase(self._language, "speech.keypad")]
                continue
            asked = _universal_in(result)
            if asked is not None:
                self._step(StepKind.UNIVERSAL, name, asked, attempt, result=result)
                why = self._handle_universal(
                    asked, question.help, spoken=isinstance(result, SpokenAnswer)
                )
                continue
            shown = question.shown_as(_answer_in(result))
            try:
                value = await self._understand(result, question)
            except NotAccepted as refusal:
                kind = StepKind.NOINPUT if isinstance(result, NoInput) else StepKind.NOMATCH
                self._step(kind, name, shown, attempt, why=refusal.prompt, result=result)
                why = [Phrase(self._language, refusal.prompt, refusal.slots)]
                attempt += 1
                if isinstance(result, SpokenAnswer) and isinstance(
                    refusal, NotKnown | NotUnderstood
                ):
                    misheard += 1
                continue
            self._step(StepKind.ANSWERED, name, shown, attempt, result=result)
            if self._time is not None:
                self._time.got_on()
            if isinstance(result, SpokenAnswer):
                return Outcome(value, Mode.SPEECH, result.utterance.confidence, attempts=attempt)
            return Outcome(value, attempts=attempt)
        self._step(StepKind.GAVE_UP, name, "", attempt - 1)
        raise GaveUp(name, misheard=misheard > 0)

    def _can_answer_by_voice(self, grammars: Grammars) -> bool:
        """Whether an answer to this question can be spoken."""
        return self._recogniser is not None and any(
            self._recogniser.hears(grammar) for grammar in grammars
        )

    def _time_is_short(self) -> list[Phrase]:
        """The notice that time is short, said once before the question. Raises TimeIsUp."""
        if self._time is None:
            return []
        self._time.check()
        return [Phrase(self._language, "sorry.time_short")] if self._time.short() else []

    @contextmanager
    def _taken_down(self, question: _Question[T]) -> Iterator[None]:
        """A recording of the call gets the answer where the trace shows it whole, and only
        there."""
        if self._recorded is None:
            yield
            return
        self._recorded.asks(secret=question.shown_as is not as_keyed)
        try:
            yield
        finally:
            self._recorded.answered()

    async def _hear(self, question: _Question[T], playback: Playback) -> CollectResult:
        collector = self._collector = KeyCollector(self._keys, self._settings, question.manner)
        hearing = self._listen(question, collector, playback)
        if self._time is None:
            return await hearing
        return await self._time.unless_up(hearing, playback, collector.began)

    async def _listen(
        self, question: _Question[T], collector: KeyCollector, playback: Playback
    ) -> CollectResult:
        if self._recogniser is None or not self._can_answer_by_voice(question.grammars):
            return await question.hear(collector, playback)
        with self._recogniser.attend(question.grammars) as attention:
            return await keyed_or_said(
                lambda: question.hear(collector, playback),
                collector,
                attention,
                playback,
                barge_in=question.manner.barge_in,
            )

    async def _put(
        self, question: _Question[T], phrases: Sequence[Phrase], attempt: int, *, again: bool
    ) -> Playback:
        """Begin to say it. `again`: it was broken off by us, and a key may have answered it."""
        type_ahead = question.manner.type_ahead
        utterance = await self._narrator.compose(phrases)
        if not type_ahead and not again:
            self._keys.flush()
        detail = what_is_said(phrases, utterance, self._keys) | {"expects": question.expects}
        if not type_ahead:
            detail["only_now"] = True
        self._note(
            Step(
                StepKind.ASKED,
                question.name,
                text=utterance.text,
                attempt=attempt,
                ms=round(utterance.seconds * 1000),
                language=self._language,
                detail=detail,
            )
        )
        self._keys.prompt_begins()
        return self._line.play(utterance.pcm)

    @staticmethod
    async def _understand(result: CollectResult, question: _Question[T]) -> T:
        match result:
            case Keyed(digits):
                return await question.understand(digits, Mode.KEY)
            case SpokenAnswer(utterance):
                return await _settled(utterance, question)
            case InvalidKeys():
                raise NotAccepted("universal.nomatch")
            case _:
                raise NotAccepted("universal.noinput")

    def _handle_universal(
        self, universal: Universal, help_prompt: str, *, spoken: bool = False
    ) -> list[Phrase]:
        """Give the phrases to say before the question is asked again; raises for universals that
        leave it."""
        turn = _TURNS.get(universal)
        if turn is not None:
            raise turn
        if universal is Universal.HELP:
            return [
                Phrase(self._language, help_prompt),
                Phrase(self._language, "speech.help" if spoken else "universal.help"),
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
        result: CollectResult | None = None,
    ) -> None:
        detail: dict[str, Any] = {"why": why} if why else {}
        ms = 0
        if result is not None and self._collector is not None:
            given = how_given(result, self._collector, self._keys, shown=value)
            detail |= given.detail
            ms = given.after_ms
        self._note(
            Step(
                kind,
                name,
                value=value,
                attempt=attempt,
                ms=ms,
                language=self._language,
                detail=detail,
            )
        )


async def _settled(utterance: Utterance, question: _Question[T]) -> T:
    """Settle on the likeliest reading that ROCARS knows; without an authority to ask, on a sure
    one.

    Raises NotAccepted.
    """
    answers = [
        reading.meaning.text for reading in utterance.readings if not reading.meaning.command
    ]
    if not answers:
        raise NotUnderstood("universal.nomatch")
    if not utterance.sure and not question.settled_elsewhere:
        raise NotUnderstood("speech.unsure")
    not_known: NotKnown | None = None
    for answer in answers[:MOST_READINGS]:
        try:
            return await question.understand(answer, Mode.SPEECH)
        except NotKnown as refusal:
            not_known = not_known or refusal
    assert not_known is not None
    raise not_known


def _universal_in(result: CollectResult) -> Universal | None:
    match result:
        case UniversalCommand(universal):
            return universal
        case SpokenAnswer(utterance) if (
            utterance.readings and utterance.readings[0].meaning.command
        ):
            return Universal(utterance.readings[0].meaning.text) if utterance.sure else None
        case _:
            return None


def _answer_in(result: CollectResult) -> str:
    match result:
        case Keyed(digits):
            return digits
        case SpokenAnswer(utterance) if utterance.readings:
            return utterance.readings[0].meaning.text
        case _:
            return ""
