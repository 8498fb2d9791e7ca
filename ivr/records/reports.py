"""Reports that are due: each is made once and sent by the console that claims it.

Several consoles share the table. What one of them could not send, or did not finish, is free again
after a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.records.back_off import BackOff
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.report_periods import ReportPeriod
from ivr.records.report_tables import Report

BACK_OFF = BackOff(
    claimed=timedelta(minutes=5),
    first=timedelta(minutes=1),
    longest=timedelta(hours=1),
    given_up_after=timedelta(days=3),
)


class Reports:
    """Everything may raise RecordsUnavailable."""

    def __init__(self, records: Database) -> None:
        self._records = records

    async def plan(self, period: ReportPeriod, first: date, last: date) -> bool:
        """Have this one sent, unless it was planned before; whether it was not."""
        wanted = select(Report.report_id).where(Report.period == period, Report.first == first)
        async with self._records.reading() as session:
            if await session.scalar(wanted) is not None:
                return False
        at = now()
        try:
            async with self._records.writing() as session:
                session.add(
                    Report(
                        period=period,
                        first=first,
                        last=last,
                        made_at=at,
                        tries=0,
                        try_at=at,
                        failure="",
                    )
                )
        except IntegrityError:
            return False  # another console has planned it at the same moment
        return True

    async def claim(self) -> Report | None:
        """The oldest whose time has come, ours to send for a while; None if there is none."""
        at = now()
        due = select(Report).where(Report.try_at <= at).order_by(Report.report_id).limit(1)
        async with self._records.reading() as session:
            if await session.scalar(due) is None:
                return None
        async with self._records.writing() as session:
            report = await session.scalar(due.with_for_update(skip_locked=True))
            if report is None:
                return None
            report.try_at = at + BACK_OFF.claimed
            report.tries += 1
        return report

    async def sent(self, report: Report) -> None:
        """The mail server took it."""
        await self._settle(report, sent_at=now(), try_at=None, failure="")

    async def failed(self, report: Report, why: str) -> None:
        """It was not sent: it is tried again after a pause that doubles, for some days."""
        try_at = BACK_OFF.next_try(report.tries, report.made_at, now())
        await self._settle(report, try_at=try_at, failure=why[:300])

    async def listed(self, limit: int = 20) -> Sequence[Report]:
        """The newest first."""
        query = select(Report).order_by(Report.report_id.desc()).limit(limit)
        async with self._records.reading() as session:
            return (await session.scalars(query)).all()

    async def _settle(self, report: Report, **values: object) -> None:
        async with self._records.writing() as session:
            await session.execute(
                update(Report).where(Report.report_id == report.report_id).values(**values)
            )


async def purge(session: AsyncSession, before: datetime) -> None:
    """Delete what was made before then, and is sent or given up."""
    await session.execute(delete(Report).where(Report.made_at < before, Report.try_at.is_(None)))
