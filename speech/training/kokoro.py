"""Kokoro's neural voices (Kokoro-82M, Apache-2.0), from files in package registries.

A folder holds `kokoro.onnx` (the int8 model, version 1.0), `voices/` (a table of 510 styles of 256
numbers for each voice) and misaki's `us_gold.json` and `gb_gold.json`. docs/speech-models.md says
which packages they come from. Needed for training only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from speech.languages.language import Language
from speech.training import kokoro_phonemes
from speech.training.features import SAMPLE_RATE, Floats
from speech.training.sayings import Saying, Word
from speech.voices.kokoro_model import RATE, KokoroModel, numbers, table
from speech.voices.kokoro_pinyin import of_pinyin

MOST_SYMBOLS = 500
_KEPT_S = 0.04
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
        """Raises VoiceUnavailable for missing files, ImportError without onnxruntime."""
        self._folder = folder
        self._model = KokoroModel(folder)

    @cached_property
    def voices(self) -> Mapping[str, Floats]:
        """The voices by name; the first letter stands for their language, the second for f or m."""
        return {
            path.stem: table(path)
            for path in sorted((self._folder / "voices").glob("*.bin"))
            if path.stem not in WHISPERS
        }

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
        tokens = [numbers()[symbol] for symbol in symbols if symbol in numbers()][:MOST_SYMBOLS]
        shares = np.array([share for _, share in timbre.shares])
        tables = [self.voices[voice][len(tokens)] for voice, _ in timbre.shares]
        style = (np.stack(tables) * (shares / shares.sum())[:, None]).sum(0)
        part = self._model.say(tokens, style, speed, kept_s=_KEPT_S)
        lower = resample_poly(part, SAMPLE_RATE, RATE)
        return np.asarray(20_000 * lower / (np.abs(lower).max() + 1e-9), np.float32)
