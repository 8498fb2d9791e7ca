"""Speech for tests, from espeak-ng: voice variants no model of ours was trained on."""

from __future__ import annotations

import io
import subprocess
from functools import cache

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from speech.languages.language import Language
from speech.recognition.words import DIGITS

VOICES = {
    Language.CANTONESE: "yue",
    Language.PUTONGHUA: "cmn-latn-pinyin",
    Language.ENGLISH: "en-gb",
}
HELD_OUT = "f5"
MISREAD = {
    "都唔係": "dou1 m4 hai6",
    "唔係": "m4 hai6",
    "唔啱": "m4 ngaam1",
    "唔好": "m4 hou2",
    "唔使": "m4 sai2",
}
"""espeak-ng reads 唔 as ng4; nobody says so."""

Samples = npt.NDArray[np.int16]


@cache
def spoken(
    language: Language, text: str, *, variant: str = HELD_OUT, speed: int = 150, gap: int = 2
) -> bytes:
    """Words as PCM at 8000 Hz, peaks at -9 dBFS. Digits and letters stand apart in `text`."""
    voice = VOICES[language]
    for characters, jyutping in MISREAD.items():
        if language is Language.CANTONESE and characters in text:
            voice, text = "yue-latn-jyutping", text.replace(characters, f" {jyutping} ")
    wav = subprocess.run(
        [
            *("espeak-ng", "-v", f"{voice}+{variant}", "-s", str(speed)),
            *("-g", str(gap), "--stdout", "--", text),
        ],
        capture_output=True,
        check=True,
    ).stdout
    sound, rate = soundfile.read(io.BytesIO(wav), dtype="float32")
    narrow = soxr.resample(sound, rate, 8000)
    return bytes((narrow / np.abs(narrow).max() * 11600).astype("<i2").tobytes())


def digits(language: Language, number: str) -> str:
    """A number as the words that say it digit by digit."""
    return " ".join(DIGITS[language][int(digit)] for digit in number)


def spelt(language: Language, mark: str) -> str:
    """A mark letter by letter; espeak-ng would take a lone A for the article."""
    words = [
        DIGITS[language][int(character)] if character.isdigit() else character for character in mark
    ]
    return " ".join("[['eI]]" if word == "A" else word for word in words)


def between_silence(pcm: bytes, before_s: float = 0.5, after_s: float = 3.0) -> bytes:
    """With the hush of a quiet line around it (not digital silence: no line has that)."""
    hush = np.random.default_rng(0).normal(0, 6, round(8000 * (before_s + after_s)))
    quiet = hush.astype("<i2").tobytes()
    cut = round(before_s * 8000) * 2
    return quiet[:cut] + pcm + quiet[cut:]
