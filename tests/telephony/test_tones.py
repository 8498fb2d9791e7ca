"""Keys as tones: what ITU-T Q.24 asks of a receiver, and voices that are no keys."""

from __future__ import annotations

import numpy as np
import pytest

from ivr.telephony.sound.tones import KEYPAD, ToneKeys
from tests.support.touch_tones import SINE_0DBM0, keys_in, quiet, tone

pytestmark = pytest.mark.unit

KEYS = [key for row in KEYPAD for key in row]


@pytest.mark.parametrize("key", KEYS)
def test_every_key_wherever_the_frames_are_cut(key: str) -> None:
    for phase in range(0, 160, 16):
        assert keys_in(tone(key, 50), quiet(50), tone(key, 50), phase=phase) == key * 2


def test_forty_milliseconds_are_enough_and_twenty_are_not() -> None:
    assert [keys_in(tone("5", 40), phase=phase) for phase in range(0, 160, 8)] == ["5"] * 20
    assert [keys_in(tone("5", 20), phase=phase) for phase in range(0, 160, 8)] == [""] * 20


def test_a_long_press_is_one_key_even_with_a_hole_in_it() -> None:
    assert keys_in(tone("8", 4000)) == "8"
    pressed = tone("8", 400)
    pressed[1600:1680] = 0
    assert keys_in(pressed) == "8"


def test_a_recogniser_is_not_given_tones() -> None:
    """From the second frame of a key to its end; words before and after are left alone."""
    tones = ToneKeys()
    words = np.random.default_rng(3).normal(0, 1500, 800)
    sound = np.concatenate([words, tone("5", 200), words])
    frames = np.round(sound).astype("<i2").reshape(-1, 160)
    sounding = []
    for frame in frames:
        tones.hear(frame.tobytes())
        sounding.append(tones.sounding)
    assert sounding[:5] == [False] * 5
    assert all(sounding[6:15])
    assert not any(sounding[18:])


@pytest.mark.parametrize("lost", range(8))
def test_a_lost_packet_makes_no_second_key(lost: int) -> None:
    """One of the eight packets of a key of 160 ms is missing, or what replaces it is no tone."""
    for key in KEYS:
        pressed = tone(key, 160)
        pressed[lost * 160 : (lost + 1) * 160] = 0
        assert keys_in(pressed, quiet(60), pressed) == key * 2


def test_forty_milliseconds_between_two_keys_are_enough() -> None:
    digits = [part for key in "1122#*0990D" for part in (tone(key, 50), quiet(40))]
    for phase in range(0, 160, 16):
        assert keys_in(*digits, phase=phase) == "1122#*0990D"


@pytest.mark.parametrize("dbm0", [0, -10, -25])
@pytest.mark.parametrize("off", [-0.015, 0.015])
@pytest.mark.parametrize("twist_db", [-8, 0, 4])
def test_tones_as_loud_as_exact_and_as_even_as_they_must_be(
    dbm0: float, off: float, twist_db: float
) -> None:
    for key in KEYS:
        sent = tone(key, 60, dbm0=dbm0 - max(0, twist_db), off=off, twist_db=twist_db)
        assert keys_in(sent) == key


@pytest.mark.parametrize("off", [-0.05, 0.05])
def test_tones_far_off_are_no_keys(off: float) -> None:
    for key in KEYS:
        assert keys_in(tone(key, 200, off=off)) == ""


def test_tones_in_noise() -> None:
    """White noise 15 dB below the tones (Q.24 asks for less: bursts of it)."""
    chance = np.random.default_rng(24)
    for key in KEYS:
        sent = np.concatenate([quiet(100), tone(key, 60), quiet(100)])
        noise = chance.normal(0, SINE_0DBM0 * 10 ** ((-10 - 15) / 20) / np.sqrt(2), len(sent))
        assert keys_in(sent + noise) == key


def test_one_tone_alone_dial_tone_and_noise_are_no_keys() -> None:
    at = np.arange(8000) / 8000
    for hz in (350, 425, 440, 697, 1209, 1633):
        assert keys_in(8000 * np.sin(2 * np.pi * hz * at)) == ""
    assert keys_in(5000 * (np.sin(2 * np.pi * 350 * at) + np.sin(2 * np.pi * 440 * at))) == ""
    assert keys_in(np.random.default_rng(1).normal(0, 4000, 80000)) == ""


def test_part_of_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 320 bytes"):
        ToneKeys().hear(b"\0" * 100)
