"""The figures of the wall board: today by hour, and the last days beside those before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ivr.console.insight import Insight, insight
from ivr.records.hong_kong import HONG_KONG
from ivr.records.measures import Counted, Measure

MEASURES = (Measure.OUTCOME, Measure.HOUR_CALLS, Measure.HOUR_SECONDS)
WEEK = timedelta(days=7)
LENGTHS = (7, 30)
"""Of the spans that are compared, whole days; today is in none of them."""

DAYS_READ = 2 * max(LENGTHS) + 1


@dataclass(frozen=True)
class Hour:
    """Answered calls that came in within one hour, today and on the same weekday a week ago."""

    hour: int
    today: int
    before: int


@dataclass(frozen=True)
class Compared:
    """Some time beside the same time before it.

    Attributes:
        days: whole days; 0: today, its whole hours, beside those of the same weekday a week ago.
        calls, calls_before: that were answered.
    """

    days: int
    calls: int
    calls_before: int
    now: Insight
    before: Insight

    @property
    def change(self) -> float | None:
        """Share by which there are more calls; None where there were none before."""
        return self.calls / self.calls_before - 1 if self.calls_before else None


@dataclass(frozen=True)
class Board:
    """What is shown.

    Attributes:
        until: the whole hour until which today is compared, 0 to 23.
    """

    hours: tuple[Hour, ...]
    until: int
    compared: tuple[Compared, ...]

    @property
    def highest(self) -> int:
        """Most calls in one of the hours."""
        return max(max(hour.today, hour.before) for hour in self.hours)


def board(counts: Sequence[Counted], at: datetime) -> Board:
    """Of the counts of `DAYS_READ` days up to the day of `at`."""
    there = at.astimezone(HONG_KONG)
    today, until = there.date(), there.hour

    def seen(first: date, last: date) -> Insight:
        return insight((count for count in counts if first <= count.day <= last), first, last)

    now, before = seen(today, today), seen(today - WEEK, today - WEEK)
    hours = tuple(Hour(hour, _of_hour(now, hour), _of_hour(before, hour)) for hour in range(24))
    whole = hours[:until]
    compared = [
        Compared(
            0, sum(hour.today for hour in whole), sum(hour.before for hour in whole), now, before
        )
    ]
    for length in LENGTHS:
        days = timedelta(days=length)
        now = seen(today - days, today - timedelta(days=1))
        before = seen(today - 2 * days, today - days - timedelta(days=1))
        compared.append(Compared(length, int(now.answered), int(before.answered), now, before))
    return Board(hours, until, tuple(compared))


def _of_hour(day: Insight, hour: int) -> int:
    return int(day.by_hour.get(f"{hour:02d}", 0))
