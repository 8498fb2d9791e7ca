"""How far what was heard is from what was said."""

from __future__ import annotations


def distance(said: str, heard: str) -> int:
    """Insertions, deletions and substitutions between two strings (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for at, one in enumerate(said, start=1):
        before, row[0] = row[:], at
        for place, other in enumerate(heard, start=1):
            row[place] = min(
                before[place] + 1, row[place - 1] + 1, before[place - 1] + (one != other)
            )
    return row[-1]
