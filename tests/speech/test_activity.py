"""When a caller speaks: against silence, noise, and the echo of the prompt."""

from __future__ import annotations

import numpy as np
import pytest

from speech.recognition.activity import Activity, levels
from speech.recognition.settings import RecognitionSettings

pytestmark = pytest.mark.unit

SETTINGS = RecognitionSettings.model_validate({})
QUIET = bytes(320)


def at(level_dbfs: float, seed: int = 0) -> bytes:
    noise = np.random.default_rng(seed).standard_normal(160) * 32768 * 10 ** (level_dbfs / 20)
    return np.clip(noise, -32768, 32767).astype("<i2").tobytes()


def hear(activity: Activity, level: float, frames: int, sent: float | None = None) -> None:
    for number in range(frames):
        activity.hear(at(level, number), QUIET if sent is None else at(sent, number))


def test_levels() -> None:
    silent, loud = levels(QUIET + at(-20))
    assert silent < -90
    assert loud == pytest.approx(-20, abs=1.5)


def test_frames_heard_together_are_heard_as_one_by_one() -> None:
    together, singly = Activity(SETTINGS), Activity(SETTINGS)
    sound = [at(level, n) for n, level in enumerate([-65] * 20 + [-25] * 12 + [-65] * 9)]
    for frame in sound:
        singly.hear(frame, QUIET)
    together.hear(b"".join(sound), QUIET * len(sound))
    assert vars(together) == vars(singly)
    assert together.speaking
    assert together.silent_ms == 180


def test_a_torn_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="reshape"):
        Activity(SETTINGS).hear(bytes(300), bytes(300))


@pytest.mark.parametrize("level", [-40, -30, -20, -6])
def test_speech_begins_within_a_tenth_of_a_second(level: float) -> None:
    activity = Activity(SETTINGS)
    hear(activity, -65, 25)
    assert not activity.speaking
    hear(activity, level, 5)
    assert activity.speaking


def test_a_click_is_no_speech() -> None:
    activity = Activity(SETTINGS)
    hear(activity, -65, 25)
    hear(activity, -10, 2)
    hear(activity, -65, 25)
    assert not activity.speaking


def test_the_steady_noise_of_a_cab_is_no_speech_and_does_not_hide_it() -> None:
    activity = Activity(SETTINGS)
    hear(activity, -38, 500)
    activity.again()
    hear(activity, -38, 100)
    assert not activity.speaking
    hear(activity, -24, 5)
    assert activity.speaking


def test_silence_is_counted_from_the_last_sound() -> None:
    activity = Activity(SETTINGS)
    hear(activity, -65, 25)
    hear(activity, -20, 20)
    hear(activity, -65, 10)
    assert activity.silent_ms == 200
    hear(activity, -20, 1)
    assert activity.silent_ms == 0
    assert activity.paused_ms == 200
    hear(activity, -65, 5)
    assert activity.paused_ms == 200, "not between two sounds"
    activity.again()
    assert activity.paused_ms == 0


def test_the_echo_of_the_prompt_is_no_speech_but_a_caller_over_it_is() -> None:
    activity = Activity(SETTINGS)
    hear(activity, -40, 200, sent=-20)
    assert not activity.speaking
    hear(activity, -26, 6, sent=-20)
    assert activity.speaking


def test_an_echo_that_comes_late_is_still_an_echo() -> None:
    activity = Activity(SETTINGS)
    hear(activity, -65, 30, sent=-20)
    hear(activity, -40, 10)  # the prompt has just ended
    assert not activity.speaking


def test_a_tone_is_too_steady_to_be_speech() -> None:
    activity = Activity(SETTINGS)
    hear(activity, -65, 25)
    hear(activity, -20, 40)
    assert activity.steady
    activity.again()
    assert not activity.steady


def test_syllables_are_not_steady_even_in_a_noisy_cab() -> None:
    activity = Activity(SETTINGS)
    hear(activity, -45, 120)
    for _ in range(4):
        for level in (-30, -24, -20, -22, -28, -34):
            hear(activity, level, 3)
    assert activity.speaking
    assert not activity.steady
