"""Whether a scenario can make a call again; if not, the reason."""

from __future__ import annotations

from collections.abc import Sequence

from ivr.caller.retold.history import CannotBeRetold
from ivr.dialogue.trace import StepKind
from ivr.records.call_search import CallStory
from ivr.records.models import CallStep
from prompts import catalogue
from speech.languages.language import Language

SAYS = (StepKind.SAID, StepKind.ASKED)

ANNOUNCEMENT = "announcement."
"""Announcements of the day have no recording in the catalogue, and are over one day."""

RECORDING_LINE = "recording."

COMES_AGAIN = frozenset(
    {
        *("ok", "LoginRefused", "UnknownCcrn", "UnknownBundle", "BadVehicle", "MainlandPlate"),
        *("UnbundleDisabled", "HungUp", "CancelledError"),
    }
)
"""Results of requests to ROCARS that come again with the same keys, or with a `given` state."""

STATES = {
    "bundle.text_failed": "in call %(call)s the text message could not be sent",
    "sorry.closing": "in call %(call)s the service was closing",
    "sorry.technical": "in call %(call)s something was wrong in the service",
    "sorry.time_short": "call %(call)s lasted as long as calls may",
    "sorry.too_long": "call %(call)s lasted as long as calls may",
    "speech.keypad": "in call %(call)s speech recognition failed",
    "unheard.not_known": "call %(call)s tells of a request that had failed in an earlier call",
    "unheard.not_bundled": "call %(call)s tells of a request that had failed in an earlier call",
    "unheard.not_unbundled": "call %(call)s tells of a request that had failed in an earlier call",
}
"""Prompts that tell of a state into which no scenario can bring the service."""


def check(stories: Sequence[CallStory]) -> None:
    """Check the calls of one caller, in order of time. Raises CannotBeRetold."""
    for story in stories:
        _check_whole(story)
        _check_states(story)
        _check_language(story)
    first = stories[0]
    if not first.call.practice and any(name.startswith("unheard.") for name in names_of(first)):
        raise CannotBeRetold(
            "call %(call)s goes on from one that was cut off: name that call first, and this one "
            "after it",
            call=first.call.call_id,
        )
    names = set[str]().union(*map(names_of, stories))
    if {"bundle.cross_now", "bundle.cross_from"} <= names:
        raise CannotBeRetold(
            "some of the cargo may cross at once and some later; a scenario is given one kind"
        )


def names_of(story: CallStory) -> set[str]:
    """The names of all prompts of a call."""
    return set[str]().union(*utterances_of(story))


def utterances_of(story: CallStory) -> list[set[str]]:
    """The names of the prompts that were said together, in order of time."""
    return [
        {prompt["name"] for prompt in step.detail["prompts"]}
        for step in story.steps
        if step.kind in SAYS
    ]


def language_was_not_chosen(story: CallStory) -> bool:
    """Whether the caller gave no answer when they were first asked for a language."""
    for step in story.steps:
        if step.kind == StepKind.ANSWERED:
            return False
        if step.kind == StepKind.GAVE_UP:
            return step.name == "welcome.language"
    return False


def _check_whole(story: CallStory) -> None:
    """The call is over, and its trace has all that is needed."""
    call, steps = story.call, story.steps
    if call.outcome is None:
        raise CannotBeRetold("call %(call)s is not over", call=call.call_id)
    if call.answered_at is None or not steps:
        raise CannotBeRetold(
            "call %(call)s has no steps (%(outcome)s)", call=call.call_id, outcome=call.outcome
        )
    if [step.sequence for step in steps] != list(range(1, len(steps) + 1)):
        raise CannotBeRetold(
            "steps of call %(call)s are missing: some were not written", call=call.call_id
        )
    if any(step.name.startswith(RECORDING_LINE) for step in steps):
        raise CannotBeRetold(
            "call %(call)s is one of the recording line, which asks for an operator's PIN; no "
            "scenario has one",
            call=call.call_id,
        )
    for step in steps:
        if step.kind in SAYS and "prompts" not in step.detail:
            raise CannotBeRetold(
                "call %(call)s is of an older version, which kept no prompts in the trace",
                call=call.call_id,
            )
    _check_catalogue(story)


def _check_catalogue(story: CallStory) -> None:
    """All prompts can be expected: the catalogue still has them."""
    for step in story.steps:
        for prompt in step.detail["prompts"] if step.kind in SAYS else ():
            name = prompt["name"]
            if name.startswith(ANNOUNCEMENT):
                continue
            if name not in catalogue.load(Language(prompt["language"])).prompts:
                raise CannotBeRetold(
                    "call %(call)s is of another version, which had a prompt %(prompt)s",
                    call=story.call.call_id,
                    prompt=name,
                )


def _check_states(story: CallStory) -> None:
    """No state of ROCARS or of the service was met that a scenario cannot ask for."""
    call_id = story.call.call_id
    if sum(map(_is_log_in, story.steps)) > 1:
        raise CannotBeRetold(
            "call %(call)s logs in twice; a scenario has one code for each call", call=call_id
        )
    for name in sorted(names_of(story) & set(STATES)):
        raise CannotBeRetold(STATES[name], call=call_id)
    for step in story.steps:
        if step.kind == StepKind.BACK_END and step.value not in COMES_AGAIN:
            raise CannotBeRetold(
                "call %(call)s: %(request)s came to %(result)s, a state that no scenario can ask "
                "ROCARS for",
                call=call_id,
                request=step.name,
                result=step.value,
            )


def _is_log_in(step: CallStep) -> bool:
    return step.name == "log_in" and step.value == "ok"


def _check_language(story: CallStory) -> None:
    """A caller who chose no language heard the first one, as whoever withholds their number will.

    Otherwise it depends on who called: on the language that their number used last.
    """
    if not language_was_not_chosen(story):
        return
    asked = next(step for step in story.steps if step.name == "welcome.language")
    offered = [p for p in asked.detail["prompts"] if p["name"] == "welcome.language"]
    by_number = offered[0]["slots"]["key"] != "1"
    if by_number or "bundle.by_text" in names_of(story):
        raise CannotBeRetold(
            "in call %(call)s no language was chosen, so what was heard depends on the calling "
            "number, which no scenario has",
            call=story.call.call_id,
        )
