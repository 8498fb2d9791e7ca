"""How long a silence may be before an utterance is taken for over."""

from __future__ import annotations

import pytest

from speech.recognition.ending import silence_that_ends
from speech.recognition.grammar import Completeness
from speech.recognition.settings import RecognitionSettings

pytestmark = pytest.mark.unit

SETTINGS = RecognitionSettings.model_validate({})
FULL, COMPLETE = Completeness.FULL, Completeness.COMPLETE
ALMOST, INCOMPLETE = Completeness.ALMOST, Completeness.INCOMPLETE
IMPOSSIBLE = Completeness.IMPOSSIBLE


@pytest.mark.parametrize(
    ("completeness", "paused_s", "wait_s"),
    [
        ({FULL}, 0.0, SETTINGS.full_timeout_s),
        ({FULL, INCOMPLETE}, 0.0, SETTINGS.full_timeout_s),
        ({COMPLETE, INCOMPLETE}, 0.0, SETTINGS.complete_timeout_s),
        ({IMPOSSIBLE}, 0.0, SETTINGS.complete_timeout_s),
        (set(), 0.0, SETTINGS.complete_timeout_s),
        ({INCOMPLETE}, 0.0, SETTINGS.incomplete_timeout_s),
        ({INCOMPLETE, ALMOST}, 0.0, SETTINGS.incomplete_timeout_s),
        ({ALMOST}, 0.1, SETTINGS.complete_timeout_s),
        ({ALMOST, IMPOSSIBLE}, 0.1, SETTINGS.complete_timeout_s),
        ({ALMOST}, 0.8, 1.2),
        ({ALMOST}, 1.9, SETTINGS.incomplete_timeout_s),
    ],
)
def test_the_silence_fits_what_was_heard_and_how_they_pause(
    completeness: set[Completeness], paused_s: float, wait_s: float
) -> None:
    assert silence_that_ends(completeness, paused_s, SETTINGS) == pytest.approx(wait_s)
