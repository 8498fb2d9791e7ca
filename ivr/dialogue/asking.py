"""Putting one question until it is answered: reprompts, universals, giving up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from ivr.dialogue.collect import (
    CollectResult,
    KeyCollector,
    NoInput,
    RecogniserLost,
    SpokenAnswer,
)
from ivr.dialogue.grammars import Grammars
from ivr.dialogue.keys import KeyBuffer
from ivr.dialogue.line import Line, Playback
from ivr.dialogue.open_question import OpenQuestion, open_field, open_menu
from ivr.dialogue.outcome import Mode, Outcome
from ivr.dialogue.question import Field, Menu
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
from ivr.dialogue.understanding import answer_in, other_readings, understood, universal_in
from ivr.dialogue.universals import Universal
from prompts.utterance import Narrator, Phrase
from speech.languages.language import Language
from speech.recognition.hearing import Recogniser

T = TypeVar("T")

_TURNS = {
    Universal.BACK: WentBack,
    Universal.CANCEL: Cancelled,
    Universal.HOTLINE: WantsHotline,
}


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
        """`settle`: the authority that decides whether a value is right.

        Raises GaveUp, TimeIsUp, or the turn that a universal takes.
        """
        return await self._until_answered(open_field(field, settle, self._language))

    async def menu(self, menu: Menu[T], before: Sequence[Phrase]) -> Outcome[T]:
        """`before`: said before the menu, at every attempt. Raises as `field` does."""
        return await self._until_answered(open_menu(menu, before, self._language))

    async def _until_answered(self, question: OpenQuestion[T]) -> Outcome[T]:
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
            by_voice = self._can_answer_by_voice(question.grammars)
            phrases = [*self._time_is_short(), *why, *question.put(attempt, by_voice)]
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
            asked = universal_in(result)
            if asked is not None:
                self._step(StepKind.UNIVERSAL, name, asked, attempt, result=result)
                why = self._handle_universal(
                    asked, question.help, spoken=isinstance(result, SpokenAnswer)
                )
                continue
            shown = question.shown_as(answer_in(result))
            try:
                value = await understood(result, question)
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
                return Outcome(
                    value,
                    Mode.SPEECH,
                    result.utterance.confidence,
                    tuple(await other_readings(result, question, value)),
                    attempts=attempt,
                )
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
    def _taken_down(self, question: OpenQuestion[T]) -> Iterator[None]:
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

    async def _hear(self, question: OpenQuestion[T], playback: Playback) -> CollectResult:
        collector = self._collector = KeyCollector(self._keys, self._settings, question.manner)
        hearing = self._listen(question, collector, playback)
        if self._time is None:
            return await hearing
        return await self._time.unless_up(hearing, playback, collector.began)

    async def _listen(
        self, question: OpenQuestion[T], collector: KeyCollector, playback: Playback
    ) -> CollectResult:
        if self._recogniser is None or not self._can_answer_by_voice(question.grammars):
            return await question.collect(collector, playback)
        with self._recogniser.attend(question.grammars) as attention:
            return await keyed_or_said(
                lambda: question.collect(collector, playback),
                collector,
                attention,
                playback,
                barge_in=question.manner.barge_in,
            )

    async def _put(
        self, question: OpenQuestion[T], phrases: Sequence[Phrase], attempt: int, *, again: bool
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
