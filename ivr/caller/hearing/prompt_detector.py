"""Detects recordings on one line from its sound."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from ivr.caller.hearing.hypothesis import Hypothesis, begun, silent
from ivr.caller.hearing.repertoire import COARSE, SAMPLE_RATE, WINDOW, Known, Repertoire, Sound
from ivr.caller.hearing.search import Likeness, search
from speech.languages.language import Language

HELD_S = 3.0
STEP = SAMPLE_RATE * 80 // 1000
HOP = WINDOW // 2
AT_ONCE = 4
"""At most so many windows are searched in one step: the listening caller must also send in time."""

SURE = 0.92
"""From this correlation over its whole length on a recording counts as heard."""

ENOUGH = SAMPLE_RATE * 120 // 1000
TRUSTED = SAMPLE_RATE * 240 // 1000
"""After this many samples a hypothesis that fits is trusted while it fits, and no other is
sought."""

SAME_BREATH = SAMPLE_RATE * 180 // 1000
"""A pause shorter than this is inside a prompt: what follows is mostly in the same language. Less
than the pause between prompts (`prompts.phrase_gap_ms`)."""

SILENCE = 60.0**2
"""Mean square below which a line counts as silent: about -55 dBFS."""

LOUDER = 10 ** (2.5 / 10)
"""Sound must have this much more power than the line's noise to be searched: softer sound resembles
no recording."""

NOISE_MEMORY = 38
"""The quietest of so many steps is the noise: 3 s, since nobody speaks so long without a pause."""

UNMISTAKABLE = SAMPLE_RATE * 600 // 1000
"""After so much of a recording it can be distinguished from all others,"""

APART = 0.2
"""provided that no other is within this much of its likeness."""

AFTERWARDS = SAMPLE_RATE * 400 // 1000
"""So much silence decides all open hypotheses."""

CLEAR = 0.99
"""A window that resembles a recording this much is not searched further."""

ALIKE = 0.02
"""Recordings whose likeness differs by less than this are distinguished by their length."""

GOES_ON = 2 * ALIKE
"""The same for one that explains far more of the line: it had more time to differ."""


@dataclass(frozen=True)
class Detected:
    """A recording that was heard to its end.

    Attributes:
        known: the recording.
        begins_ms, ends_ms: on the line's own clock.
        missed_ms: how much of its beginning was not heard.
        score: correlation over all that was heard of it; 1 is the same waveform.
        runner_up: the next most likely recording and its score, if any was examined.
    """

    known: Known
    begins_ms: int
    ends_ms: int
    missed_ms: int
    score: float
    runner_up: tuple[str, float] | None


class PromptDetector:
    """Follows one line. It takes all its sound, and tells which recordings were heard and when.

    Only recordings that were heard to their end are reported. One whose beginning was missed counts
    too (`Detected.missed_ms`), one that was cut off does not.
    """

    def __init__(self, repertoire: Repertoire) -> None:
        self._repertoire = repertoire
        self._line: Sound = np.empty(0, np.float32)
        self._first = 0
        """Sample of the line that `_line` begins with."""
        self._fed = 0
        self._searched = 0
        self._heard_until = 0
        self._alive: list[Hypothesis] = []
        self._over: list[Hypothesis] = []
        self._refuted: set[tuple[Known, int, int]] = set()
        self._language: Language | None = None
        self._sound_since: int | None = None
        self._powers: deque[float] = deque(maxlen=NOISE_MEMORY)
        self._pending: list[Sound] = []
        self._waiting = 0

    @property
    def fed_ms(self) -> int:
        """Length of the line so far."""
        return self._fed * 1000 // SAMPLE_RATE

    def hear(self, pcm: bytes) -> list[Detected]:
        """Take in sound (mono, s16le, 8000 Hz); gives the recordings that ended with it."""
        sound = np.frombuffer(pcm, "<i2").astype(np.float32)
        self._pending.append(sound)
        self._waiting += len(sound)
        if self._waiting < STEP:
            return []
        return self._step()

    def beginning(self) -> Detected | None:
        """The recording being heard now, once it can be no other; it may still be cut off."""
        best = max(self._alive, key=lambda hypothesis: hypothesis.score, default=None)
        if best is None or best.score < SURE or best.samples_compared < UNMISTAKABLE:
            return None
        others = [hypothesis for hypothesis in self._alive if hypothesis.known is not best.known]
        second = max(others, key=lambda hypothesis: hypothesis.score, default=None)
        if second is not None and second.score > best.score - APART:
            return None
        return _detected(best, second)

    def end(self) -> list[Detected]:
        """The line has ended; gives the recordings that ended with it. No more sound may follow."""
        return self.hear(bytes(2 * AFTERWARDS))

    def _step(self) -> list[Detected]:
        news = np.concatenate(self._pending)
        self._line = np.concatenate([self._line, news])
        self._powers.append(_power(news))
        self._fed += self._waiting
        self._pending, self._waiting = [], 0
        surplus = len(self._line) - int(HELD_S * SAMPLE_RATE)
        if surplus > 0:
            self._line = self._line[surplus:]
            self._first += surplus
        self._compare()
        detected = self._decide()
        if not self._explained():
            self._search()
            detected += self._decide()
        return detected

    def _compare(self) -> None:
        for hypothesis in self._alive:
            hypothesis.compare(self._line, self._first)
        self._over += [
            hypothesis
            for hypothesis in self._alive
            if hypothesis.complete and not hypothesis.refuted
        ]
        wrong = [hypothesis for hypothesis in self._alive if hypothesis.refuted]
        self._refuted.update(
            (hypothesis.known, hypothesis.begins, hypothesis.heard_from) for hypothesis in wrong
        )
        self._alive = [
            hypothesis
            for hypothesis in self._alive
            if not (hypothesis.complete or hypothesis.refuted)
        ]
        if any(
            hypothesis.led_on for hypothesis in wrong
        ):  # search again what this recording seemed to explain
            again = (
                min(_unexplained_from(hypothesis) for hypothesis in wrong if hypothesis.led_on)
                - HOP
            )
            self._searched = max(self._first, self._heard_until - HOP, again)

    def _explained(self) -> bool:
        explained = False
        for hypothesis in self._alive:
            if (
                hypothesis.explains_now
                and hypothesis.score > SURE
                and hypothesis.samples_compared > TRUSTED
            ):
                hypothesis.led_on = explained = True
        return explained

    def _search(self) -> None:
        """Search the sound that is not explained yet, one window at a time."""
        self._searched = max(self._searched, self._heard_until - HOP, self._first)
        for _ in range(AT_ONCE):
            if self._searched + WINDOW + COARSE > self._fed:
                break
            at = self._searched
            window = self._line[at - self._first : at - self._first + WINDOW + COARSE]
            self._searched += HOP
            if self._nothing_in(window[:HOP]):  # its second half is in the next window
                self._sound_since = None
                continue
            if self._sound_since is None:
                self._sound_since = at
            self._look_into(at, window)
            self._compare()
            if self._explained():
                break

    def _nothing_in(self, sound: Sound) -> bool:
        """Whether a piece of line contains no more than the line's noise."""
        return silent(sound, SILENCE) or _power(sound) < LOUDER * min(self._powers)

    def _look_into(self, at: int, window: Sound) -> None:
        """Search a window: right after a recording in its language, and in the others where
        nothing in that one is like it. A menu may go on, or be answered, in another language."""
        late = self._sound_since is not None and at - self._sound_since > SAMPLE_RATE // 4
        same_breath = self._language is not None and at - self._heard_until < SAME_BREATH
        best = 0.0
        for language in sorted(
            self._repertoire.languages, key=lambda name: name is not self._language
        ):
            if same_breath and best >= SURE:
                return
            anchors = self._repertoire.beginnings(language)
            if late:
                anchors = self._repertoire.middles(language)
            for phase in range(COARSE):
                found = search(window, anchors, phase)
                clear = bool(found) and found[0].match >= CLEAR
                for likeness in found:
                    if not clear or likeness.match >= found[0].match - APART:
                        self._suppose(likeness, at)
                if clear:
                    return
                best = max(best, found[0].match if found else 0.0)

    def _suppose(self, found: Likeness, at: int) -> None:
        not_before = self._heard_until - SAMPLE_RATE // 20
        for hypothesis in begun(found, at, self._line, self._first, not_before):
            place = (hypothesis.known, hypothesis.begins, hypothesis.heard_from)
            if hypothesis.begins + hypothesis.heard_from < not_before or place in self._refuted:
                continue
            if not any(
                (other.known, other.begins, other.heard_from) == place and not other.slipped
                for other in (*self._alive, *self._over)
            ):
                hypothesis.compare(self._line, self._first)
                self._alive.append(hypothesis)

    def _decide(self) -> list[Detected]:
        """Give what is certain by now: no open hypothesis can explain more of the same sound."""
        detected = []
        while True:
            over = [
                hypothesis
                for hypothesis in self._over
                if hypothesis.score >= SURE and hypothesis.enough
            ]
            if not over:
                break
            best = self._best(over)
            if any(self._rivals(hypothesis, best) for hypothesis in self._alive):
                break
            rest = [
                hypothesis
                for hypothesis in (*self._over, *self._alive)
                if hypothesis.known is not best.known
            ]
            rest = [
                hypothesis
                for hypothesis in rest
                if hypothesis.begins < best.ends and hypothesis.samples_compared > ENOUGH
            ]
            second = max(rest, key=lambda hypothesis: hypothesis.score, default=None)
            detected.append(_detected(best, second))
            self._heard_until = best.fits_until
            self._searched = max(self._searched, min(best.fits_until - HOP // 2, self._fed))
            self._searched = min(self._searched, max(best.fits_until - HOP, self._first))
            self._language = best.known.language
            self._sound_since = None
            self._refuted.clear()
            edge = best.fits_until - SAMPLE_RATE // 20
            self._over = [hypothesis for hypothesis in self._over if hypothesis.begins >= edge]
            self._alive = [hypothesis for hypothesis in self._alive if hypothesis.begins >= edge]
        self._over = [
            hypothesis for hypothesis in self._over if hypothesis.ends > self._fed - SAMPLE_RATE
        ]
        return detected

    @staticmethod
    def _best(over: list[Hypothesis]) -> Hypothesis:
        first = min(over, key=lambda hypothesis: hypothesis.begins + hypothesis.heard_from)
        same = [
            hypothesis
            for hypothesis in over
            if hypothesis.begins + hypothesis.heard_from < first.ends - ENOUGH
        ] or [first]
        top = max(hypothesis.score for hypothesis in same)
        close = [hypothesis for hypothesis in same if hypothesis.score >= top - ALIKE]
        far = max(hypothesis.ends for hypothesis in close) + ENOUGH
        close += [
            hypothesis
            for hypothesis in same
            if hypothesis.score >= top - GOES_ON and hypothesis.ends > far
        ]
        return max(close, key=lambda hypothesis: (hypothesis.samples_compared, hypothesis.score))

    @staticmethod
    def _rivals(alive: Hypothesis, best: Hypothesis) -> bool:
        """Whether a hypothesis that goes on may turn out to be the right one instead."""
        return (
            alive.begins + alive.heard_from < best.ends - ENOUGH
            and alive.score > best.score - 2 * GOES_ON
            and alive.ends > best.ends
        )


def _power(sound: Sound) -> float:
    """The power of a piece of line, without its low-frequency rumble, which comes and goes."""
    steps = np.diff(sound)
    return float(np.dot(steps, steps)) / max(1, len(steps))


def _unexplained_from(refuted: Hypothesis) -> int:
    """The first sample to search again: after a prompt that was cut off, what follows; after a
    false hypothesis, everything."""
    cut_off = refuted.score_before >= SURE and refuted.samples_compared > 2 * TRUSTED
    return refuted.fitted_until if cut_off else refuted.begins + refuted.heard_from


def _detected(best: Hypothesis, second: Hypothesis | None) -> Detected:
    ms = 1000 / SAMPLE_RATE
    return Detected(
        best.known,
        round(best.begins * ms),
        round(best.ends * ms),
        round(best.heard_from * ms),
        round(best.score, 3),
        (second.known.name, round(second.score, 3)) if second is not None else None,
    )
