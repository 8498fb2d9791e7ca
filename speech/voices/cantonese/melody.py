"""The pitch over a phrase: six tones that blend into each other, and a slow fall.

Levels are Chao's (1930): 1 is the lowest, 5 the highest a speaker uses. In each syllable the pitch
approaches a straight line, like a body on a damped spring, from where the previous syllable left it
(quantitative target approximation: Prom-on, Xu and Thipakorn 2009, equations 1-4).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from speech.voices.cantonese.envelope import STEP_S, Doubles

LEVELS: dict[int, tuple[float, float]] = {
    1: (5, 5),
    2: (2, 5),
    3: (3, 3),
    4: (2, 1),
    5: (2, 3),
    6: (2, 2),
}
"""The level at which each tone begins and ends (Matthews and Yip 2011, 1.4: 55, 25, 33, 21, 23,
22)."""
_TARGETS: dict[int, tuple[tuple[float, float, float], ...]] = {  # share of the voice, from, to
    1: ((1.0, 5.0, 5.0),),
    2: ((0.4, 1.7, 1.8), (0.6, 1.8, 5.5)),
    3: ((1.0, 3.0, 3.0),),
    4: ((1.0, 2.0, 0.7),),
    5: ((0.45, 1.8, 1.8), (0.55, 1.8, 3.4)),
    6: ((1.0, 2.0, 2.0),),
}
"""The lines that the pitch approaches: beyond those levels, since it never reaches them. A rise is
in the later part of its syllable."""
_STRENGTH = 60.0
"""How fast the pitch approaches its line, 1/s."""
_FALL, _FURTHEST_FALL = 1.1, 3.5
"""Semitones per second, and at most in all, over a phrase (declination)."""
_LAST_FALL = 0.7
"""Further semitones over the last syllable of a sentence."""


def fall(rows: int, last: int, *, ends: bool) -> Doubles:
    """The number of semitones by which the voice has fallen at each row.

    Args:
        last: rows of the last syllable.
        ends: the sentence ends here.
    """
    line = np.minimum(_FALL * STEP_S * np.arange(rows), _FURTHEST_FALL)
    if ends:
        line[rows - last :] += np.linspace(0, _LAST_FALL, last)
    return np.asarray(line, np.float64)


def semitones(level: float, span: float) -> float:
    """Semitones of a level relative to level 3."""
    return (level - 3) * span / 4


def line(
    tones: Sequence[int], rows: Sequence[int], voiceless: Sequence[int], span: float
) -> Doubles:
    """Semitones relative to level 3 at each row of a phrase, without its fall.

    Args:
        rows: number of rows of each syllable.
        voiceless: how many of these at the beginning have no audible pitch.
        span: semitones from level 1 to level 5.
    """
    pieces: list[Doubles] = []
    state = (semitones(LEVELS[tones[0]][0], span), 0.0, 0.0)
    for tone, count, silent in zip(tones, rows, voiceless, strict=True):
        first = _TARGETS[tone][0][1]
        targets = [(silent, first, first), *_shared_out(_TARGETS[tone], count - silent)]
        for length, begins, ends in targets:
            if length:
                path, state = _on_its_way(
                    state, length, semitones(begins, span), semitones(ends, span)
                )
                pieces.append(path)
    return np.concatenate(pieces)


def _shared_out(
    targets: Sequence[tuple[float, float, float]], rows: int
) -> list[tuple[int, float, float]]:
    at = np.round(np.cumsum([0.0, *(share for share, _, _ in targets)]) * rows).astype(int)
    return [
        (int(after - before), begins, ends)
        for before, after, (_, begins, ends) in zip(at, at[1:], targets, strict=False)
    ]


_State = tuple[float, float, float]
"""The pitch, its first and its second derivative: semitones, seconds."""


def _on_its_way(state: _State, rows: int, begins: float, ends: float) -> tuple[Doubles, _State]:
    """The path towards a straight line, and the state at its end."""
    time = STEP_S * np.arange(rows + 1)
    slope = (ends - begins) / (STEP_S * rows)
    offset = state[0] - begins
    linear = state[1] + offset * _STRENGTH - slope
    quadratic = (state[2] + 2 * linear * _STRENGTH - offset * _STRENGTH**2) / 2
    sprung = offset + linear * time + quadratic * time**2
    going = linear + 2 * quadratic * time
    decay = np.exp(-_STRENGTH * time)
    path = sprung * decay + slope * time + begins
    speed = (going - _STRENGTH * sprung) * decay + slope
    push = (2 * quadratic - 2 * _STRENGTH * going + _STRENGTH**2 * sprung) * decay
    return np.asarray(path[:-1], np.float64), (float(path[-1]), float(speed[-1]), float(push[-1]))
