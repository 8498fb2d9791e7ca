"""Counts of each Hong Kong day, made from the calls and kept when those are deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Executable, and_, case, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.models import Call, CallStep
from ivr.records.outcome import CallOutcome
from ivr.records.tally_tables import Tally

HONG_KONG = timezone(timedelta(hours=8), "HKT")
ROWS_AT_ONCE = 500
"""Rows that are read at a time: the event loop is held for no longer than that."""

LENGTH_STEP_S = 30
LONGEST_LENGTH_S = 900

GAVE_UP = (
    CallOutcome.CALLER_HUNG_UP,
    CallOutcome.GAVE_UP_HOTLINE,
    CallOutcome.HOTLINE,
    CallOutcome.LOGIN_REFUSED,
    CallOutcome.LOGIN_LOCKED,
    CallOutcome.NO_RTP,
    CallOutcome.TOO_LONG,
)
"""Ends of callers who did not get from the machine what they came for. Those by faults of the
network say nothing about the machine."""


class Measure(StrEnum):
    """What a tally counts, and what its `name` is. Practice calls are in none of them."""

    OUTCOME = "outcome"  # calls, by outcome
    HOUR_CALLS = "hour_calls"  # answered calls, by the hour they came in, "00" to "23"
    HOUR_SECONDS = "hour_seconds"  # seconds of those
    LENGTH = "length"  # answered calls, by length rounded down to 30 s, as "0060"
    ASKED = "asked"  # calls in which a question was put, by question
    ANSWERED = "answered"  # calls in which it was answered
    LEFT = "left"  # calls of which it was the last question, of callers who gave up
    PUT = "put"  # times a question was put
    NOINPUT = "noinput"  # times it met silence
    NOMATCH = "nomatch"  # times the answer did not fit
    MODE = "mode"  # answers, by key or speech


BY_DAY = (Measure.OUTCOME, Measure.HOUR_CALLS, Measure.HOUR_SECONDS)


@dataclass(frozen=True)
class Counted:
    """One count, as a chart takes it."""

    day: date
    language: str
    measure: Measure
    name: str
    count: float


def hong_kong_day(at: datetime) -> date:
    return at.astimezone(HONG_KONG).date()


class Tallies:
    """Everything may raise RecordsUnavailable."""

    def __init__(self, records: Database, *, leave_out: Sequence[str] = ()) -> None:
        """`leave_out`: dialled numbers whose calls are not counted, beside practice calls."""
        self._records = records
        self._leave_out = tuple(leave_out)

    async def read(
        self, first: date, last: date, language: str = "", *measures: Measure
    ) -> Sequence[Counted]:
        """Counts of the days from `first` to `last`, of one language or of all.

        Languages are summed up, and days too where the measure is not one of `BY_DAY`: then `day`
        is the first.
        """
        day = case((Tally.measure.in_(BY_DAY), Tally.day), else_=first)
        query = (
            select(day, Tally.measure, Tally.name, func.sum(Tally.count))
            .where(*_of_days(first, last, language, measures))
            .group_by(day, Tally.measure, Tally.name)
        )
        counts: list[Counted] = []
        async with self._records.reading() as session:
            found = await session.stream(query)
            async for rows in found.partitions(ROWS_AT_ONCE):
                counts += (
                    Counted(row[0], language, Measure(row[1]), row[2], row[3]) for row in rows
                )
        return counts

    async def all(self, first: date, last: date, language: str = "") -> Sequence[Counted]:
        """Every count as it is kept."""
        query = (
            select(Tally.day, Tally.language, Tally.measure, Tally.name, Tally.count)
            .where(*_of_days(first, last, language, ()))
            .order_by(Tally.day, Tally.language, Tally.measure, Tally.name)
        )
        async with self._records.reading() as session:
            rows = (await session.execute(query)).all()
        return [Counted(row[0], row[1], Measure(row[2]), row[3], row[4]) for row in rows]

    async def due(self) -> list[date]:
        """Days to be counted: today, and those before it that were not counted to their end."""
        today = hong_kong_day(now())
        async with self._records.reading() as session:
            newest = await session.scalar(select(func.max(Tally.day)))
            if newest is None:
                oldest = await session.scalar(select(func.min(Call.offered_at)))
                newest = today if oldest is None else hong_kong_day(oldest)
        # The newest one counted may have been today when it was: it is counted once more.
        days = (today - newest).days
        return [newest + timedelta(number) for number in range(days + 1)]

    async def count(self, day: date) -> None:
        """Count one day anew, in place of what was counted of it before."""
        async with self._records.reading() as session:
            counted = _counted(day, self._leave_out)
            counts = _of_calls(await session.execute(_calls(counted)))
            for language, kind, name, mode, calls, times in await session.execute(_steps(counted)):
                tongue = language or ""
                if kind == "asked":
                    counts[tongue, Measure.ASKED, name] += calls
                    counts[tongue, Measure.PUT, name] += times
                elif kind == "answered":
                    # A call that answered once by key and once by speech counts twice.
                    counts[tongue, Measure.ANSWERED, name] += calls
                    counts[tongue, Measure.MODE, mode] += times
                else:
                    counts[tongue, Measure(kind), name] += times
            for language, name, calls in await session.execute(_last_questions(counted)):
                counts[language or "", Measure.LEFT, name] += calls
        rows = [
            {"day": day, "language": language, "measure": measure, "name": name, "count": count}
            for (language, measure, name), count in counts.items()
        ]
        if not rows:  # a day without a call was counted, too
            nothing = Counted(day, "", Measure.OUTCOME, CallOutcome.COMPLETED, 0)
            rows = [vars(nothing)]
        async with self._records.writing() as session:
            await _replace(session, day, rows)


async def _replace(session: AsyncSession, day: date, rows: list[dict[str, object]]) -> None:
    await session.execute(delete(Tally).where(Tally.day == day))
    if rows:
        await session.execute(insert(Tally), rows)


def _counted(day: date, leave_out: Sequence[str]) -> ColumnElement[bool]:
    """Which calls count: those that came in on this day, from callers who mean it."""
    begins = datetime.combine(day, time(), HONG_KONG)
    return and_(
        Call.offered_at >= begins,
        Call.offered_at < begins + timedelta(days=1),
        Call.practice.is_(False),
        Call.called.not_in(leave_out),
    )


def _calls(counted: ColumnElement[bool]) -> Executable:
    return select(
        Call.offered_at, Call.answered_at, Call.ended_at, Call.outcome, Call.language
    ).where(counted, Call.ended_at.is_not(None))


def _of_calls(rows: Iterable[Any]) -> Counter[tuple[str, str, str]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for offered_at, answered_at, ended_at, outcome, spoken in rows:
        language = spoken or ""
        counts[language, Measure.OUTCOME, outcome.value] += 1
        if answered_at is None:
            continue
        seconds = (ended_at - answered_at).total_seconds()
        hour = f"{offered_at.astimezone(HONG_KONG).hour:02d}"
        length = min(int(seconds) // LENGTH_STEP_S * LENGTH_STEP_S, LONGEST_LENGTH_S)
        counts[language, Measure.HOUR_CALLS, hour] += 1
        counts[language, Measure.HOUR_SECONDS, hour] += round(seconds)
        counts[language, Measure.LENGTH, f"{length:04d}"] += 1
    return counts


def _steps(counted: ColumnElement[bool]) -> Executable:
    """One look at all steps of a day, for all that is counted of them."""
    return (
        select(
            Call.language,
            CallStep.kind,
            CallStep.name,
            CallStep.mode,
            func.count(CallStep.call_id.distinct()),
            func.count(),
        )
        .select_from(Call)
        .join(CallStep, Call.call_id == CallStep.call_id)
        .where(counted, CallStep.kind.in_(("asked", "answered", "noinput", "nomatch")))
        .group_by(Call.language, CallStep.kind, CallStep.name, CallStep.mode)
    )


def _last_questions(counted: ColumnElement[bool]) -> Executable:
    """The last question of every call whose caller gave up."""
    last = (
        select(func.max(CallStep.sequence))
        .where(CallStep.call_id == Call.call_id, CallStep.kind == "asked")
        .correlate(Call)
        .scalar_subquery()
    )
    return (
        select(Call.language, CallStep.name, func.count())
        .select_from(Call)
        .join(CallStep, and_(CallStep.call_id == Call.call_id, CallStep.sequence == last))
        .where(counted, Call.outcome.in_(GAVE_UP))
        .group_by(Call.language, CallStep.name)
    )


def _of_days(
    first: date, last: date, language: str, measures: Sequence[Measure]
) -> list[ColumnElement[bool]]:
    wanted = [Tally.day >= first, Tally.day <= last]
    if language:
        wanted.append(Tally.language == language)
    if measures:
        wanted.append(Tally.measure.in_(measures))
    return wanted
