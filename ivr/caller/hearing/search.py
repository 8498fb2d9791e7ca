"""Searches a short piece of a line for places where known recordings may have begun."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ivr.caller.hearing.repertoire import ANCHOR, COARSE, WINDOW, Anchors, Known, Sound, coarse

LIKE = 0.6
"""From this correlation on (1: the same waveform) a likeness is examined."""

AT_ONCE = 128
"""Search pieces compared at once, so that intermediate results fit into a core's cache."""

MOST = 24
"""At most so many likenesses are examined at once."""


@dataclass(frozen=True)
class Likeness:
    """A recording that may be on the line.

    Attributes:
        begins: sample of the searched piece at which the recording's first sample would be, exact
            to `COARSE` samples; negative when it began before.
        anchor: sample of the recording at which the piece begins that it was found by.
        match: correlation of that piece.
    """

    known: Known
    begins: int
    anchor: int
    match: float


def search(piece: Sound, anchors: Anchors, phase: int) -> list[Likeness]:
    """Find recordings that resemble these `WINDOW` samples, the most alike first.

    Args:
        phase: 0 or 1. Only recordings that began at an even (0) or odd (1) sample of the piece are
            certainly found; one sample is half a cycle of the highest tones.
    """
    if len(piece) != WINDOW + COARSE:
        raise ValueError(f"expected {WINDOW + COARSE} samples")
    if not anchors.known:
        return []
    samples = coarse(piece[phase : phase + WINDOW])
    lags = ANCHOR // COARSE
    squares = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    energy = np.maximum(squares[lags:] - squares[:-lags], 1.0)[:lags]
    spectrum = np.fft.rfft(samples).astype(np.complex64)
    loudness = np.sqrt(energy).astype(np.float32)
    best = np.empty(len(anchors.known), np.intp)
    values = np.empty(len(anchors.known), np.float32)
    for first in range(0, len(best), AT_ONCE):
        rows = slice(first, first + AT_ONCE)
        match = np.fft.irfft(anchors.spectra[rows] * spectrum, len(samples), axis=1)[:, :lags]
        match /= loudness
        best[rows] = match.argmax(axis=1)
        values[rows] = np.take_along_axis(match, best[rows, np.newaxis], axis=1)[:, 0]
    found: dict[Known, Likeness] = {}
    for row in np.argsort(values)[::-1]:
        if values[row] < LIKE or len(found) >= MOST:
            break
        known = anchors.known[row]
        if known not in found:
            anchor = int(anchors.at[row])
            begins = int(best[row]) * COARSE + phase - anchor
            found[known] = Likeness(known, begins, anchor, float(values[row]))
    return list(found.values())
