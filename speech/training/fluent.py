"""Makes fluent speech from read syllables and words: WORLD analyses each, rules join them.

A group is one table of spectra: sounds blend at the joins, consonants are shortened less than
vowels, stops have a closure, and the pitch is one line: by rule of tone (Chao 1930), falling, with
drift and shake. Each utterance has another speaker (`Manner`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter1d

from speech.languages.language import Language
from speech.training.features import SAMPLE_RATE, Floats
from speech.training.manner import Manner
from speech.training.recorded import Clips
from speech.training.sayings import Saying, Word
from speech.training.world import STEP_S, Doubles, Marks, Sound, through_tract, together

_LEVELS: Mapping[Language, Mapping[str, tuple[float, ...]]] = {
    Language.CANTONESE: {
        "1": (5, 5),
        "2": (2, 2.5, 5),
        "3": (3, 3),
        "4": (2, 1),
        "5": (2, 2, 3.3),
        "6": (2, 2),
    },
    Language.PUTONGHUA: {
        "1": (5, 5),
        "2": (3, 3.3, 5),
        "3": (2, 1, 1.3),
        "4": (5, 4, 1),
        "5": (2.5, 2.5),
    },
}
"""From 1 (low) to 5 (high), at equal distances over a syllable."""
_STOPS = {
    Language.CANTONESE: re.compile(r"(gw|kw|[bpdtgkzc])"),
    Language.PUTONGHUA: re.compile(r"(zh|ch|[bpdtgkzcjq])"),
    Language.ENGLISH: re.compile(r"([BCDGKPQTJ]|two|ten|t[aeor]|[pbdgk])"),
}
_CHECKED = re.compile(r"[ptk][1-6]$")
"""Entering tones are short."""
_OTHER_TONES = "134625"
_SHORTEST_ROWS = 16
_CHECKED_WEIGHT, _OPEN_WEIGHT, _LAST_WEIGHT = 0.85, 1.05, 1.2
_CLOSED = 7.0
"""How much softer a spectrum is in a stop's closure; natural logarithm of power."""


@dataclass
class Reader:
    """One person's recordings, each analysed when it is first used."""

    clips: Clips
    _known: dict[tuple[str, int], Sound] = field(default_factory=dict, repr=False)

    def can_say(self, word: Word) -> bool:
        return self._recorded(word) is not None

    def sound(self, word: Word, rng: np.random.Generator) -> Sound:
        """The sound of a word in its own or another tone, since the pitch is made anew. Raises
        KeyError."""
        found = self._said(word)
        key = found, int(rng.integers(len(self.clips.of[found])))
        if key not in self._known:
            self._known[key] = Sound.of(self.clips.of[found][key[1]])
        return self._known[key]

    def takes(self, word: Word) -> Sequence[Floats]:
        """The recordings of a word, in its own tone or in another one. Raises KeyError."""
        return self.clips.of[self._said(word)]

    def _said(self, word: Word) -> str:
        found = self._recorded(word)
        if found is None:
            raise KeyError(f"{self.clips.speaker} does not say {word.text}")
        return found

    def _recorded(self, word: Word) -> str | None:
        text = word.text
        if self.clips.language is Language.ENGLISH:
            return text if text in self.clips.of else None
        if not text[-1].isdigit():
            return None
        ways = [text, *(text[:-1] + tone for tone in _OTHER_TONES)]
        return next((way for way in ways if way in self.clips.of), None)


def spoken(reader: Reader, saying: Saying, manner: Manner, rng: np.random.Generator) -> Floats:
    """Speak a saying as the speaker that `manner` makes of a reader; values as of 16-bit integers.

    Raises KeyError for a word that the reader does not say.
    """
    pieces = [np.zeros(0)]
    for number, group in enumerate(saying.groups):
        if number:
            pieces.append(np.zeros(int(SAMPLE_RATE * rng.uniform(*manner.pause_s))))
        last = number == len(saying.groups) - 1
        if manner.apart_s:
            for word in group:
                pieces.append(_breath(reader, [word], manner, rng, last=last))
                pieces.append(np.zeros(int(SAMPLE_RATE * manner.apart_s * rng.uniform(0.5, 1.5))))
        else:
            pieces.append(_breath(reader, _in_context(reader, group), manner, rng, last=last))
    sound = np.concatenate(pieces)
    return np.asarray(20_000 * sound / (np.abs(sound).max() + 1e-9), np.float32)


def _in_context(reader: Reader, group: Sequence[Word]) -> list[Word]:
    """Change tones by context: in Putonghua, a third tone before a third becomes a second."""
    if reader.clips.language is not Language.PUTONGHUA:
        return list(group)
    tones = [word.text[-1] for word in group] + ["0"]
    return [
        Word(word.text[:-1] + "2", word.units) if tones[at] + tones[at + 1] == "33" else word
        for at, word in enumerate(group)
    ]


