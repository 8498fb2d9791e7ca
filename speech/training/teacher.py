"""Uses a pretrained encoder as a second teacher: its output for two seconds of speech.

    python -m speech.training.teacher --encoder FOLDER --recorded FOLDER --clean FOLDER --out FILE

The encoder is Whisper base (OpenAI, MIT), multilingual, as a CTranslate2 conversion:
`config.json`, `model.bin`, `tokenizer.json`, `vocabulary.txt`. It is needed for training only; the
service neither contains nor needs it. Our network learns to give for a sound on a telephone the
encoder's output for the clean sound: what the syllables of all speakers have in common, in any
language.
"""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr
from tqdm import tqdm

from speech.languages.language import Language
from speech.training import shards
from speech.training.augment import Telephone
from speech.training.features import FRAME_SHIFT, SAMPLE_RATE, Floats, mfcc
from speech.training.people import Part
from speech.training.people_speech import of_part
from speech.training.recorded import Clips, recorded

SECONDS = 2
WINDOW = SECONDS * SAMPLE_RATE
FRAMES = 66
"""Output frames of 30 ms in a window, those of our networks."""
SUBSAMPLING = 3
"""Frames of 10 ms to each output of our networks."""
AROUND = 26
"""Frames of context kept on either side: for networks of up to eight layers."""
TELEPHONES = 2
"""Each window is sent over so many telephones."""
TRACT = (0.9, 1.12)
AXES = 96
"""So many main axes of the encoder's 512 numbers are learnt."""
_RATE = 16_000
_A_SECOND = 50
"""Frames of the encoder's output."""
_MEL_BANDS, _MEL_WINDOW, _MEL_STEP = 80, 400, 160
_FOR_MANY, _FOR_ONE = 6.0, 360.0
"""Seconds of each person if there are many, and of a person who is alone with a language."""


