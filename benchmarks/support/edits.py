"""The distance between spoken and recognised text."""

from __future__ import annotations


def distance(spoken: str, recognised: str) -> int:
    """Insertions, deletions and substitutions between two strings (Levenshtein)."""
    row = list(range(len(recognised) + 1))
    for at, character in enumerate(spoken, start=1):
        before, row[0] = row[:], at
        for place, other in enumerate(recognised, start=1):
            row[place] = min(
                before[place] + 1, row[place - 1] + 1, before[place - 1] + (character != other)
            )
    return row[-1]
