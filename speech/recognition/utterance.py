"""One utterance in one language: sound in, readings out. Everything here blocks; see `ear`."""

from __future__ import annotations

import json
import math
from collections.abc import Container, Mapping

import numpy as np
import numpy.typing as npt

from speech.recognition.activity import FULL_SCALE
from speech.recognition.grammar import Completeness, Grammar, Meaning, without_noise
from speech.recognition.hearing import Reading
from speech.recognition.models import Model
from speech.recognition.words import NO_WORDS

_WANTED_DBFS, _MOST_GAIN_DB = -20.0, 18.0
"""The loudest part of an utterance is amplified to about this level before recognition."""
_MOST_GAIN = 10 ** (_MOST_GAIN_DB / 20)
_LOUDEST = 480
"""Samples over which the level is measured: 60 ms."""
MENDED = 0.5
"""Share of the chance of a reading that is no answer; it is distributed over the mended
readings."""


class UtteranceRecogniser:
    """Decodes one utterance while it is spoken."""

    def __init__(self, model: Model, grammar: Grammar, alternatives: int) -> None:
        """Raises ValueError for a grammar with words that are not in the model."""
        self._grammar = grammar
        self._recogniser = model.recogniser(grammar, alternatives)
        self._gain = _MOST_GAIN
        self.words: tuple[str, ...] = ()
        """The words recognised so far."""

    def hear(self, pcm: bytes) -> None:
        """Take the next piece of sound, 16 bit at 8000 Hz."""
        self._recogniser.AcceptWaveform(self._levelled(pcm))
        partial = json.loads(self._recogniser.PartialResult())
        self.words = tuple(partial.get("partial", "").split())

    @property
    def completeness(self) -> Completeness:
        return self._grammar.completeness(self.words)

    @property
    def hears_words(self) -> bool:
        """Whether any word of the grammar was recognised so far."""
        return not NO_WORDS.issuperset(self.words)

    def readings(self) -> tuple[Reading, ...]:
        """The utterance is over: its possible meanings, the likeliest first; empty if it is no
        answer.

        Speech counts as no answer only if that is likelier than any answer. If many digits were
        recognised, one unclear place among them does not make it other speech: a reading without
        that place counts, with its low confidence.
        """
        result = json.loads(self._recogniser.FinalResult())
        found = [
            (alternative["text"].split(), float(alternative["confidence"]))
            for alternative in result.get("alternatives", ())
        ]
        if not found:
            return ()
        best = max(score for _, score in found)
        weights = [math.exp(score - best) for _, score in found]
        whole = sum(weights)
        chances: dict[Meaning, float] = {}
        mended: dict[Meaning, float] = {}
        words_of: dict[Meaning, str] = {}
        nothing = 0.0
        for (words, _), weight in zip(found, weights, strict=True):
            share = weight / whole
            meaning, others = self._grammar.meaning(words), self._grammar.mended(words)
            for other in others:
                mended[other] = mended.get(other, 0.0) + MENDED * share / len(others)
            if meaning is not None:
                chances[meaning] = chances.get(meaning, 0.0) + share
                words_of.setdefault(meaning, " ".join(without_noise(words) or words))
            elif not others and self._grammar.completeness(words) is not Completeness.ALMOST:
                nothing += share  # many digits with one unclear place are an answer
        if nothing > max([*chances.values(), *mended.values()], default=0.0):
            return ()
        return (*_sorted(chances, words_of), *_sorted(mended, {}, but=chances))

    def _levelled(self, pcm: bytes) -> bytes:
        """Amplify quiet callers and attenuate loud ones.

        The gain falls at once when the sound gets louder, and never rises within an utterance.
        """
        samples = np.frombuffer(pcm, "<i2").astype(np.float32)
        self._gain = min(self._gain, self._gain_for(samples))
        louder = np.clip(samples * self._gain, -FULL_SCALE, FULL_SCALE - 1)
        return bytes(louder.astype("<i2").tobytes())

    @staticmethod
    def _gain_for(samples: npt.NDArray[np.float32]) -> float:
        pieces = samples[: len(samples) // _LOUDEST * _LOUDEST].reshape(-1, _LOUDEST)
        if not len(pieces):
            return _MOST_GAIN
        loudest = float((pieces**2).mean(1).max())
        level = 10 * math.log10(loudest / FULL_SCALE**2 + 1e-10)
        gain_db = min(_MOST_GAIN_DB, _WANTED_DBFS - level)
        return float(10 ** (gain_db / 20))


def _sorted(
    chances: Mapping[Meaning, float], words_of: Mapping[Meaning, str], but: Container[Meaning] = ()
) -> tuple[Reading, ...]:
    readings = [
        Reading(meaning, share, words_of.get(meaning, ""))
        for meaning, share in chances.items()
        if meaning not in but
    ]
    return tuple(sorted(readings, key=lambda reading: -reading.confidence))
