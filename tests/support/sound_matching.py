"""Audio that was played, looked for in audio that was heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Samples = np.ndarray[Any, np.dtype[np.float64]]

PIECE = 800  # samples, 100 ms: a jitter buffer that adapts slips between two pieces, seldom in one
CLEAR = 0.95
AROUND = 480  # samples either side of where a piece is due


@dataclass(frozen=True)
class SoundMatch:
    """What of an utterance was found in a recording."""

    begins: int  # where it begins in the recording, samples
    clear: tuple[bool, ...]  # for each 100 ms that has sound: was it heard as it was played?
    shifts: tuple[int, ...]  # of the clear ones, against the beginning, samples

    @property
    def share(self) -> float:
        return sum(self.clear) / len(self.clear)

    @property
    def longest_unclear(self) -> int:
        """Pieces in a row that were not heard as played."""
        runs = "".join("x" if not clear else " " for clear in self.clear).split()
        return max((len(run) for run in runs), default=0)


def find(part: Samples, whole: Samples) -> tuple[int, float]:
    """Where `part` is in `whole`, and how alike they are there (1: the same but for loudness).

    Nowhere (0, 0) when it is longer than what it is looked for in.
    """
    if len(whole) < len(part):
        return 0, 0.0
    size = 1 << (len(whole) + len(part)).bit_length()
    product = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size)), size)
    product = product[: len(whole) - len(part) + 1]
    sums = np.concatenate(([0.0], np.cumsum(whole**2)))
    energy = sums[len(part) :] - sums[: -len(part)]
    alike = product / np.sqrt(np.maximum(energy, 1.0) * np.sum(part**2))
    at = int(np.argmax(alike))
    return at, float(alike[at])


def hear(played: Samples, recorded: Samples) -> SoundMatch:
    """Look for `played` in `recorded`, 100 ms at a time, each near the place where it is due.

    The place is agreed upon by all pieces (their median), so that a sound which comes twice is not
    taken for a slip.
    """
    pieces = [
        (at, played[at : at + PIECE])
        for at in range(0, len(played) - PIECE + 1, PIECE)
        if np.sqrt(np.mean(played[at : at + PIECE] ** 2)) > 300
    ]
    anywhere = [(at, *find(piece, recorded)) for at, piece in pieces[::3]]
    begins = int(np.median([place - at for at, place, alike in anywhere if alike > CLEAR]))
    clear, shifts = [], []
    for at, piece in pieces:
        from_ = max(0, begins + at - AROUND)
        place, alike = find(piece, recorded[from_ : begins + at + PIECE + AROUND])
        clear.append(alike > CLEAR)
        if alike > CLEAR:
            shifts.append(from_ + place - at - begins)
    return SoundMatch(begins, tuple(clear), tuple(shifts))
