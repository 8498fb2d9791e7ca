"""Makes the history of calls from the records: prompts, and what the caller did, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import phonenumbers

from ivr.caller.retold.answers import Answers
from ivr.caller.retold.history import (
    CallHistory,
    CannotBeRetold,
    Deed,
    History,
    Prompt,
    Transferred,
)
from ivr.caller.retold.misheard import given_again
from ivr.caller.retold.repeatable import (
    ANNOUNCEMENT,
    SAYS,
    check,
    language_was_not_chosen,
    names_of,
)
from ivr.caller.retold.training import check_course, is_kept
from ivr.caller.retold.values import Values, given, given_driver
from ivr.caller.wire.keys import KeyStyle
from ivr.dialogue.line import KeySent, Transfer
from ivr.dialogue.trace import StepKind
from ivr.records.call_search import CallStory
from ivr.records.calling_number import NumberKind
from ivr.records.models import CallStep
from ivr.records.outcome import EndedBy

STYLES = {
    KeySent.EVENT: KeyStyle.NORMAL,
    KeySent.INFO: KeyStyle.INFO_RELAY,
    KeySent.TONE: KeyStyle.IN_BAND,
}

WITHHELD = "anonymous"

LANGUAGE_MENU = "welcome.language"
"""The question and its prompts; which comes first depends on the caller."""

ROUND_MS = 100
"""A prompt of which only so many milliseconds at the end were cut off counts as heard."""

ANSWERS = (StepKind.ANSWERED, StepKind.NOMATCH, StepKind.UNIVERSAL, StepKind.NOINPUT)


def history_from(stories: Sequence[CallStory]) -> History:
    """The history of one caller's calls, in order of time. Raises CannotBeRetold."""
    check(stories)
    check_course(stories)
    values = _values_of(stories)
    calls = [_Retelling(story, values).history() for story in stories]
    first = stories[0].call
    known = any("login.known.pin" in names_of(story) for story in stories)
    logs_in = (values.is_trainee or not first.practice) and any(
        step.name.startswith("login.") and step.value
        for story in stories
        for step in story.steps
        if step.kind in (StepKind.ANSWERED, StepKind.NOMATCH)
    )
    language = _greeted_in(stories[0]) if known else first.language
    driver = given_driver(language or "yue", values, logs_in=logs_in, phone=known)
    at_once = any("bundle.cross_now" in names_of(story) for story in stories)
    ids = ", ".join(story.call.call_id for story in stories)
    return History(
        f"As in call {first.call_id}",
        f"Made of {'call' if len(stories) == 1 else 'calls'} {ids}, "
        f"{first.offered_at:%Y-%m-%d %H:%M} UTC.",
        given(driver, values.given_cargo(immediately=at_once)),
        tuple(calls),
    )


def _values_of(stories: Sequence[CallStory]) -> Values:
    values = Values(is_trainee=is_kept(stories))
    for story in stories:
        if not story.call.practice:
            for step in story.steps:
                if step.kind in SAYS and step.name in ("ccrn.more", "ccrn.review", "vehicle.which"):
                    values.learn(step.detail["prompts"])
            asked = {step.name for step in story.steps if step.kind == StepKind.ASKED}
            values.no_vehicles |= "vehicle.mark" in asked and "vehicle.which" not in asked
        values.ubrs += [
            request.ubr
            for request in story.requests
            if request.ubr and request.operation == "bundle" and request.ubr not in values.ubrs
        ]
    return values


def _greeted_in(story: CallStory) -> str:
    """The language of the greeting: callers who are recognised by number are greeted in their
    language."""
    first = next(step for step in story.steps if step.kind in SAYS)
    return str(first.detail["prompts"][0]["language"])


