"""The lengths of the parts of a syllable in connected speech.

Lengths of consonants and rimes in Hong Kong Cantonese differ by kind (Bauer and Benedict 1997, 1.3
and 2.4: entering syllables are the shortest, aa, e, o and other long vowels half as long again as
a); the milliseconds here are ours, for the pace of an announcement.
"""

from __future__ import annotations

from dataclasses import dataclass

from speech.voices.cantonese.syllable import STOPPED, Syllable

_ONSET_MS = {
    "": 0, "b": 14, "d": 16, "g": 24, "gw": 32, "p": 58, "t": 62, "k": 66, "kw": 74,
    "z": 55, "c": 95, "s": 105, "f": 90, "h": 66,
    "m": 62, "n": 60, "ng": 62, "l": 52, "w": 56, "j": 56,
}  # fmt: skip
_CLOSED_MS = 38.0
"""Closure before a stop."""
_CHECKED_CLOSED_MS = 44.0
"""The closure after an entering syllable; it also serves the stop that follows."""
_RIME_MS = {  # (entering, short vowel)
    (True, True): 92.0,
    (True, False): 122.0,
    (False, True): 158.0,
    (False, False): 172.0,
}
_LIGHT = 0.8
_LAST = 1.35
_LAST_BUT_ONE = 1.06
_ALONE = {False: 1.75, True: 2.3}
"""Factor for a word of one syllable by itself, such as a digit; by whether its tone is entering."""
_TABLE_PACE = 4.3
"""The pace in syllables per second to which the figures above amount in the texts of the
service."""


@dataclass(frozen=True)
class Length:
    """Lengths of a syllable's parts, seconds."""

    closed: float
    onset: float
    rime: float

    @property
    def whole(self) -> float:
        return self.closed + self.onset + self.rime


def lengths(syllables: tuple[Syllable, ...], pace: float) -> list[Length]:
    """The lengths of all syllables of a phrase, at a pace in syllables per second."""
    stretch = _TABLE_PACE / pace / 1000
    found = []
    for at, syllable in enumerate(syllables):
        before = syllables[at - 1] if at else None
        closed = 0.0
        if before is not None:
            closed = _CLOSED_MS if syllable.onset in STOPPED else 0.0
            closed = max(closed, _CHECKED_CLOSED_MS if before.checked else 0.0)
        left = len(syllables) - 1 - at
        weight = {0: _LAST, 1: _LAST_BUT_ONE}.get(left, 1.0)
        if len(syllables) == 1:
            weight = _ALONE[syllable.checked]
        if syllable.light and left:
            weight *= _LIGHT
        onset = _ONSET_MS[syllable.onset] * (1.1 if before is None else 1.0)
        rime = _RIME_MS[syllable.checked, syllable.short] * weight
        found.append(Length(closed * stretch, onset * stretch, rime * stretch))
    return found
