"""Measures the node's load, decides about overload, and tells everybody concerned."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from ivr.node.overload import Look, OverloadWatch
from ivr.node.pressure import PressureGauge
from ivr.node.scoreboard import Row, Scoreboard, Sound, WorkerState
from ivr.observe import metrics
from ivr.observe.strain import Strain, Verdict
from ivr.settings.overload import OverloadSettings

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.2
FRAMES_A_SECOND = 50
OVERDUE_S = 0.4
"""Workers report their counts ten times a second, quiet ones twice. If the report of one is overdue
for so long, its frames count as late."""


class NodeLoad:
    """Used by the supervisor: looks at all workers and at the machine five times a second, or as
    often as it is called.

    Args:
        pace: limits the front to this many new calls a second; 0: none, None: no limit.
    """

    def __init__(
        self,
        settings: OverloadSettings,
        scoreboard: Scoreboard,
        pace: Callable[[int | None], None],
        gauge: PressureGauge | None = None,
    ) -> None:
        self._settings = settings
        self._scoreboard = scoreboard
        self._pace = pace
        self._watch = OverloadWatch(settings)
        self._gauge = gauge or PressureGauge()
        self._counted: dict[int, tuple[int, Sound]] = {}
        self._looked_at: float | None = None
        self._frames = self._late = 0
        self.verdict = Verdict()

    def watch(self, now: float) -> None:
        """Look if it is time, and act on the result. `now` is monotonic, in seconds."""
        before = self._looked_at
        if before is not None and now - before < LOOK_EVERY_S:
            return
        self._looked_at = now
        since = now - before if before is not None else 0.0
        self._take(self._watch.look(self._seen(now, since)), now)

    def _seen(self, now: float, since: float) -> Look:
        frames = late = late_wakings = 0
        for row in self._scoreboard.rows():
            if row.state not in (WorkerState.READY, WorkerState.DRAINING):
                continue
            counted = self._counted_since(row)
            frames, late = frames + counted.frames, late + counted.late
            late_wakings += counted.late_wakings
            if row.overdue_for(now) > OVERDUE_S:
                owed = round(row.active * since * FRAMES_A_SECOND)
                frames, late = frames + owed, late + owed
                late_wakings += row.overdue_for(now) > self._settings.awake_late_ms / 1000
        metrics.frames_total.inc(frames)
        metrics.late_frames_total.inc(late)
        self._frames, self._late = self._frames + frames, self._late + late
        return Look(now, frames, late, late_wakings, self._gauge.look(now), since or LOOK_EVERY_S)

    def _counted_since(self, row: Row) -> Sound:
        """What a worker has counted since the previous look; a new worker counts from zero."""
        sound = self._scoreboard.sound(row.slot)
        pid, before = self._counted.get(row.slot, (0, Sound()))
        self._counted[row.slot] = (row.pid, sound)
        if pid != row.pid:
            before = Sound()
        return Sound(
            max(0, sound.frames - before.frames),
            max(0, sound.late - before.late),
            max(0, sound.late_wakings - before.late_wakings),
        )

    def _take(self, verdict: Verdict, now: float) -> None:
        before, self.verdict = self.verdict, verdict
        self._scoreboard.write_verdict(verdict)
        self._show(verdict)
        if verdict.calls_per_second != before.calls_per_second:
            self._pace(verdict.calls_per_second)
        if verdict.overloaded and not before.overloaded:
            metrics.overloads_total.inc()
            self._frames = self._late = 0
            log.warning(
                "overloaded: no new calls",
                why=verdict.cause.name.lower(),
                active=self._scoreboard.active,
                **figures_of(verdict),
            )
        elif before.overloaded and not verdict.overloaded:
            log.warning(
                "calls are taken again",
                after_s=round(now - before.since, 1),
                frames=self._frames,
                late=self._late,
                active=self._scoreboard.active,
            )
        if verdict.strain is Strain.KEYPAD_ONLY and before.strain is not Strain.KEYPAD_ONLY:
            log.warning("still overloaded: speech is given up in all calls", **figures_of(verdict))

    @staticmethod
    def _show(verdict: Verdict) -> None:
        metrics.overloaded.set(int(verdict.overloaded))
        metrics.late_frames_share.set(verdict.late_share)
        pressure = verdict.pressure
        for resource, share in (
            ("cpu", pressure.cpu),
            ("memory", pressure.memory),
            ("io", pressure.io),
            ("steal", pressure.steal),
        ):
            metrics.pressure.labels(resource=resource).set(share)


def figures_of(verdict: Verdict) -> dict[str, str]:
    """The figures of a verdict, for a log line."""
    pressure = verdict.pressure
    return {
        "late_frames": f"{verdict.late_share:.1%}",
        "cpu": f"{pressure.cpu:.0%}",
        "memory": f"{pressure.memory:.0%}",
        "io": f"{pressure.io:.0%}",
        "steal": f"{pressure.steal:.0%}",
    }


class Waking:
    """Counts how often a loop woke too late after its pauses. Used by that loop only."""

    def __init__(self, too_late_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._too_late_s = too_late_s
        self._clock = clock
        self._woke_at: float | None = None
        self._late_at: float | None = None
        self.late = 0

    def woke(self, pause_s: float) -> None:
        """Call it after each pause, which should have lasted `pause_s` at most."""
        now = self._clock()
        if self._woke_at is not None and now - self._woke_at - pause_s > self._too_late_s:
            self.late += 1
            self._late_at = now
        self._woke_at = now

    def late_within(self, seconds: float) -> bool:
        """Whether it woke too late within so many seconds before it last woke."""
        if self._late_at is None or self._woke_at is None:
            return False
        return self._woke_at - self._late_at < seconds
