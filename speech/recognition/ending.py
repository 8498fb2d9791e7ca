"""The length of the silence that ends an utterance.

VoiceXML 2.1, 6.3.2, has two: *completetimeout* after words that could be a whole answer, and
*incompletetimeout* after words that could not. A number that lacks one digit lies between them: the
digit was more likely missed by the recogniser than not yet spoken, and a caller who has finished is
waiting for us.
"""

from __future__ import annotations

from collections.abc import Set

from speech.recognition.grammar import Completeness
from speech.recognition.settings import RecognitionSettings

LONGER_THAN_A_PAUSE = 1.5
"""Multiple of the caller's own longest pause so far: a caller who says a digit a second is not cut
off."""


def silence_that_ends(
    completeness: Set[Completeness], paused_s: float, settings: RecognitionSettings
) -> float:
    """How many seconds to wait for more.

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
