"""Calls of the practice line in which a driver took the course: what they did is kept for their
next call."""

from __future__ import annotations

from collections.abc import Sequence

from ivr.caller.retold.history import CannotBeRetold
from ivr.caller.retold.repeatable import names_of, utterances_of
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
        story.call.practice and (_goes_on(story) or "course.stopped" in names_of(story))
        for story in stories
    )


def _goes_on(story: CallStory) -> bool:
    """Whether the caller was told at log-in what they had done; at the end everybody is."""
    return any({"course.progress", "course.step"} <= names for names in utterances_of(story))