@dataclass
class _Retelling:
    """One call, while its steps are processed."""

    story: CallStory
    values: Values
    _answers: Answers = field(init=False)
    _from: str = field(init=False)
    _prompts: list[Prompt] = field(default_factory=list)
    _deeds: list[Deed] = field(default_factory=list)
    _waited: bool = True

    def __post_init__(self) -> None:
        self._answers = Answers(self.story, self.values)
        self._from = _like(self.story.call.caller_kind, self.story.call.caller_region)
        if language_was_not_chosen(self.story):
            self._from = WITHHELD  # other numbers are asked first in the language they used last

    def history(self) -> CallHistory:
        call = self.story.call
        assert call.answered_at is not None
        assert call.ended_at is not None
        misheard = given_again(self.story.steps)
        for at, step in enumerate(self.story.steps):
            match step.kind:
                case _ if at in misheard:
                    continue
                case StepKind.SAID | StepKind.ASKED:
                    self._add_prompts(step, at)
                case StepKind.ANSWERED | StepKind.NOMATCH | StepKind.UNIVERSAL:
                    self._deeds += self._answers.deeds(at, self._begins(at), self._deeds)
                case StepKind.TRANSFER:
                    connected = step.value == Transfer.CONNECTED
                    to = str(step.detail["to"])
                    self._deeds.append(Transferred(to, self._ms(step.at) - 1, connected))
                case StepKind.BACK_END:
                    self._waited = True
        known = any(prompt.name == "login.known.pin" for prompt in self._prompts)
        return CallHistory(
            call.outcome.value.replace("_", " ") if call.outcome else "",
            call.called,
            "{phone}" if known else self._from,
            self._style(),
            round((call.answered_at - call.offered_at).total_seconds() * 1000),
            tuple(self._prompts),
            tuple(self._deeds),
            call.ended_by is EndedBy.CALLER,
            self._ms(call.ended_at),
        )

    def _ms(self, at: datetime) -> int:
        answered = self.story.call.answered_at
        assert answered is not None
        return round((at - answered).total_seconds() * 1000)

    def _begins(self, answer: int) -> int:
        """When the question of this answer was asked."""
        for step in reversed(self.story.steps[:answer]):
            if step.kind == StepKind.ASKED:
                return self._ms(step.at)
        raise CannotBeRetold(
            "call %(call)s has an answer without its question", call=self.story.call.call_id
        )

    def _style(self) -> KeyStyle:
        sent = [step.detail["sent"] for step in self.story.steps if "sent" in step.detail]
        return STYLES[KeySent(sent[0])] if sent else KeyStyle.NORMAL

    def _add_prompts(self, step: CallStep, at: int) -> None:
        if step.detail.get("filler"):
            self._waited = True
            return
        if step.kind == StepKind.SAID:
            begins = self._ms(step.at) - step.ms
            heard_ms = step.ms
        else:
            begins = self._ms(step.at)
            heard_ms = self._heard_of_question(step, at)
        from_ms = 0
        for number, prompt in enumerate(step.detail["prompts"]):
            if from_ms and from_ms >= heard_ms:
                break
            if prompt["name"].startswith(ANNOUNCEMENT):
                from_ms = prompt["ends_ms"]
                continue
            whole = heard_ms >= prompt["ends_ms"] - ROUND_MS
            self._prompts.append(
                Prompt(
                    prompt["name"],
                    prompt["language"],
                    begins + from_ms,
                    begins + min(heard_ms, prompt["ends_ms"]),
                    whole,
                    *self._slots(prompt, whole=whole),
                    latency_ms=step.detail.get("latency_ms") if number == 0 else None,
                    first=number == 0,
                    awaited=number == 0 and self._is_awaited(step, at),
                    follows=not (number == 0 and self._waited),
                    any_order=prompt["name"] == LANGUAGE_MENU,
                )
            )
            from_ms = prompt["ends_ms"]
        self._waited = step.name == LANGUAGE_MENU

    def _is_awaited(self, step: CallStep, at: int) -> bool:
        """Whether keys pressed before this prompt would have had another effect."""
        before = self.story.steps[at - 1] if at else None
        nobody_answered = before is not None and before.kind == StepKind.NOINPUT
        return bool(step.detail.get("only_now")) or nobody_answered

    def _heard_of_question(self, asked: CallStep, at: int) -> int:
        """How much of a question was heard before it was answered, in ms."""
        for step in self.story.steps[at + 1 :]:
            if step.kind in ANSWERS:
                over = step.kind == StepKind.NOINPUT
                return asked.ms if over else max(0, min(step.ms, asked.ms))
        ended = self.story.call.ended_at
        assert ended is not None
        return min(asked.ms, self._ms(ended) - self._ms(asked.at))

    def _slots(
        self, prompt: Mapping[str, Any], *, whole: bool
    ) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """The slots that must be read out, and the captures. Times, and the references of practice
        calls, differ from call to call."""
        if not whole:
            return {}, {}
        slots, capture = {}, {}
        for name, value in prompt["slots"].items():
            if name == "at" or (name == "ubr" and self.story.call.practice):
                continue
            captured = self.values.read_out(value) if name == "ubr" else None
            if captured is not None:
                capture[captured] = name
                continue
            slots[name] = self._slot(prompt["name"], name, value)
        return slots, capture

    def _slot(self, prompt: str, name: str, value: str) -> str:
        if self.story.call.practice:
            return str(value)
        if prompt == "login.known.pin" and name == "ending":
            return "{user_id[5:]}"
        if prompt == "bundle.text_to":
            return self._from[-4:]
        if name == "ubr" and not self.values.is_known(value):
            raise CannotBeRetold(
                "call %(call)s tells of the bundle %(ubr)s, which was made in another call: name "
                "that call first, and this one after it",
                call=self.story.call.call_id,
                ubr=value,
            )
        if prompt == "own.count" and int(value) > len(self.values.ubrs):
            raise CannotBeRetold(
                "call %(call)s tells of more bundles of the driver's (%(count)s) than were made in "
                "these calls (%(made)s): name those that made the others first",
                call=self.story.call.call_id,
                count=int(value),
                made=len(self.values.ubrs),
            )
        if name == "vehicle":
            self._answers.check_vehicle(value)
        if name == "part":
            return self._answers.last_part or str(value)
        return self.values.written(str(value))


def _like(kind: NumberKind, region: str | None) -> str:
    """A number for a test: of the same kind and country, belonging to nobody that we know."""
    if kind is not NumberKind.KNOWN or region is None:
        return WITHHELD
    sample = phonenumbers.example_number_for_type(
        region, phonenumbers.PhoneNumberType.MOBILE
    ) or phonenumbers.example_number(region)
    if sample is None:
        return WITHHELD
    return str(phonenumbers.format_number(sample, phonenumbers.PhoneNumberFormat.E164))


def in_order(stories: Sequence[CallStory]) -> Iterator[CallStory]:
    """In the order in which they were made."""
    yield from sorted(stories, key=lambda story: story.call.offered_at)
