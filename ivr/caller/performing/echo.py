"""Finds echoes of secrets: of our own voice or keys, in what the other side sends.

An echo is recognised by its likeness to what we sent, not by its delay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ivr.telephony.sound.tones import STEP, WINDOW, tone_key

Sound = npt.NDArray[np.float32]
Place = tuple[int, int]
"""The first sample, and the one after the last."""

PIECE = 6400
"""Samples of our voice in one search piece, 800 ms: one or two syllables resemble many others of
the same synthesiser."""

LIKE = 0.7
"""From this correlation on a piece of the line is an echo. If the other side speaks over it, it is
less alike, but then it is also harder to understand."""

AROUND = 320
"""Samples by which an echo is longer than the original at either end, 40 ms."""

SOFTER = np.float32(10)
"""Keys are also found in an echo 20 dB softer than a telephone may send them."""

_BLOCK = 1 << 17
_SILENT = 30.0**2
"""Mean square below which a line is silent."""
_PAUSE = 0.05
"""A piece with less than this share of its utterance's mean power is a pause."""


def echoes(received: bytes, keys: str, spoken: Sequence[bytes]) -> list[Place]:
    """Find echoes of these keys as tones, and of what we said. It takes time: not for the event
    loop.

    Args:
        received, spoken: mono, s16le, 8000 Hz.
    """
    line = _samples(received)
    found = list(_tones(line, frozenset(keys)) if keys else ())
    for speech in spoken:
        found += _voice(line, _samples(speech))
    return found


def silenced(pcm: bytearray, places: Sequence[Place]) -> None:
    """Replace these places of s16le sound by silence."""
    for first, end in places:
        start, stop = max(0, first) * 2, min(end * 2, len(pcm))
        if stop > start:
            pcm[start:stop] = bytes(stop - start)


def _samples(pcm: bytes) -> Sound:
    return np.frombuffer(pcm, "<i2").astype(np.float32)


def _tones(line: Sound, keys: frozenset[str]) -> Iterator[Place]:
    line = line * SOFTER
    for first in range(0, len(line) - WINDOW + 1, STEP):
        if tone_key(line[first : first + WINDOW]) in keys:
            yield first - STEP, first + WINDOW + STEP


def _voice(line: Sound, speech: Sound) -> Iterator[Place]:
    """Search for pieces of the speech, each overlapping half of the one before, anywhere on the
    line."""
    mean = float(speech @ speech) / max(1, len(speech))
    length = min(PIECE, len(speech))
    if len(line) < length or not mean:
        return
    starts = {*range(0, len(speech) - length + 1, max(1, length // 2)), len(speech) - length}
    pieces = [speech[start : start + length] for start in sorted(starts)]
    pieces = [piece for piece in pieces if float(piece @ piece) >= _PAUSE * mean * length]
    for first in range(0, len(line), _BLOCK):
        block = line[first : first + _BLOCK + length]
        for piece in pieces if len(block) >= length else ():
            for at in _places(block, piece):
                yield first + at - AROUND, first + at + length + AROUND


def _places(block: Sound, piece: Sound) -> list[int]:
    length = len(piece)
    size = 1 << (len(block) - 1).bit_length()
    product = np.fft.rfft(block, size) * np.conj(np.fft.rfft(piece, size))
    alike = np.abs(np.fft.irfft(product, size)[: len(block) - length + 1])
    energies = np.concatenate([[0.0], np.cumsum(block.astype(np.float64) ** 2)])
    energy = energies[length:] - energies[:-length]
    loud = energy > _SILENT * length
    most = LIKE * float(np.linalg.norm(piece)) * np.sqrt(np.maximum(energy, 1.0))
    return [int(at) for at in np.flatnonzero(loud & (alike >= most))]
