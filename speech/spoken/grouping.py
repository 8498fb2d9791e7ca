"""Divides long numbers into groups of three and four, as people read them out."""

from __future__ import annotations

LARGEST = 4


def groups(digits: str) -> list[str]:
    """Groups of three, then of four: 10 digits as 3 3 4, 13 as 3 3 3 4, 8 as 4 4.

    Four digits or fewer stay together; five, which cannot be done, are 2 3.
    """
    length = len(digits)
    if length <= LARGEST:
        return [digits] if digits else []
    count = -(-length // LARGEST)
    threes = LARGEST * count - length
    sizes = [2, 3] if threes > count else [3] * threes + [LARGEST] * (count - threes)
    found, at = [], 0
    for size in sizes:
        found.append(digits[at : at + size])
        at += size
    return found
