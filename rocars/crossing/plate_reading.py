"""Which vehicle a camera may have read: a plate reader takes some characters for others.

A registration mark has no I, O or Q (Cap. 374E reg. 12E), so these are always misread. Other
characters may be; a reading is then taken for a mark that has a live bundle, never for any other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, product

_SEPARATORS = re.compile(r"[\s.\-_·•‐‑‒–—−ｰ・]+")
_READABLE = re.compile(r"[A-Z0-9]{1,8}")
_NEVER_IN_A_MARK = frozenset("IOQ")
_WRITTEN = str.maketrans("IOQ", "100")
AN_ALTERNATIVE = 1
"""An alternative is held as unlikely as a reading with one character corrected."""


def cleaned(text: str) -> str | None:
    """Letters and digits of what was read, or None when no Hong Kong mark reads so."""
    plate = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()
    return plate if _READABLE.fullmatch(plate) else None


def as_read(text: str) -> str | None:
    """The mark a reading spells if nothing but I, O and Q is corrected."""
    plate = cleaned(text)
    return plate.translate(_WRITTEN) if plate else None


class ConfusedCharacters:
    def __init__(self, groups: Iterable[str]) -> None:
        """`groups` of characters that are taken for one another."""
        self._others: dict[str, tuple[str, ...]] = {
            character: tuple(sorted(set(group) - _NEVER_IN_A_MARK - {character}))
            for group in groups
            for character in group
        }

    def marks(self, text: str, corrections: int) -> Mapping[str, int]:
        """Every mark the reading may be, with the least number of characters taken for others."""
        plate = cleaned(text)
        if plate is None:
            return {}
        choices: list[tuple[str, ...]] = []
        for character in plate:
            if character in _NEVER_IN_A_MARK:  # must be another: costs nothing
                written = character.translate(_WRITTEN)
                choices.append(tuple(dict.fromkeys((written, *self._others.get(character, ())))))
            else:
                choices.append((character,))
        found: dict[str, int] = {}
        for start in map("".join, product(*choices)):
            for cost in range(corrections + 1):
                for mark in self._corrected(start, cost):
                    found[mark] = min(cost, found.get(mark, cost))
        return found

    def _corrected(self, mark: str, count: int) -> Iterable[str]:
        """All marks that differ from this one in exactly `count` confusable characters."""
        places = [place for place, character in enumerate(mark) if character in self._others]
        for chosen in combinations(places, count):
            for others in product(*(self._others[mark[place]] for place in chosen)):
                letters = list(mark)
                for place, other in zip(chosen, others, strict=True):
                    letters[place] = other
                yield "".join(letters)


@dataclass(frozen=True)
class Candidates:
    """The marks that a reading with its alternatives may be; a lower rank is likelier."""

    plate: str | None  # as read
    ranks: Mapping[str, int]

    def likeliest(self, known: Iterable[str]) -> tuple[str, ...]:
        """Of these marks the ones of the lowest rank; several when the reading fits several."""
        ranked = sorted((self.ranks[mark], mark) for mark in set(known) if mark in self.ranks)
        return tuple(mark for rank, mark in ranked if rank == ranked[0][0])

    def corrected(self, mark: str) -> bool:
        """Whether the mark is another than was read."""
        return self.ranks.get(mark, 1) > 0


def candidates(
    plate: str, alternatives: Iterable[str], characters: ConfusedCharacters, corrections: int
) -> Candidates:
    """Those of the reading itself, and of each alternative as if one character were corrected."""
    ranks = dict(characters.marks(plate, corrections))
    for alternative in alternatives:
        for mark, cost in characters.marks(alternative, corrections).items():
            rank = cost + AN_ALTERNATIVE
            ranks[mark] = min(rank, ranks.get(mark, rank))
    return Candidates(as_read(plate), ranks)
