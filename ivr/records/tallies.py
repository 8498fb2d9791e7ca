"""Counts of each Hong Kong day, made from the calls and kept when those are deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    and_,
    delete,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.hong_kong import HONG_KONG, hong_kong_day
from ivr.records.measures import (
    HOURS,
    LENGTH_STEP_S,
    LONGEST_LENGTH_S,
    Counted,
    CountedHour,
    Measure,
)
from ivr.records.models import Call, CallStep
from ivr.records.outcome import CallOutcome
from ivr.records.tally_tables import Tally, TallySum

ROWS_AT_ONCE = 500
"""Rows that are read at a time: the event loop is held for no longer than that."""

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


class Tallies:
    """Everything may raise RecordsUnavailable."""

    def __init__(self, records: Database, *, leave_out: Sequence[str] = ()) -> None:
        """`leave_out`: dialled numbers whose calls are not counted, beside practice calls."""
        self._records = records
        self._leave_out = tuple(leave_out)

    async def read(
        self,
        first: date,
        last: date,
        language: str = "",
        *measures: Measure,
        hours_summed: bool = False,
    ) -> Sequence[Counted]:
        """Counts of the days from `first` to `last`, of one language or of all.

        Outcomes are of each day, and hours unless they are summed up: of half a year they are nine
        tenths of all counts. Where days are summed up, `day` is the first.
        """
        by_day = (Measure.OUTCOME,) if hours_summed else (Measure.OUTCOME, *HOURS)
        wanted = measures or tuple(Measure)
        each = [measure for measure in wanted if measure in by_day]
        summed = [measure for measure in wanted if measure not in by_day]
        kept, of_days = _kept(first, last, language)
        total = func.sum(kept.count)
        queries: tuple[tuple[list[Measure], Select[date, str, str, float]], ...] = (
            (each, select(kept.day, kept.measure, kept.name, kept.count)),
            (
                summed,
                select(literal(first), kept.measure, kept.name, total).group_by(
                    kept.measure, kept.name
                ),
            ),
        )
        counts: list[Counted] = []
        async with self._records.reading() as session:
            for asked, query in queries:
                if not asked:
                    continue
                found = await session.stream(query.where(*of_days, kept.measure.in_(asked)))
                async for rows in found.partitions(ROWS_AT_ONCE):
                    counts += (
                        Counted(row[0], language, Measure(row[1]), row[2], row[3]) for row in rows
                    )
        return counts

    async def busiest_hour(self, first: date, last: date, language: str = "") -> CountedHour | None:
        """The hour of all these days with the most traffic; None without answered calls."""
        kept, of_days = _kept(first, last, language)
        busiest = (
            select(kept.day, kept.name, kept.count)
            .where(*of_days, kept.measure == Measure.HOUR_SECONDS)
            .order_by(kept.count.desc(), kept.day, kept.name)
            .limit(1)
        )
        async with self._records.reading() as session:
            found = (await session.execute(busiest)).one_or_none()
            if found is None:
                return None
            day, hour, seconds = found
            _, of_day = _kept(day, day, language)
            calls = await session.scalar(
                select(kept.count).where(
                    *of_day, kept.measure == Measure.HOUR_CALLS, kept.name == hour
                )
            )
        return CountedHour(day, hour, calls or 0, seconds)

    async def all(self, first: date, last: date, language: str = "") -> Sequence[Counted]:
        """Every count as it is kept."""
        query = (
            select(Tally.day, Tally.language, Tally.measure, Tally.name, Tally.count)
            .where(*_of_days(first, last, language))
            .order_by(Tally.day, Tally.language, Tally.measure, Tally.name)
        )
        async with self._records.reading() as session:
            rows = (await session.execute(query)).all()
        return [Counted(row[0], row[1], Measure(row[2]), row[3], row[4]) for row in rows]

    async def due(self) -> list[date]:
        """Days to be counted: today, and those before it that were not counted to their end."""
        today = hong_kong_day(now())
        async with self._records.reading() as session:
            # Of the sums: a node of a release that has none counts too, while it is upgraded.
            newest = await session.scalar(select(func.max(TallySum.day)))
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


async def _replace(session: AsyncSession, day: date, rows: list[dict[str, Any]]) -> None:
    await session.execute(delete(Tally).where(Tally.day == day))
    await session.execute(delete(TallySum).where(TallySum.day == day))
    sums: Counter[tuple[str, str]] = Counter()
    for row in rows:
        sums[row["measure"], row["name"]] += row["count"]
    of_all = [
        {"day": day, "measure": measure, "name": name, "count": count}
        for (measure, name), count in sums.items()
    ]
    await session.execute(insert(Tally), rows)
    await session.execute(insert(TallySum), of_all)


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


def _of_days(first: date, last: date, language: str) -> list[ColumnElement[bool]]:
    wanted = [Tally.day >= first, Tally.day <= last]
    return [*wanted, Tally.language == language] if language else wanted


def _kept(
    first: date, last: date, language: str
) -> tuple[type[Tally] | type[TallySum], list[ColumnElement[bool]]]:
    """Where the counts of one language, or of all together, are kept; and which are of these
    days."""
    if language:
        return Tally, _of_days(first, last, language)
    return TallySum, [TallySum.day >= first, TallySum.day <= last]
