"""Sound that is made while it is sent: what waits, what is left out, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ivr.telephony.sound.frames import FRAME_BYTES, SILENCE
from ivr.telephony.sound.line_audio import LineAudio
from ivr.telephony.sound.live_speech import LiveSpeech

pytestmark = pytest.mark.unit


def frame(number: int) -> bytes:
    return bytes([number]) * FRAME_BYTES


def at_once(called: Callable[..., object], *given: Any) -> None:
    called(*given)


def test_frames_go_in_order_and_silence_when_none_has_come() -> None:
    speech = LiveSpeech(200)
    speech.say(frame(1))
    speech.say(frame(2))
    assert speech.waiting_ms == 40
    assert [speech.next_frame() for _ in range(3)] == [frame(1), frame(2), None]
    speech.say(frame(3))
    assert speech.next_frame() == frame(3)


def test_of_too_many_the_oldest_are_left_out() -> None:
    speech = LiveSpeech(60)
    for number in range(5):
        speech.say(frame(number))
    assert speech.left_out == 2
    assert [speech.next_frame() for _ in range(3)] == [frame(2), frame(3), frame(4)]


def test_nothing_goes_once_it_is_stopped() -> None:
    speech = LiveSpeech(60)
    speech.say(frame(1))
    speech.stop()
    speech.say(frame(2))
    assert speech.next_frame() is None


def test_a_frame_of_another_length_is_none() -> None:
    with pytest.raises(ValueError, match="320"):
        LiveSpeech(60).say(frame(1)[:-2])


def test_on_a_line_it_takes_the_place_of_what_plays_and_secret_speech_is_told_to_nobody() -> None:
    audio = LineAudio(at_once)
    utterance = audio.play(frame(9) * 5)
    speech = audio.speak(200, secret=True)
    followed: list[bytes] = []
    audio.follow(lambda received, sent: followed.append(sent))
    speech.say(frame(1))
    assert audio.frames.frame_to_send(0.0) == frame(1)
    audio.frames.frame_received(SILENCE, 1)
    assert utterance.played_ms == 0
    assert followed == [SILENCE]
    audio.hang_up()
    speech.say(frame(2))
    assert audio.frames.frame_to_send(0.02) is None
