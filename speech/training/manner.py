"""How one speaker says one thing: pace, pitch, tract, and how far sounds run into each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_SLOW = 0.16
"""Of speakers: those who say a number with care, about a digit a second."""


@dataclass(frozen=True)
class Manner:
    """One speaker's way of talking.

    Attributes:
        pace: syllables or words a second, within a group.
        pitch_hz: of a middle tone.
        span: semitones from the lowest tone to the highest.
        fall: semitones a second, anew in each group.
        last_fall: semitones more over the last syllable.
        tract: all formants by this factor.
        tilt_db: at 4 kHz, against none at 0.
        breath: noise in the voice, 0 to 1.
        shake: of the pitch, from one moment to the next, a share.
        blend_s: reach of a join to either side, seconds.
        blend: how far a join gives up what was recorded, 0 to 1.
        closure_s: silence of a stop before its release, seconds.
        uneven: of lengths, a share.
        pause_s: between groups, seconds from and to.
        apart_s: between the words of a group, seconds; above nought for who speaks with care.
    """

    pace: float = 4.0
    pitch_hz: float = 140.0
    span: float = 7.0
    fall: float = 1.5
    last_fall: float = 2.0
    tract: float = 1.0
    tilt_db: float = 0.0
    breath: float = 0.3
    shake: float = 0.01
    blend_s: float = 0.045
    blend: float = 0.8
    closure_s: float = 0.03
    uneven: float = 0.12
    pause_s: tuple[float, float] = (0.06, 0.3)
    apart_s: float = 0.0

    @classmethod
    def drawn(cls, rng: np.random.Generator, *, woman: bool | None = None) -> Manner:
        """Somebody at random; `woman` says whose recordings are spoken again, None for a man's or
        unknown: a man's serve for women too, with a shorter tract."""
        as_woman = rng.random() < 0.5
        slow = rng.random() < _SLOW
        shorter = (0.92, 1.1) if woman else (1.02, 1.26)
        longer = (0.76, 0.96) if woman else (0.86, 1.1)
        return cls(
            pace=float(rng.uniform(1.6, 3.0) if slow else rng.uniform(2.8, 5.2)),
            pitch_hz=float(np.clip(rng.normal(205 if as_woman else 120, 28), 75, 290)),
            span=float(rng.uniform(4.0, 10.0)),
            fall=float(rng.uniform(0.3, 3.0)),
            last_fall=float(rng.uniform(0.0, 4.0)),
            tract=float(rng.uniform(*(shorter if as_woman else longer))),
            tilt_db=float(rng.uniform(-8, 8)),
            breath=float(rng.uniform(0.05, 0.9)),
            shake=float(rng.uniform(0.003, 0.025)),
            blend_s=float(rng.uniform(0.02, 0.07)),
            blend=float(rng.uniform(0.4, 1.0)),
            closure_s=float(rng.uniform(0.0, 0.05)),
            uneven=float(rng.uniform(0.05, 0.22)),
            pause_s=(0.06, 0.9 if slow else 0.35),
            apart_s=float(rng.uniform(0.05, 0.6)) if slow else 0.0,
        )