def _breath(
    reader: Reader, words: Sequence[Word], manner: Manner, rng: np.random.Generator, *, last: bool
) -> Doubles:
    """Speak words without a break: one table of spectra, blended joins, one pitch line."""
    language = reader.clips.language
    spectra: list[Doubles] = []
    voices: list[Marks] = []
    lines: list[Doubles] = []
    joins: list[int] = []
    for number, word in enumerate(words):
        sound = reader.sound(word, rng)
        rows = sound.hurried(_rows(word, number == len(words) - 1, manner, rng))
        spectrum, voiced = sound.spectrum[rows].astype(np.float64), sound.pitch[rows] > 0
        if number:
            joins.append(sum(map(len, spectra)))
            if _STOPS[language].match(word.text):
                closed = int(manner.closure_s / STEP_S)
                quiet = np.repeat(spectrum[:1] - _CLOSED, closed, 0)
                spectrum = np.concatenate([quiet, spectrum])
                voiced = np.concatenate([np.zeros(closed, bool), voiced])
        spectra.append(spectrum + rng.normal(0, 0.25) - 0.1 * number)
        voices.append(voiced)
        lines.append(_melody(language, word, sound, voiced, manner))
    whole, voiced = np.concatenate(spectra), np.concatenate(voices)
    for join in joins:
        _blend(whole, voiced, join, manner)
    pitch = _pitch(np.concatenate(lines), len(lines[-1]) if last else 0, manner, rng)
    return together(
        through_tract(whole, manner.tract, manner.tilt_db), pitch, voiced, manner.breath
    )


def _rows(word: Word, last: bool, manner: Manner, rng: np.random.Generator) -> int:
    """The length: entering tones are short, the end of a group is longer, long words are
    shortened."""
    weight = _CHECKED_WEIGHT if _CHECKED.search(word.text) else _OPEN_WEIGHT
    if word.units[0].startswith("e_"):
        weight *= (0.55 + 0.15 * len(word.units)) if len(word.units) > 3 else 1.0
    weight *= _LAST_WEIGHT if last else 1.0
    rows = weight / manner.pace / STEP_S * np.exp(rng.normal(0, manner.uneven))
    return max(_SHORTEST_ROWS, round(float(rows)))


def _blend(spectrum: Doubles, voiced: Marks, join: int, manner: Manner) -> None:
    """Co-articulation: around a join spectra move in a straight line from one sound to the next.

    Only the beginning of a voiceless consonant is changed, or it would be lost.
    """
    both = bool(voiced[join - 1] and voiced[join])
    before = min(round(manner.blend_s / STEP_S), join)
    after = min(before if both else 2, len(spectrum) - join - 1)
    left, right = spectrum[join - before].copy(), spectrum[join + after].copy()
    for at in range(join - before + 1, join + after):
        way = (at - join + before) / (before + after)
        share = manner.blend * (1 - abs(at - join) / (before if at < join else after))
        spectrum[at] = (1 - share) * spectrum[at] + share * ((1 - way) * left + way * right)
    if both:
        voiced[join - before : join + after] = True


def _melody(language: Language, word: Word, sound: Sound, voiced: Marks, manner: Manner) -> Doubles:
    """Semitones relative to a middle tone, by rule; an English word keeps half of its own
    melody."""
    where = np.linspace(0, 1, len(voiced))
    if language in _LEVELS and word.text[-1].isdigit():
        levels = _LEVELS[language][word.text[-1]]
        begins = float(np.argmax(voiced)) / len(voiced)
        line = np.interp(where, np.linspace(begins, 1, len(levels)), levels) - 3
        return np.asarray(line * manner.span / 4, np.float64)
    pitches = sound.pitch[sound.pitch > 0]
    if len(pitches) < 5:
        return np.zeros(len(voiced))
    own = gaussian_filter1d(12 * np.log2(pitches / np.median(pitches)), 6)
    line = np.interp(where, np.linspace(0, 1, len(own)), own)
    return np.asarray(0.5 * np.clip(line, -6, 6), np.float64)


def _pitch(line: Doubles, final: int, manner: Manner, rng: np.random.Generator) -> Doubles:
    """One pitch contour in Hz over a group: tones run into each other, and the whole falls."""
    smooth = gaussian_filter1d(line, 0.02 / STEP_S, mode="nearest")
    smooth = smooth - manner.fall * STEP_S * np.arange(len(smooth))
    smooth[len(smooth) - final :] -= np.linspace(0, manner.last_fall, final)
    drift, shake = rng.normal(0, 1, (2, len(smooth)))
    smooth += 2.0 * gaussian_filter1d(drift, 20, mode="nearest")
    shaken = 1 + manner.shake * gaussian_filter1d(shake, 1.5, mode="nearest")
    return np.asarray(manner.pitch_hz * 2 ** (smooth / 12) * shaken, np.float64)
