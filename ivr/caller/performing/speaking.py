"""The sound that a scripted caller sends: synthesised words, recordings, tones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ivr.caller.hearing.repertoire import NotASound, read_sound
from ivr.caller.scenario.steps import Say, language_of, sound_file
from ivr.caller.wire.keys import KEY_MS
from ivr.telephony.sound.tones import COLUMNS_HZ, KEYPAD, ROWS_HZ
from speech.recognition.words import DIGITS
from speech.synthesiser.synthesiser import Synthesiser

TONE_PEAK = 4000.0
"""Amplitude of each of a key's two tones: about -15 dBm0."""


class CannotSpeak(Exception):
    """A step has no sound that can be sent."""


async def pcm_of(
    step: Say, synthesiser: Synthesiser, beside: Path | None, between: str = " "
) -> bytes:
    """The sound of a `say` step, mono s16le at 8000 Hz. Raises CannotSpeak, SynthesisFailed.

    Args:
        between: separator of the words: a comma or a full stop makes a pause.
    """
    file = sound_file(step.say)
    if file is not None:
        try:
            samples = read_sound((beside or Path()) / file)
        except NotASound as failure:
            raise CannotSpeak(str(failure)) from failure
    else:
        language = language_of(step.language)
        assert language is not None
        words = step.say.split()
        if step.spelled:
            names = DIGITS[language]
            words = [
                names[int(character)] if character.isdigit() else character
                for character in step.say
            ]
        spoken = await synthesiser.speak(
            language, between.join(words), voice_name=step.voice, words_per_minute=step.speed
        )
        samples = spoken * np.float32(32768)
    loudest = float(np.abs(samples).max(initial=0.0))
    if loudest == 0:
        raise CannotSpeak(f"nothing but silence came of {step.say}")
    peak = 32767 * 10 ** (step.level / 20)
    return (samples * np.float32(peak / loudest)).astype("<i2").tobytes()


def tones(keys: str, gap_ms: int) -> bytes:
    """Keys as tones in the sound (ITU-T Q.23). Raises StopIteration for a character that is no
    key."""
    at = np.arange(KEY_MS * 8) / 8000
    pieces = []
    for key in keys:
        row = next(number for number, row in enumerate(KEYPAD) if key in row)
        low = np.sin(2 * np.pi * ROWS_HZ[row] * at)
        high = np.sin(2 * np.pi * COLUMNS_HZ[KEYPAD[row].index(key)] * at)
        pieces += [TONE_PEAK * (low + high), np.zeros(max(60, gap_ms) * 8)]
    return np.concatenate(pieces).astype("<i2").tobytes()
