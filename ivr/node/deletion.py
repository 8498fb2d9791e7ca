"""Deletes records that are older than the settings keep them, a while after announcing it."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from ivr.observe import metrics
from ivr.records import alerts, announcements, audit, reports
from ivr.records.call_book import CallBook
from ivr.records.database import Database
from ivr.records.retention import AUDIT, CALLS, NEVER, REQUESTS, Due, Retention
from ivr.settings.service import Settings

log = structlog.get_logger("ivr.node.deletion")

DELETE_EVERY_S = 3600.0


class Deletion:
    """Announces in the log which records are due for deletion, and deletes them at the next run.

    Args:
        say_once: logs why something is left undone, unless it said the same the last time.
    """

    def __init__(
        self,
        settings: Settings,
        records: Database,
        retention: Retention,
        say_once: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._records = records
        self._retention = retention
        self._say_once = say_once
        self._announced = False

    async def run(self) -> None:
        """Delete what the previous look announced, if the clock can still be trusted."""
        due = await self._retention.due()
        metrics.purge_waits.set(bool(due.left) or bool(due.wait and due.count))
        if due.left:
            self._say_once(
                f"{', '.join(due.left)} are older than they are to be kept: too many to be deleted "
                "without a person, for the clock may be wrong; rocars-ivr db purge deletes them"
            )
        if not due.count:
            self._announced = False
            return
        if due.wait or not self._announced:
            log.warning(
                "old records will be deleted",
                count=due.count,
                waits=due.wait or f"{DELETE_EVERY_S / 60:.0f} minutes",
            )
            self._announced = not due.wait
            return
        await self._delete(due)

    async def _delete(self, due: Due) -> None:
        kept = self._settings.records
        gone = 0
        if due.before(CALLS) != NEVER:
            async with self._records.writing() as session:
                await announcements.purge(session, due.before(CALLS))
                await alerts.purge(session, due.before(CALLS))
                await reports.purge(session, due.before(CALLS))
        if due.before(AUDIT) != NEVER:
            async with self._records.writing() as session:
                gone = await audit.purge(session, kept.console_audit_days)
        book = CallBook(self._settings.records_url, kept, metrics.MeteredRecords())
        try:
            gone += await book.purge(due.before(CALLS), audit_before=due.before(REQUESTS))
        finally:
            await book.shut()
        if gone:
            log.info("old records deleted", count=gone)
