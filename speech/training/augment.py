"""Changes training speech as a telephone and a truck change a voice.

Sound is float32 at 8000 Hz, values as of 16-bit integers.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import soundfile as sf
from scipy.signal import butter, firwin2, lfilter, resample_poly

from speech.training.features import SAMPLE_RATE, Floats

FULL = 32767.0
PACKET = 160
_RESPONSE_AT = (0.0, 0.06, 0.12, 0.22, 0.35, 0.5, 0.7, 1.0)
"""Shares of half the sampling rate at which a telephone's frequency response is drawn at random."""
MOBILE = 0.1
"""Share of calls that went through a mobile network's codec."""
_NOISES = ("white", "pink", "cab", "traffic")


def _law(subtype: str) -> Floats:
    """The value of each 16-bit sample after G.711."""
    values, coded = np.arange(-32768, 32768).astype(np.int16), io.BytesIO()
    form = {"samplerate": SAMPLE_RATE, "format": "RAW", "subtype": subtype}
    sf.write(coded, values, **form)
    coded.seek(0)
    return np.asarray(sf.read(coded, channels=1, dtype="int16", **form)[0], np.float32)


_A_LAW, _MU_LAW = _law("ALAW"), _law("ULAW")


def through_g711(sound: Floats, *, a_law: bool) -> Floats:
    """Encode and decode by G.711."""
    table = _A_LAW if a_law else _MU_LAW
    return table[np.clip(np.round(sound), -32768, 32767).astype(np.int64) + 32768]


def through_gsm(sound: Floats) -> Floats:
    """Encode and decode by GSM's full-rate codec (ETSI EN 300 961), as in a mobile call."""
    coded, form = io.BytesIO(), {"format": "WAV", "subtype": "GSM610"}
    sf.write(coded, np.clip(np.round(sound), -32768, 32767).astype(np.int16), SAMPLE_RATE, **form)
    coded.seek(0)
    decoded = np.asarray(sf.read(coded, dtype="int16")[0], np.float32)
    return np.pad(decoded, (0, max(0, len(sound) - len(decoded))))[: len(sound)]


def faster(sound: Floats, factor: float) -> Floats:
    """Resample: a factor above 1 makes the sound shorter and higher."""
    ratio = Fraction(1 / factor).limit_denominator(40)
    changed = resample_poly(sound, ratio.numerator, ratio.denominator)
    return np.asarray(changed, np.float32)


def compressed(sound: Floats, rate: float, window: int = 240) -> Floats:
    """Shorten by the factor `rate` at the same pitch (WSOLA, Verhelst and Roelands 1993)."""
    hop, reach = window // 2, 60
    if len(sound) < window * 3:
        return sound
    shape = np.hanning(window + 1)[:window].astype(np.float32)
    made = np.zeros(int(len(sound) / rate) + 2 * window, np.float32)
    weight = np.zeros_like(made)
    at, follows = 0, None
    while True:
        source = int(at * rate)
        if source + window + reach >= len(sound) or at + window > len(made):
            break
        if follows is not None:
            first = max(0, source - reach)
            likeness = np.correlate(sound[first : source + reach + window], follows, "valid")
            source = first + int(np.argmax(likeness))
        made[at : at + window] += shape * sound[source : source + window]
        weight[at : at + window] += shape
        follows = sound[source + hop : source + hop + window]
        if len(follows) < window:
            break
        at += hop
    end = at + hop
    return np.asarray(made[:end] / np.maximum(weight[:end], 0.3), np.float32)


