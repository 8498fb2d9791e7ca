"""Decides whether this node is overloaded; does nothing but decide.

docs/overload.md says what is given up in which order: charts and housekeeping first, then new
calls, then speech. Sound and keys of running calls are never given up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ivr.observe.strain import Cause, Pressure, Strain, Verdict
from ivr.settings.overload import OverloadSettings

_LATE_WAKINGS = 2
"""A single one may be a moment's delay, which harms nobody."""

_DOUBLED_EVERY_S = 2.0


@dataclass(frozen=True)
class Look:
    """What was measured since the previous look.

    Attributes:
        at: monotonic time, in seconds.
        frames: frames of running calls that were due.
        late: how many of these were late.
        late_wakings: times that workers woke up too late, calls or not.
        seconds: time since the previous look.
    """

    at: float
    frames: int = 0
    late: int = 0
    late_wakings: int = 0
    pressure: Pressure = field(default_factory=Pressure)
    seconds: float = 1.0


class OverloadWatch:
    """Decides from one look to the next. It uses no clock and no system call: its time is
    `Look.at`."""

    def __init__(self, settings: OverloadSettings) -> None:
        self._settings = settings
        self._looks: deque[Look] = deque()
        self._overloaded_at: float | None = None
        self._back_at: float | None = None
        self._keypad_only = False
        self._pressed_at: float | None = None
        self._cause = Cause.NOTHING

    def look(self, look: Look) -> Verdict:
        """The state of the node, from this look and those before it."""
        settings = self._settings
        self._looks.append(look)
        while look.at - self._looks[0].at >= settings.calm_s:
            self._looks.popleft()
        window = self._within(settings.window_s)
        share = late_share(window)
        if not settings.enabled:
            return Verdict(late_share=share, pressure=mean(window))
        self._see_pressure(window)
        cause = self._cause_in(window, share)
        if self._overloaded_at is None:
            if cause is not Cause.NOTHING:
                self._overloaded_at, self._back_at, self._cause = look.at, None, cause
        elif self._is_over(look.at):
            self._overloaded_at, self._back_at = None, look.at
            self._keypad_only, self._cause = False, Cause.NOTHING
        elif look.at - self._overloaded_at >= settings.keypad_only_after_s:
            # Frames that were late before calls were refused do not show whether refusing is
            # enough.
            lately = self._within(settings.window_s / 2)
            if self._cause_in(lately, late_share(lately)) is not Cause.NOTHING:
                self._keypad_only = True
        since = self._back_at if self._overloaded_at is None else self._overloaded_at
        return Verdict(
            self._strain,
            self._cause,
            share,
            self._pace(look.at),
            since or 0.0,
            mean(window),
        )

    @property
    def _strain(self) -> Strain:
        if self._keypad_only:
            return Strain.KEYPAD_ONLY
        if self._overloaded_at is not None:
            return Strain.OVERLOADED
        return Strain.CALM if self._pressed_at is None else Strain.PRESSED

    def _within(self, seconds: float) -> list[Look]:
        newest = self._looks[-1].at
        return [look for look in self._looks if newest - look.at < seconds]

    def _cause_in(self, window: list[Look], share: float) -> Cause:
        settings = self._settings
        if share > settings.late_share:
            return Cause.LATE_FRAMES
        if sum(look.late_wakings for look in window) >= _LATE_WAKINGS:
            return Cause.LATE_WAKING
        return Cause.MEMORY if self._swaps(window, 1.0) else Cause.NOTHING

    def _swaps(self, looks: list[Look], part: float) -> bool:
        """Whether processes waited for memory longer than `part` of the limit in the settings."""
        most = self._settings.memory_stalled_share
        return most > 0 and mean(looks).memory_full > most * part

    def _is_over(self, now: float) -> bool:
        """Whether nothing was wrong for long enough. Without calls no frame is late, which counts
        as calm."""
        assert self._overloaded_at is not None
        settings, looks = self._settings, list(self._looks)
        return (
            now - self._overloaded_at >= settings.calm_s
            and late_share(looks) <= settings.return_share
            and not any(look.late_wakings for look in looks)
            and not self._swaps(looks, 0.5)
        )

    def _see_pressure(self, window: list[Look]) -> None:
        now, pressure = self._looks[-1].at, mean(window)
        if self._is_pressed(pressure, 1.0):
            self._pressed_at = now
        elif (
            self._pressed_at is not None
            and now - self._pressed_at >= self._settings.calm_s
            and not self._is_pressed(pressure, 0.5)
        ):
            self._pressed_at = None

    def _is_pressed(self, pressure: Pressure, part: float) -> bool:
        """Whether the pressure is above `part` of the limit in the settings."""
        settings = self._settings
        return (
            pressure.cpu > settings.pressed_cpu * part
            or pressure.io > settings.pressed_io * part
            or pressure.memory > settings.pressed_memory * part
            or pressure.steal > settings.pressed_steal * part
        )

    def _pace(self, now: float) -> int | None:
        """The pace of new calls afterwards: refused callers all try again at once, which would be
        too many."""
        if self._overloaded_at is not None:
            return 0
        if self._back_at is None:
            return None
        since = now - self._back_at
        if since >= self._settings.slow_start_s:
            return None
        return self._settings.slow_start_calls << int(since / _DOUBLED_EVERY_S)


def late_share(looks: list[Look]) -> float:
    """The share of late frames in these looks; 0 if there were no frames."""
    frames = sum(look.frames for look in looks)
    return min(1.0, sum(look.late for look in looks) / frames) if frames else 0.0


def mean(looks: list[Look]) -> Pressure:
    """The mean pressure of these looks, each counted by the time it stands for."""
    seconds = sum(look.seconds for look in looks)

    def of(what: Callable[[Pressure], float]) -> float:
        return sum(what(look.pressure) * look.seconds for look in looks) / seconds

    return Pressure(
        of(lambda pressure: pressure.cpu),
        of(lambda pressure: pressure.memory),
        of(lambda pressure: pressure.memory_full),
        of(lambda pressure: pressure.io),
        of(lambda pressure: pressure.steal),
    )
