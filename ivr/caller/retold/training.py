"""Calls of the practice line in which a driver took the course: what they did is kept for their
next call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ivr.caller.retold.history import CannotBeRetold
from ivr.dialogue.trace import StepKind
from ivr.records.call_search import CallStory


def check_course(stories: Sequence[CallStory]) -> None:
    """Raises CannotBeRetold for a course that began before the first of these calls."""
    first = stories[0]
    if first.call.practice and _goes_on(first):
        raise CannotBeRetold(
            "call %(call)s goes on with a course that began in another call: name that call first, "
            "and this one after it",
            call=first.call.call_id,
        )


def is_kept(stories: Sequence[CallStory]) -> bool:
    """Whether the trainee is a driver. Others practise too, with any user ID, and nothing of it is
    kept."""
    return any(
        story.call.practice and (_goes_on(story) or _has(_utterances(story), "course.stopped"))
        for story in stories
    )


def _goes_on(story: CallStory) -> bool:
    """Whether the caller was told at log-in what they had done; at the end everybody is."""
    spoken = [names for names in _utterances(story) if "course.progress" in names]
    return _has(spoken, "course.step")


def _utterances(story: CallStory) -> list[set[str]]:
    """The names of the prompts of each utterance."""
    return [
        _names(step.detail["prompts"])
        for step in story.steps
        if step.kind in (StepKind.SAID, StepKind.ASKED)
    ]


def _names(prompts: Sequence[Mapping[str, Any]]) -> set[str]:
    return {prompt["name"] for prompt in prompts}


def _has(utterances: Sequence[set[str]], name: str) -> bool:
    return any(name in names for names in utterances)
