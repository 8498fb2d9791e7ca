"""How long a silence ends an utterance.

VoiceXML 2.1, 6.3.2, knows two: *completetimeout* after what could be all, *incompletetimeout* after
what cannot. A number that is one digit short lies between them: the digit was lost in hearing more
likely than it is still to come, and who has said all of theirs waits for us.
"""

from __future__ import annotations

from collections.abc import Set

from speech.recognition.grammar import Completeness
from speech.recognition.settings import RecognitionSettings

LONGER_THAN_A_PAUSE = 1.5
"""Of the caller's own longest pause so far: who says a digit a second is not cut short."""


def silence_that_ends(
    completeness: Set[Completeness], paused_s: float, settings: RecognitionSettings
) -> float:
    """Seconds to wait for more.

    Args:
        completeness: of what was said so far, in each language that is listened for.
        paused_s: the caller's longest pause so far, within this utterance.
    """
    if Completeness.FULL in completeness:
        return settings.full_timeout_s
    unfinished = {Completeness.INCOMPLETE, Completeness.ALMOST}
    if Completeness.COMPLETE in completeness or not completeness & unfinished:
        return settings.complete_timeout_s
    if Completeness.INCOMPLETE in completeness:
        return settings.incomplete_timeout_s
    longer = max(settings.complete_timeout_s, LONGER_THAN_A_PAUSE * paused_s)
    return min(settings.incomplete_timeout_s, longer)
