"""A hypothesis about the sound on a line: that this recording began at this sample."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ivr.caller.hearing.repertoire import ANCHOR, COARSE, LOST, SAMPLE_RATE, Known, Sound
from ivr.caller.hearing.search import Likeness

PIECE = SAMPLE_RATE * 20 // 1000
"""Samples compared in one step."""

_FADES = 0.9
"""How much of the memory of earlier pieces remains at each new one: about 200 ms count."""

_WRONG = 0.7
"""Share of the recent power that may be unexplained; above it the hypothesis is refuted."""

_FITS = 0.5
"""Below this share it explains the current sound."""

_TOO_SOON = 8 * PIECE

_SLIP = SAMPLE_RATE * 10 // 1000
"""A jitter buffer skips or inserts sound in steps of this many samples (G.711 in PJMEDIA)."""

_FARTHEST_SLIP = 16
"""At most so many steps at once: 160 ms, when a machine stood still."""

_SLIPPED = 0.93
"""Correlation of two pieces that shows where the recording continues."""

_RIGHT = 0.85
"""Correlation that a hypothesis must have had before a slip is considered."""

_LOUD = 0.05
"""Share of a recording's mean power below which a piece of it is a pause."""

_MOST = 0.7
_LONG = SAMPLE_RATE * 3 // 2
_PARDONED = 2
"""So many of the worst pieces are ignored: a lost packet affects two."""


@dataclass(eq=False)
class Hypothesis:
    """The recording `known`, whose first sample is sample `begins` of the line.

    Attributes:
        heard_from: sample of the recording at which the comparison began.
        compared: samples of the recording compared so far, counted from its first.
    """

    known: Known
    begins: int
    heard_from: int

    def __post_init__(self) -> None:
        self.compared = self.heard_from
        self.refuted = False
        self.slipped = False
        self.led_on = False
        """Whether other hypotheses were ignored because of this one."""
        self.explains_now = True
        """Whether the last piece with sound was explained."""
        self._cross = self._ours = self._line = 0.0
        self._left = self._recent = 0.0
        self._worst: list[tuple[float, float, float, float]] = []
        self._unlike: list[tuple[float, float, float]] = []

    @property
    def ends(self) -> int:
        """The sample of the line after the recording's last one."""
        return self.begins + len(self.known.sound)

    @property
    def fits_until(self) -> int:
        """The sample of the line up to which it fits: its end, unless it was cut off."""
        return self.fitted_until if len(self._unlike) > _PARDONED else self.ends

    @property
    def complete(self) -> bool:
        return self.compared >= len(self.known.sound)

    @property
    def score(self) -> float:
        """Correlation of recording and line over all compared samples; 1 is the same waveform."""
        cross, ours, line = self._cross, self._ours, self._line
        if self.samples_compared >= _TOO_SOON:
            for _, of_cross, of_ours, of_line in self._worst:
                cross, ours, line = cross - of_cross, ours - of_ours, line - of_line
        both = math.sqrt(max(0.0, ours * line))
        return cross / both if both > 0 else 0.0

    @property
    def score_before(self) -> float:
        """The same without the last pieces if they did not fit: the score until then."""
        cross, ours, line = (sum(piece[part] for piece in self._unlike) for part in range(3))
        both = math.sqrt(max(0.0, (self._ours - ours) * (self._line - line)))
        return (self._cross - cross) / both if both > 0 else 0.0

    @property
    def fitted_until(self) -> int:
        """The sample of the line from which it no longer fits."""
        return self.begins + self.compared - len(self._unlike) * PIECE

    @property
    def samples_compared(self) -> int:
        return self.compared - self.heard_from

    @property
    def enough(self) -> bool:
        """Whether enough was compared to distinguish the recording: most of it, or a long part."""
        share = self.samples_compared / len(self.known.sound)
        return share >= _MOST or self.samples_compared >= _LONG

    def compare(self, line: Sound, first: int) -> None:
        """Compare with the sound received since. `line` begins at sample `first` of the line."""
        sound = self.known.sound
        while not self.refuted and self.compared < len(sound):
            until = min(self.compared + PIECE, len(sound))
            start = self.begins + self.compared - first
            end = self.begins + until - first
            if end > len(line) or start < 0:
                return
            unlike = self._piece(sound[self.compared : until], line[start:end])
            self.compared = until
            if unlike and len(self._unlike) >= 2 and not self.complete:
                self._slip(line, first)

    def _piece(self, ours: Sound, line: Sound) -> bool:
        """Take a piece into account; returns whether it differs from the line."""
        there = line != LOST
        if not there.all():
            ours, line = ours[there], line[there]
            if len(line) < PIECE // 4:
                return False
        cross, own = float(ours @ line), float(ours @ ours)
        energy = float(line @ line)
        self._cross += cross
        self._ours += own
        self._line += energy
        gain = max(0.0, self._cross / self._ours) if self._ours > 0 else 0.0
        left = energy - 2 * gain * cross + gain * gain * own
        most = max(energy, gain * gain * own)
        quiet = _LOUD * self.known.power * len(ours)
        if most > gain * gain * quiet:  # a pause cannot be compared with the noise of a line
            self._left = self._left * _FADES + min(left, most)
            self._recent = self._recent * _FADES + most
        self._worst.append((left, cross, own, energy))
        self._worst = sorted(self._worst, reverse=True)[:_PARDONED]
        self.explains_now = self._left < _FITS * self._recent
        if self.samples_compared >= _TOO_SOON:
            self.refuted = self._left > _WRONG * self._recent
        if left > _FITS * most and most > gain * gain * quiet:
            self._unlike.append((cross, own, energy))
            return True
        if own > quiet:
            self._unlike.clear()
        return False

    def _slip(self, line: Sound, first: int) -> None:
        """Check whether the recording continues a little earlier or later than expected."""
        if self.score_before < _RIGHT:
            return  # it never fitted
        piece = self.known.sound[self.compared - 2 * PIECE : self.compared]
        own = float(piece @ piece)
        if own < _LOUD * self.known.power * len(piece):
            return
        expected = self.begins + self.compared - 2 * PIECE - first
        farthest = _FARTHEST_SLIP * _SLIP
        places = range(expected - farthest, expected + farthest + 1, _SLIP)
        found = _most_alike(piece, line, places, _SLIPPED)
        if found is None or found == expected:
            return
        self.slipped = True
        self.begins += found - expected
        for cross, ours, energy in self._unlike:
            self._cross, self._ours = self._cross - cross, self._ours - ours
            self._line -= energy
        self._worst = []
        self._unlike.clear()
        self._left *= 1 - _FITS
        self.refuted = False


