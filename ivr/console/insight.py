"""What the counts of some days say: containment, where callers give up, the busy hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from ivr.observe.erlang import lines_for
from ivr.records.measures import LENGTH_STEP_S, Counted, CountedHour, Measure
from ivr.records.outcome import CallOutcome

BLOCKED = 0.01
"""Share of calls that may find no line free in the busy hour."""

TO_A_PERSON = (CallOutcome.HOTLINE.value, CallOutcome.GAVE_UP_HOTLINE.value)


@dataclass(frozen=True)
class Question:
    """One question of the flows. Numbers are of calls, but for the last three.

    Attributes:
        left: callers of whom it was the last question, who did not get what they came for.
        put, noinput, nomatch: times.
    """

    name: str
    asked: float
    answered: float
    left: float
    put: float
    noinput: float
    nomatch: float

    @property
    def left_share(self) -> float:
        return self.left / self.asked if self.asked else 0.0

    @property
    def noinput_rate(self) -> float:
        return self.noinput / self.put if self.put else 0.0

    @property
    def nomatch_rate(self) -> float:
        return self.nomatch / self.put if self.put else 0.0


@dataclass(frozen=True)
class BusyHour:
    """The hour with the most traffic of all days.

    Attributes:
        erlangs: lines busy on average in it.
        lines: fewest at which no more than one call in a hundred is turned away (Erlang B).
    """

    day: date
    hour: str
    calls: float
    erlangs: float
    lines: int


@dataclass(frozen=True)
class Insight:
    """Some days of calls. Practice calls are left out."""

    first: date
    last: date
    outcomes: Mapping[str, float]
    by_day: Mapping[date, Mapping[str, float]]
    by_hour: Mapping[str, float]
    erlangs_by_hour: Mapping[str, float]
    lengths: Mapping[int, float]
    questions: tuple[Question, ...]
    busy_hour: BusyHour | None
    answered: float
    seconds: float
    modes: Mapping[str, float]

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(n) for n in range((self.last - self.first).days + 1)]

    @property
    def calls(self) -> float:
        return sum(self.outcomes.values())

    @property
    def containment(self) -> float | None:
        """Share of answered calls that needed no person."""
        if not self.answered:
            return None
        return 1 - sum(self.outcomes.get(name, 0) for name in TO_A_PERSON) / self.answered

    @property
    def completed(self) -> float | None:
        if not self.answered:
            return None
        return self.outcomes.get(CallOutcome.COMPLETED.value, 0) / self.answered

    @property
    def mean_seconds(self) -> float | None:
        return self.seconds / self.answered if self.answered else None

    @property
    def median_seconds(self) -> float | None:
        """To the middle of a class of 30 s: lengths are counted in such classes."""
        half, seen = self.answered / 2, 0.0
        for length, count in sorted(self.lengths.items()):
            seen += count
            if count and seen >= half:
                return length + LENGTH_STEP_S / 2
        return None

    @property
    def speech_share(self) -> float | None:
        total = sum(self.modes.values())
        return self.modes.get("speech", 0) / total if total else None


Key = TypeVar("Key")
Sums = defaultdict[Key, float]


def _sums() -> Sums[Any]:
    return defaultdict(float)


def insight(
    counts: Iterable[Counted], first: date, last: date, busiest: CountedHour | None = None
) -> Insight:
    """All that some days' counts say, of the languages that are in them. `busiest`: which of their
    hours had the most traffic."""
    outcomes: Sums[str] = defaultdict(float)
    by_day: defaultdict[date, Sums[str]] = defaultdict(_sums)
    lengths: Sums[int] = defaultdict(float)
    of_hour: defaultdict[str, Sums[Measure]] = defaultdict(_sums)
    questions: defaultdict[str, Sums[Measure]] = defaultdict(_sums)
    modes: Sums[str] = defaultdict(float)
    for count in counts:
        match count.measure:
            case Measure.OUTCOME:
                outcomes[count.name] += count.count
                by_day[count.day][count.name] += count.count
            case Measure.LENGTH:
                lengths[int(count.name)] += count.count
            case Measure.HOUR_CALLS | Measure.HOUR_SECONDS:
                of_hour[count.name][count.measure] += count.count
            case Measure.MODE:
                modes[count.name] += count.count
            case _:
                questions[count.name][count.measure] += count.count
    days = (last - first).days + 1
    return Insight(
        first=first,
        last=last,
        outcomes=outcomes,
        by_day=by_day,
        by_hour={hour: found[Measure.HOUR_CALLS] for hour, found in of_hour.items()},
        erlangs_by_hour={
            hour: found[Measure.HOUR_SECONDS] / 3600 / days for hour, found in of_hour.items()
        },
        lengths=lengths,
        questions=_in_order(questions),
        busy_hour=None if busiest is None else _busy_hour(busiest),
        answered=sum(found[Measure.HOUR_CALLS] for found in of_hour.values()),
        seconds=sum(found[Measure.HOUR_SECONDS] for found in of_hour.values()),
        modes=modes,
    )


def _in_order(found: Mapping[str, Sums[Measure]]) -> tuple[Question, ...]:
    """Most asked first, which is the order of a call but for its branches."""
    questions = [
        Question(
            name,
            asked=of[Measure.ASKED],
            answered=of[Measure.ANSWERED],
            left=of[Measure.LEFT],
            put=of[Measure.PUT],
            noinput=of[Measure.NOINPUT],
            nomatch=of[Measure.NOMATCH],
        )
        for name, of in found.items()
    ]
    return tuple(sorted(questions, key=lambda question: (-question.asked, question.name)))


def _busy_hour(busiest: CountedHour) -> BusyHour:
    erlangs = busiest.seconds / 3600
    return BusyHour(busiest.day, busiest.hour, busiest.calls, erlangs, lines_for(erlangs, BLOCKED))