def joined(
    clips: Sequence[Floats],
    rng: np.random.Generator,
    gap_s: tuple[float, float],
    tempo: tuple[float, float],
) -> Floats:
    """Join clips to one utterance; a negative gap lets them overlap."""
    whole = np.zeros(0, np.float32)
    for clip in clips:
        piece = compressed(clip, rng.uniform(*tempo)) * np.float32(rng.uniform(0.7, 1.2))
        fade = min(80, len(piece) // 4)
        piece[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
        piece[len(piece) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
        gap = int(SAMPLE_RATE * rng.uniform(*gap_s))
        if gap < 0 and len(whole) > -2 * gap and len(piece) > -gap:
            whole[gap:] += piece[:-gap]
            whole = np.concatenate([whole, piece[-gap:]])
        else:
            whole = np.concatenate([whole, np.zeros(max(0, gap), np.float32), piece])
    return whole


def noise(kind: str, length: int, rng: np.random.Generator) -> Floats:
    """Noise of this kind, at an arbitrary level."""
    white = rng.standard_normal(length).astype(np.float32)
    if kind == "white":
        return white
    if kind == "pink":
        return np.asarray(lfilter([1], [1, -0.95], white), np.float32)
    if kind == "cab":  # a rumble, and the engine's harmonics in it
        rumble = lfilter([1], [1, -0.985], white)
        seconds = np.arange(length) / SAMPLE_RATE
        engine_hz = rng.uniform(25, 90)
        engine = sum(
            rng.uniform(0.2, 1) * np.sin(2 * np.pi * engine_hz * k * seconds + rng.uniform(0, 6))
            for k in range(1, 7)
        )
        return np.asarray(rumble / np.std(rumble) + rng.uniform(0.2, 1.5) * engine, np.float32)
    passing = np.abs(lfilter([0.002], [1, -0.998], rng.standard_normal(length))) + 0.01
    return np.asarray(lfilter([1], [1, -0.9], white) * passing / passing.mean(), np.float32)


def no_voice(rng: np.random.Generator) -> Floats:
    """A few seconds of a line on which nobody speaks: noise, music, knocks."""
    length = int(SAMPLE_RATE * rng.uniform(1.0, 4.0))
    sound = noise(str(rng.choice(_NOISES)), length, rng)
    chance = rng.random()
    seconds = np.arange(length) / SAMPLE_RATE
    if chance < 0.3:  # a tune, each note with its overtones
        notes = np.repeat(rng.uniform(120, 900, 24), SAMPLE_RATE // 4)[:length]
        tune = sum(np.sin(2 * np.pi * notes * n * seconds[: len(notes)]) / n for n in (1, 2, 3))
        sound = sound * np.float32(0.05) + np.resize(tune, length).astype(np.float32)
    elif chance < 0.55:  # doors, keys, road noise
        knocks = np.zeros(length, np.float32)
        for at in rng.integers(0, length - 400, rng.integers(1, 8)):
            knocks[at : at + 400] += np.exp(-np.arange(400) / rng.uniform(10, 120))
        sound = sound * np.float32(0.05 * rng.random()) + sound * knocks * 3
    level = 10 ** (-rng.uniform(6, 50) / 20)
    return np.asarray(sound / (np.abs(sound).max() + 1e-6) * FULL * level, np.float32)


@dataclass(frozen=True)
class Telephone:
    """The path from one caller to us; each part of it occurs at random.

    Attributes:
        babble: other people's speech in the background: side talk, a radio.
        recorded: noise as it was recorded.
    """

    babble: Sequence[Floats] = ()
    recorded: Sequence[Floats] = ()

    def __call__(self, voice: Floats, rng: np.random.Generator) -> Floats:
        lead, tail = (int(SAMPLE_RATE * rng.uniform(*span)) for span in ((0.05, 0.4), (0.1, 0.5)))
        sound = np.concatenate([np.zeros(lead), voice, np.zeros(tail)]).astype(np.float32)
        sound *= FULL * 10 ** (-rng.uniform(2, 34) / 20) / (np.abs(sound).max() + 1)
        sound = self._room(sound, rng)
        spoken = sound[lead : len(sound) - tail]
        loudness = float(np.sqrt((spoken**2).mean())) + 1
        sound = self._surroundings(sound, loudness, rng)
        return self._line(sound, rng)

    def in_place(self, sound: Floats, rng: np.random.Generator) -> Floats:
        """The same, with nothing put before or after: each moment keeps its place."""
        loud = sound * FULL * 10 ** (-rng.uniform(2, 34) / 20) / (np.abs(sound).max() + 1)
        loudness = float(np.sqrt((loud**2).mean())) + 1
        loud = self._surroundings(self._room(loud.astype(np.float32), rng), loudness, rng)
        return self._line(loud, rng)

    def nobody(self, rng: np.random.Generator) -> Floats:
        """The line while nobody speaks."""
        return self._line(self._room(no_voice(rng), rng), rng)

    @staticmethod
    def _room(sound: Floats, rng: np.random.Generator) -> Floats:
        if rng.random() < 0.35:
            length = int(SAMPLE_RATE * rng.uniform(0.02, 0.12))
            echoes = rng.standard_normal(length) * np.exp(-np.arange(length) / (length / 4))
            echoes[0] = rng.uniform(2, 8)
            echoes /= np.sqrt((echoes**2).sum())
            sound = np.convolve(sound, echoes)[: len(sound)].astype(np.float32)
        if rng.random() < 0.6:  # a telephone's own tilt
            sound = np.asarray(lfilter([1, rng.uniform(-0.75, 0.4)], [1], sound), np.float32)
        if rng.random() < 0.5:  # and its frequency response, which colours all that a speaker says
            gains = 10 ** (rng.normal(0, 4.0, len(_RESPONSE_AT)) / 20)
            sound = np.convolve(sound, firwin2(65, _RESPONSE_AT, gains), "same")
        return np.asarray(sound, np.float32)

    def _surroundings(self, sound: Floats, loudness: float, rng: np.random.Generator) -> Floats:
        chance = rng.random()
        if chance < 0.1 and self.recorded:
            found = self.recorded[int(rng.integers(len(self.recorded)))]
            other = np.resize(np.roll(found, -int(rng.integers(len(found)))), len(sound))
            ratio_db = rng.uniform(5, 30)
        elif chance < 0.72:
            other = noise(str(rng.choice(_NOISES)), len(sound), rng)
            ratio_db = rng.uniform(5, 40)
        elif chance < 0.88 and self.babble:
            other = np.resize(self.babble[int(rng.integers(len(self.babble)))], len(sound))
            ratio_db = rng.uniform(10, 30)
        else:
            return sound
        return sound + other * np.float32(loudness / (other.std() + 1e-6) * 10 ** (-ratio_db / 20))

    @staticmethod
    def _line(sound: Floats, rng: np.random.Generator) -> Floats:
        if rng.random() < 0.7:
            edges = [rng.uniform(150, 330) / 4000, rng.uniform(3000, 3700) / 4000]
            sound = np.asarray(lfilter(*butter(2, edges, "band"), sound), np.float32)
        if rng.random() < 0.08:  # mains hum
            hum = np.sin(2 * np.pi * rng.choice([50, 60]) * np.arange(len(sound)) / SAMPLE_RATE)
            sound = sound + np.float32(rng.uniform(30, 400)) * hum.astype(np.float32)
        if rng.random() < 0.05:
            sound = sound + np.float32(rng.uniform(-800, 800))
        if rng.random() < 0.15:  # clipped: too loud for the line
            sound = sound * np.float32(10 ** (rng.uniform(3, 14) / 20))
        # No line is completely silent; a model trained without hiss would take hiss for speech.
        hiss = rng.standard_normal(len(sound)) * 10 ** rng.uniform(-0.3, 1.6)
        sound = np.clip(sound + hiss.astype(np.float32), -32700, 32700)
        if rng.random() < MOBILE:
            sound = through_gsm(sound)
        if rng.random() < 0.2:
            sound = lossy(sound, rng.uniform(0.005, 0.05), rng, repeat=rng.random() < 0.5)
        chance = rng.random()
        if chance < 0.9:
            sound = through_g711(sound, a_law=chance < 0.6)
        return np.asarray(np.round(sound), np.float32)


def lossy(sound: Floats, share: float, rng: np.random.Generator, *, repeat: bool) -> Floats:
    """Lose packets of 20 ms at random; silence or the packet before takes their place."""
    left = sound.copy()
    for start in range(PACKET, len(left) - PACKET, PACKET):
        if rng.random() < share:
            before = left[start - PACKET : start] * np.float32(0.7)
            left[start : start + PACKET] = before if repeat else 0
    return left


def pcm(sound: npt.NDArray[np.floating]) -> bytes:
    return np.clip(np.round(sound), -32768, 32767).astype("<i2").tobytes()
