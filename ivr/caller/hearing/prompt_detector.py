"""The ear on one line: sound in, recordings heard out."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
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
"""So many windows are searched in a step at most: whoever listens also has to send in time."""

SURE = 0.92
"""Correlation over its whole length from which on a recording counts as heard."""

ENOUGH = SAMPLE_RATE * 120 // 1000
TRUSTED = SAMPLE_RATE * 240 // 1000
"""From then on an idea that fits is believed as long as it fits, and no other is looked for."""

SAME_BREATH = SAMPLE_RATE * 280 // 1000
"""A pause shorter than that is one inside a prompt: what follows is in the same language."""

SILENCE = 60.0**2
"""Mean square below which a line is silent: about -55 dBFS."""

LOUDER = 10 ** (2.5 / 10)
"""Sound must have so much more power than the noise of its line to be looked into: something less
loud than the noise is like nothing that is known."""

NOISE_MEMORY = 38
"""Steps whose quietest is the noise: 3 s, for nobody speaks so long without a pause."""

UNMISTAKABLE = SAMPLE_RATE * 600 // 1000
"""After so much of a recording it may be told from all others."""

APART = 0.2
"""And if no other is as like the line as that."""

AFTERWARDS = SAMPLE_RATE * 400 // 1000
"""So much silence decides what is still open."""

CLEAR = 0.99
"""A window as like a recording as that is looked into no further."""

ALIKE = 0.02
"""Recordings as like the line as that are told apart by their length."""

GOES_ON = 2 * ALIKE
"""The same for one that explains far more of the line: it had more time to become unlike."""


@dataclass(frozen=True)
class Detected:
    """A recording that was heard to its end.

    Attributes:
        known: the recording.
        begins_ms, ends_ms: on the line's own clock.
        missed_ms: of its beginning, not heard.
        score: correlation over all that was heard of it; 1 is the same wave form.
        runner_up: the next most likely one and its score, if any was looked into.
    """

    known: Known
    begins_ms: int
    ends_ms: int
    missed_ms: int
    score: float
    runner_up: tuple[str, float] | None


class PromptDetector:
    """Follows one line. Feed it all the sound there is; it tells what was heard and when.

    Only recordings that were heard to their end are told. One whose beginning was missed counts too
    (`Detected.missed_ms`), one that was cut off does not.
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
        """Take in sound (mono, s16le, 8000 Hz); what came to its end by it."""
        sound = np.frombuffer(pcm, "<i2").astype(np.float32)
        self._pending.append(sound)
        self._waiting += len(sound)
        if self._waiting < STEP:
            return []
        return self._step()

    def beginning(self) -> Detected | None:
        """What is being heard now, once it cannot be anything else; it may yet be cut off."""
        best = max(self._alive, key=lambda hypothesis: hypothesis.score, default=None)
        if best is None or best.score < SURE or best.samples_compared < UNMISTAKABLE:
            return None
        others = [hypothesis for hypothesis in self._alive if hypothesis.known is not best.known]
        second = max(others, key=lambda hypothesis: hypothesis.score, default=None)
        if second is not None and second.score > best.score - APART:
            return None
        return _detected(best, second)

    def end(self) -> list[Detected]:
        """The line is over: what came to its end with it. Nothing may be fed afterwards."""
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
        ):  # what it seemed to explain is to be explained again
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
        """Look through what was not explained, a window at a time."""
        self._searched = max(self._searched, self._heard_until - HOP, self._first)
        for _ in range(AT_ONCE):
            if self._searched + WINDOW + COARSE > self._fed:
                break
            at = self._searched
            window = self._line[at - self._first : at - self._first + WINDOW + COARSE]
            self._searched += HOP
            if self._nothing_in(window[:HOP]):  # its second half is in the next
                self._sound_since = None
                continue
            if self._sound_since is None:
                self._sound_since = at
            self._look_into(at, window)
            self._compare()
            if self._explained():
                break

    def _nothing_in(self, sound: Sound) -> bool:
        """Whether there is no more in a piece of line than the noise of it."""
        return silent(sound, SILENCE) or _power(sound) < LOUDER * min(self._powers)

    def _look_into(self, at: int, window: Sound) -> None:
        late = self._sound_since is not None and at - self._sound_since > SAMPLE_RATE // 4
        for language in self._languages(at):
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

    def _languages(self, at: int) -> Sequence[Language | None]:
        """The one spoken so far, right after something that was heard; otherwise any, it first."""
        if self._language is not None and at - self._heard_until < SAME_BREATH:
            return (self._language,)
        return sorted(
            self._repertoire.languages, key=lambda language: language is not self._language
        )

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
        """What is certain by now: nothing alive can still explain more of the same sound."""
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
        """Whether one that goes on may turn out to be what was heard instead."""
        return (
            alive.begins + alive.heard_from < best.ends - ENOUGH
            and alive.score > best.score - 2 * GOES_ON
            and alive.ends > best.ends
        )


def _power(sound: Sound) -> float:
    """Of a piece of line, its rumble left out: that comes and goes by itself."""
    steps = np.diff(sound)
    return float(np.dot(steps, steps)) / max(1, len(steps))


def _unexplained_from(refuted: Hypothesis) -> int:
    """Of a prompt that was cut off, what came after it; of a false idea, everything."""
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
