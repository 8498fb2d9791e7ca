"""Kokoro's neural voices (Kokoro-82M, Apache-2.0), from files in package registries.

A folder holds `kokoro.onnx` (the int8 model, version 1.0), `vocab.json` (its symbols), `voices/`
(a table of 510 styles of 256 numbers for each voice) and misaki's `us_gold.json` and
`gb_gold.json`. docs/speech-models.md says which packages they come from. Needed for training only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import resample_poly

from speech.languages.language import Language
from speech.training import kokoro_phonemes
from speech.training.features import SAMPLE_RATE, Floats
from speech.training.sayings import Saying, Word
from speech.voices.kokoro_pinyin import of_pinyin

RATE = 24_000
MOST_SYMBOLS = 500
_SOFTEST = 0.01
WHISPERS = frozenset({"af_nicole"})


@dataclass(frozen=True)
class Timbre:
    """A speaker: one voice, or a weighted mixture of several."""

    shares: tuple[tuple[str, float], ...]

    @property
    def name(self) -> str:
        return "+".join(voice for voice, _ in self.shares)


class Kokoro:
    """Speaks sayings; equal arguments give equal sound."""

    def __init__(self, folder: Path) -> None:
        """Raises FileNotFoundError for missing files, ImportError without onnxruntime."""
        import onnxruntime

        model = folder / "kokoro.onnx"
        if not model.is_file():
            raise FileNotFoundError(f"{model}: see docs/speech-models.md for where it comes from")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._folder = folder
        self._session: Any = onnxruntime.InferenceSession(
            str(model), sess_options=options, providers=["CPUExecutionProvider"]
        )

    @cached_property
    def voices(self) -> Mapping[str, Floats]:
        """The voices by name; the first letter stands for their language, the second for f or m."""
        return {
            path.stem: np.fromfile(path, "<f4").reshape(510, 256)
            for path in sorted((self._folder / "voices").glob("*.bin"))
            if path.stem not in WHISPERS
        }

    @cached_property
    def _symbols(self) -> Mapping[str, int]:
        text = (self._folder / "vocab.json").read_text(encoding="utf-8")
        symbols: dict[str, int] = json.loads(text)["vocab"]
        return symbols

    def written(self, saying: Saying, language: Language, *, british: bool) -> str:
        """A saying in Kokoro's symbols: a comma between groups."""
        groups = (
            " ".join(self._word(word, language, british=british) for word in group)
            for group in saying.groups
        )
        return ", ".join(groups) + "."

    def _word(self, word: Word, language: Language, *, british: bool) -> str:
        if word.units[0].startswith("e_"):
            known = kokoro_phonemes.dictionary(self._folder, british=british)
            return known.get(word.text) or kokoro_phonemes.of_arpabet(word.units)
        if language is Language.CANTONESE:
            return kokoro_phonemes.of_jyutping(word.text)
        return of_pinyin(word.text)

    def say(self, symbols: str, timbre: Timbre, speed: float) -> Floats:
        """Sound at 8000 Hz, values as of 16-bit integers, without surrounding silence."""
        tokens = [self._symbols[symbol] for symbol in symbols if symbol in self._symbols][
            :MOST_SYMBOLS
        ]
        shares = np.array([share for _, share in timbre.shares])
        tables = [self.voices[voice][len(tokens)] for voice, _ in timbre.shares]
        style = (np.stack(tables) * (shares / shares.sum())[:, None]).sum(0)
        sound = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": style.astype(np.float32)[None],
                "speed": np.array([speed], np.float32),
            },
        )[0].ravel()
        loud = np.flatnonzero(np.abs(sound) > _SOFTEST * np.abs(sound).max())
        part = sound[max(0, loud[0] - RATE // 25) : loud[-1] + RATE // 25]
        lower = resample_poly(part, SAMPLE_RATE, RATE)
        return np.asarray(20_000 * lower / (np.abs(lower).max() + 1e-9), np.float32)
