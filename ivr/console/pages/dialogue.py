"""The trace of a call as a person reads it: who said what, and how long it took."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from ivr.console.shown import masked_mark, percent, word
from ivr.dialogue.trace import MASK, StepKind
from ivr.records.call_search import CallStory
from ivr.records.models import CallStep

SERVICE, CALLER, BACK_END = "service", "caller", "back end"


@dataclass(frozen=True)
class Turn:
    """One line of the dialogue.

    Attributes:
        at: since the call was offered.
        who: `SERVICE`, `CALLER` or `BACK_END`; also the class of its row.
        text: what was said, keyed or answered.
        note: what explains it: how, how sure, why not.
        bad: something did not go as it should.
    """

    at: timedelta
    who: str
    name: str
    text: str
    note: str = ""
    seconds: float | None = None
    bad: bool = False


def dialogue(story: CallStory, _: Callable[[str], str], *, clear: bool) -> list[Turn]:
    """`clear`: answers are shown as they were given; otherwise only their last two characters."""
    return [_turn(step, step.at - story.call.offered_at, _, clear=clear) for step in story.steps]


def _turn(step: CallStep, at: timedelta, _: Callable[[str], str], *, clear: bool) -> Turn:
    seconds = step.ms / 1000 if step.ms else None
    match step.kind:
        case StepKind.SAID | StepKind.ASKED:
            note = step.detail.get("stand_ins", "")
            text = step.text if clear else _without_digits(step.text)
            again = f"{_('again')} {step.attempt}" if step.attempt > 1 else ""
            return Turn(at, SERVICE, step.name, text, str(note or again), seconds, bool(note))
        case StepKind.ANSWERED:
            return Turn(at, CALLER, step.name, _answer(step, clear), _how(step, _))
        case StepKind.NOINPUT:
            return Turn(at, CALLER, step.name, "", _("no input"), bad=True)
        case StepKind.NOMATCH:
            why = word(str(step.detail.get("why", ""))) or _("not an answer to this")
            return Turn(at, CALLER, step.name, _answer(step, clear), why, bad=True)
        case StepKind.UNIVERSAL:
            return Turn(at, CALLER, step.name, step.value or step.name, _("at any time"))
        case StepKind.BACK_END:
            bad = step.value not in ("ok", "")
            return Turn(at, BACK_END, step.name, step.value, "", seconds, bad)
        case StepKind.TRANSFER:
            bad = step.value != "connected"
            return Turn(at, SERVICE, step.name, _(word(step.value)), _("transfer"), seconds, bad)
        case StepKind.GAVE_UP:
            return Turn(at, SERVICE, step.name, "", _("gave up asking"), bad=True)
        case _:
            text = step.text or step.value
            text = text if clear else _without_digits(text)
            return Turn(at, SERVICE, step.name, text, _(word(step.kind)), seconds)


def _answer(step: CallStep, clear: bool) -> str:
    if step.value == MASK or not step.value:
        return "••••" if step.value else ""
    return step.value if clear or len(step.value) == 1 else masked_mark(step.value)


def _how(step: CallStep, _: Callable[[str], str]) -> str:
    if step.mode != "speech":
        return _("by key")
    sure = step.detail.get("confidence")
    return _("by voice") + (f", {percent(float(sure))}" if sure is not None else "")


def _without_digits(text: str) -> str:
    """What was read out to the caller is theirs as much as what they keyed."""
    return "".join("•" if character.isdecimal() else character for character in text)
