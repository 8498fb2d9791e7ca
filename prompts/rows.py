"""The words of a row, such as "seven, seven, seven.", taken apart where the voice is silent.

A cut inside sound would click, or leave a sound of one word at another.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from speech.voices.voice import Samples, Speech

BLOCK_S = 0.01
SILENT = 10 ** (-35 / 20)  # of the loudest block
SHORTEST_S = 0.05
"""Shorter silences are those before a stop inside a word, such as the k of *six*."""


def taken_from(speech: Speech, at: int, count: int) -> Speech | None:
    """One part of speech that consists of `count` parts; None where the pauses do not tell which.

    The longest silences are taken for the pauses, if each is longer than any other.
    """
    silences = sorted(_silences(speech), key=_length, reverse=True)
    pauses, others = silences[: count - 1], silences[count - 1 :]
    if len(pauses) < count - 1 or (others and _length(others[0]) == _length(pauses[-1])):
        return None
    middles = sorted((begins + ends) // 2 for begins, ends in pauses)
    edges = [0, *middles, len(speech.samples)]
    return Speech(speech.samples[edges[at] : edges[at + 1]], speech.rate)


def _length(silence: tuple[int, int]) -> int:
    return silence[1] - silence[0]


def _silences(speech: Speech) -> list[tuple[int, int]]:
    """Where silences inside the speech begin and end, in samples."""
    block = round(speech.rate * BLOCK_S)
    whole: Samples = speech.samples[: len(speech.samples) // block * block].reshape(-1, block)
    peaks = np.abs(whole).max(axis=1)
    loud: list[int] = np.flatnonzero(peaks > SILENT * peaks.max()).tolist()
    found = [((before + 1) * block, after * block) for before, after in pairwise(loud)]
    return [silence for silence in found if _length(silence) >= SHORTEST_S * speech.rate]
