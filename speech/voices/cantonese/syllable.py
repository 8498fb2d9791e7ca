"""A Cantonese syllable in jyutping (Linguistic Society of Hong Kong 1993), and its sounds."""

from __future__ import annotations

import re
from dataclasses import dataclass

ONSETS = (
    *("gw", "kw", "ng", "b", "p", "m", "f", "d", "t", "n"),
    *("l", "g", "k", "h", "w", "z", "c", "s", "j"),
)
SONORANTS = frozenset({"m", "n", "ng", "l", "w", "j"})
"""Onsets that are voiced from the beginning."""
STOPPED = frozenset({"b", "p", "d", "t", "g", "k", "gw", "kw", "z", "c"})
"""Onsets before which the mouth is closed."""
_FORM = re.compile(rf"({'|'.join(ONSETS)})?([aeiou]\w*?|yu\w*?)([1-6])")
_SYLLABIC = re.compile(r"(h?)(m|ng)([1-6])")
_SHORT_VOWEL = re.compile(r"(a(?!a)|eo|[iu](?=k|ng))")


@dataclass(frozen=True)
class Syllable:
    """One syllable.

    Attributes:
        onset: the consonant it begins with, or nothing.
        rime: the rest, "m" and "ng" alone too.
        tone: 1 to 6.
        light: an unstressed word, spoken shorter.
    """

    onset: str
    rime: str
    tone: int
    light: bool = False

    @classmethod
    def of(cls, jyutping: str, *, light: bool = False) -> Syllable:
        """Read jyutping. Raises ValueError for text that is none."""
        found = _SYLLABIC.fullmatch(jyutping) or _FORM.fullmatch(jyutping)
        if found is None:
            raise ValueError(f"expected a syllable in jyutping, not {jyutping!r}")
        return cls(found[1] or "", found[2], int(found[3]), light)

    @property
    def toneless(self) -> str:
        return self.onset + self.rime

    @property
    def checked(self) -> bool:
        """Whether the tone is entering: the syllable ends with an unreleased p, t or k."""
        return self.rime[-1] in "ptk"

    @property
    def short(self) -> bool:
        """Whether its vowel is short."""
        return _SHORT_VOWEL.match(self.rime) is not None

    def __str__(self) -> str:
        return f"{self.toneless}{self.tone}"