def _filters() -> Floats:
    """Slaney's mel filters, as the encoder was trained with."""
    step = np.log(6.4) / 27
    highest = 15 + np.log(_RATE / 2 / 1000) / step
    mels = np.linspace(0, highest, _MEL_BANDS + 2)
    at = np.where(mels >= 15, 1000 * np.exp(step * (mels - 15)), mels * 200 / 3)
    ramps = at[:, None] - np.linspace(0, _RATE / 2, _MEL_WINDOW // 2 + 1)[None]
    wide = np.diff(at)[:, None]
    rising, falling = -ramps[:-2] / wide[:-1], ramps[2:] / wide[1:]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(triangles * (2 / (at[2:] - at[:-2]))[:, None], np.float32)


_FILTERS = _filters()


def log_mel(sound: Floats) -> Floats:
    """(80, frames) at 100 frames a second, of sound at 16,000 Hz between -1 and 1."""
    padded = np.pad(sound, (_MEL_WINDOW // 2, _MEL_WINDOW // 2))
    count = (len(padded) - _MEL_WINDOW) // _MEL_STEP
    places = np.arange(_MEL_WINDOW)[None] + _MEL_STEP * np.arange(count)[:, None]
    frames = padded[places] * np.hanning(_MEL_WINDOW + 1)[:-1]
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    energy = np.log10(np.maximum(power @ _FILTERS.T, 1e-10))
    return np.asarray(((np.maximum(energy, energy.max() - 8) + 4) / 4).T, np.float32)


class Encoder:
    """The pretrained encoder."""

    def __init__(self, folder: Path) -> None:
        """Raises ImportError without ctranslate2, RuntimeError for what is no such model."""
        import ctranslate2

        self._storage = ctranslate2.StorageView.from_array
        self._model: Any = ctranslate2.models.Whisper(
            str(folder), device="cpu", compute_type="int8", intra_threads=1
        )

    def __call__(self, window: Floats) -> npt.NDArray[np.float32]:
        """(66, 512) for `WINDOW` samples at 8000 Hz, values as of 16-bit integers."""
        sound = soxr.resample(window / 32768, SAMPLE_RATE, _RATE).astype(np.float32)
        mel = log_mel(np.pad(sound, (0, 400))[: _RATE * SECONDS + 400])
        batch = np.ascontiguousarray(mel[None, :, : 100 * SECONDS])
        made = np.array(self._model.encode(self._storage(batch), to_cpu=True))[0]
        at = np.round((np.arange(FRAMES) * 3 + 1) / 100 * _A_SECOND).astype(int)
        return np.asarray(made[np.minimum(at, len(made) - 1)], np.float32)


def windows(sounds: Iterable[Floats], rng: np.random.Generator, seconds: float) -> list[Floats]:
    """Clips of one speaker, with occasional pauses, cut into windows."""
    found: list[Floats] = []
    whole = np.zeros(0, np.float32)
    for sound in sounds:
        loud = sound / (np.abs(sound).max() + 1e-6) * np.float32(32767 * rng.uniform(0.25, 0.9))
        pause = np.zeros(int(rng.choice([0, 0, 400, 1200])), np.float32)
        whole = np.concatenate([whole, pause, loud.astype(np.float32)])
        while len(whole) >= WINDOW:
            found.append(whole[:WINDOW])
            whole = whole[WINDOW:]
        if len(found) * SECONDS >= seconds:
            return found
    if len(whole) > 6000:
        found.append(np.pad(whole, (0, WINDOW - len(whole))))
    return found


def _of_people(people: list[Clips], rng: np.random.Generator) -> Iterator[Floats]:
    for clips in people:
        takes = [*itertools.chain(*clips.of.values()), *(sound for _, sound in clips.strings)]
        alone = clips.language is not Language.ENGLISH and len(takes) > 1000
        order = (takes[int(take)] for take in rng.permutation(len(takes)))
        yield from windows(order, rng, _FOR_ONE if alone else _FOR_MANY)


def on_main_axes(taught: npt.NDArray[np.float16]) -> npt.NDArray[np.float16]:
    """(windows, 66, 512) to (windows, 66, 96), mildly whitened."""
    flat = taught.reshape(-1, taught.shape[2]).astype(np.float32)
    mean, spread = flat.mean(0), flat.std(0) + 1e-3
    rng = np.random.default_rng(0)
    some = (flat[rng.permutation(len(flat))[:20_000]] - mean) / spread
    axes = np.linalg.svd(some, full_matrices=False)[2][:AXES].T
    moved = ((flat - mean) / spread) @ axes
    size = moved.std(0)
    moved = moved / size * np.minimum(1, size / size[0]) ** 0.5
    return np.asarray(moved.reshape(*taught.shape[:2], AXES), np.float16)


def telephone_features(window: Floats, rng: np.random.Generator) -> npt.NDArray[np.float16]:
    """Features of a window over a telephone, each moment at its place, with context around."""
    line = Telephone().in_place(window.astype(np.float32), rng)
    frames = FRAMES * SUBSAMPLING + 2 * AROUND
    before, after = AROUND * FRAME_SHIFT, (AROUND + 4) * FRAME_SHIFT
    sound = rng.normal(0, 2, before + len(line) + after).astype(np.float32)
    sound[before : before + len(line)] += line
    return mfcc(sound, float(rng.uniform(*TRACT)))[:frames].astype(np.float16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--recorded", type=Path, required=True)
    parser.add_argument("--clean", type=Path, required=True, help="folder of shards, by language")
    parser.add_argument("--out", type=Path, required=True, help="an .npz")
    parser.add_argument("--voices-s", type=float, default=300, help="of Kokoro, for each language")
    asked = parser.parse_args()
    encoder, rng = Encoder(asked.encoder), np.random.default_rng(1)
    found = list(_of_people(of_part(recorded(asked.recorded), Part.TRAINING), rng))
    for language in Language:
        sounds = (
            labelled.sound
            for labelled in shards.of_folder(asked.clean / language, ["kokoro-training"])
        )
        found += windows(sounds, rng, asked.voices_s)
    taught = np.stack(
        [encoder(window).astype(np.float16) for window in tqdm(found, "teacher", mininterval=10)]
    )
    features = [
        [
            telephone_features(window, np.random.default_rng((at, telephone)))
            for at, window in enumerate(found)
        ]
        for telephone in range(TELEPHONES)
    ]
    unfinished = asked.out.with_suffix(".unfinished.npz")
    np.savez(unfinished, features=features, taught=on_main_axes(taught), around=AROUND)
    os.replace(unfinished, asked.out)


if __name__ == "__main__":
    main()