def begun(found: Likeness, at: int, line: Sound, first: int, not_before: int) -> list[Hypothesis]:
    """Make sample-exact hypotheses from a likeness found in the window that begins at `at`.

    One begins at the recording's beginning, if that can have been received; another at the piece
    that was found, if it is in the middle: the beginning may have been lost.

    Args:
        not_before: sample of the line before which no recording can have begun.
    """
    known = found.known
    piece = known.sound[found.anchor : found.anchor + ANCHOR]
    roughly = at + found.begins + found.anchor - first
    place = _most_alike(piece, line, range(roughly - COARSE, roughly + COARSE + 1), 0.0)
    if place is None:
        return []
    best = place - found.anchor + first
    made = []
    if best >= max(first, not_before):
        made.append(Hypothesis(known, best, 0))
    if found.anchor > ANCHOR or not made:
        made.append(Hypothesis(known, best, found.anchor))
    return made


def _most_alike(piece: Sound, line: Sound, places: range, least: float) -> int | None:
    """Which of these places in `line` is most like `piece`; None if none exceeds `least`."""
    best: int | None = None
    own = float(piece @ piece)
    for start in places:
        other = line[max(0, start) : start + len(piece)]
        if start < 0 or len(other) < len(piece):
            continue
        likeness = float(piece @ other) / math.sqrt(own * float(other @ other) + 1.0)
        if likeness > least:
            best, least = start, likeness
    return best


def silent(sound: Sound, threshold: float) -> bool:
    """Whether a piece of line is too soft to compare: its mean square is below `threshold`."""
    return len(sound) == 0 or float(np.dot(sound, sound)) / len(sound) < threshold
