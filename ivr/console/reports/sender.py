"""Makes the reports that are due, and sends them, whichever console is up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

import structlog

from ivr.console.alert_settings import AlertSettings
from ivr.console.insight_of_days import insight_of
from ivr.console.mail import NotDelivered, send
from ivr.console.repeating import repeat
from ivr.console.report_settings import ReportSettings
from ivr.console.reports.due import before, last_whole
from ivr.console.reports.letter import letter
from ivr.observe import metrics
from ivr.records.facts import now
from ivr.records.report_tables import Report
from ivr.records.reports import Reports
from ivr.records.tallies import Tallies

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 30.0


@dataclass
class ReportSender:
    """Of one console; those of other nodes share its reports and send none twice."""

    reports: Reports
    tallies: Tallies
    rules: ReportSettings
    mail: AlertSettings
    clock: Callable[[], datetime] = now

    async def run(self) -> None:
        """Until cancelled."""
        await repeat(self.look, LOOK_EVERY_S, "reports cannot be looked after")

    async def look(self) -> None:
        """Once. Raises RecordsUnavailable.

        Of each period the newest alone is made: after a standstill of weeks, or where reports are
        switched on, nobody gets a pile of old ones.
        """
        for period in self.rules.to:
            first, last = last_whole(period, self.clock(), self.rules.hour)
            await self.reports.plan(period, first, last)
        while (report := await self.reports.claim()) is not None:
            try:
                made = await self._made(report)
                await asyncio.to_thread(send, made, self.mail)
            except NotDelivered as failure:
                log.error("report not sent", report=report.period.value, why=str(failure))
                metrics.reports_total.labels(outcome="failed").inc()
                await self.reports.failed(report, str(failure))
            else:
                log.info("report sent", report=report.period.value, first=str(report.first))
                metrics.reports_total.labels(outcome="sent").inc()
                await self.reports.sent(report)

    async def _made(self, report: Report) -> EmailMessage:
        """Raises NotDelivered where it cannot be made yet, or is wanted by nobody any more."""
        to = self.rules.to.get(report.period)
        if not to:
            raise NotDelivered(f"nobody gets {report.period} reports any more")
        if (await self.tallies.due())[0] <= report.last:
            raise NotDelivered(f"the calls of {report.last} are not counted to its end yet")
        counts = await self.tallies.all(report.first, report.last)
        seen = await insight_of(self.tallies, report.first, report.last)
        compared = await insight_of(self.tallies, *before(report.period, report.first))
        return letter(report.period, seen, compared, counts, self.mail.email_from, to)
