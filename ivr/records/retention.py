"""What is old, and whether the clock that says so is to be believed.

A machine that starts with a wrong clock finds every record old. So a node by itself deletes nothing
in the first hour after its start, nothing that it has not announced before, nothing while its clock
is far from the newest record or from ROCARS' own, and no more than a set share of what there is.
More than that is for a person to order (`rocars-ivr db purge`).
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select

from ivr.records.audit_tables import AuditEntry
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.models import BundleRequest, Call
from ivr.records.outcome import UNSETTLED
from ivr.records.settings import RecordsSettings

NOT_BEFORE_S = 3600.0
"""Of a running node: time for its clock to be put right, and for people to read the notice."""

FAR_FROM_NEWEST = timedelta(days=30)
FAR_FROM_ROCARS = timedelta(minutes=15)

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing is older."""


@dataclass(frozen=True)
class Old:
    """Of one kind of record: how many there are, how many are old, and since when they are."""

    kind: str
    total: int
    old: int
    before: datetime

    def too_many(self, share: float) -> bool:
        """Whether they are more than a node deletes by itself."""
        return self.old > share * self.total


@dataclass(frozen=True)
class Due:
    """What is to be deleted, or why nothing is.

    Attributes:
        olds: of each kind, the share of it that may be deleted or not.
        wait: why everything waits; empty when it does not.
    """

    olds: tuple[Old, ...]
    share: float
    wait: str = ""

    @property
    def left(self) -> tuple[str, ...]:
        """Kinds that are left to a person, in words."""
        return tuple(
            f"{old_rows.old} of {old_rows.total} {old_rows.kind}"
            for old_rows in self.olds
            if old_rows.too_many(self.share)
        )

    @property
    def count(self) -> int:
        """Records that the node may delete by itself."""
        return sum(old_rows.old for old_rows in self.olds if not old_rows.too_many(self.share))

    def before(self, kind: str) -> datetime:
        """Records of this kind that are older than this may be deleted now."""
        for old_rows in self.olds:
            if old_rows.kind == kind and not self.wait and not old_rows.too_many(self.share):
                return old_rows.before
        return NEVER


CALLS, REQUESTS, AUDIT = "calls", "bundle requests", "audit entries"


class Retention:
    """Of one node, for as long as it runs."""

    def __init__(
        self,
        records: Database,
        kept: RecordsSettings,
        *,
        rocars_clock: Callable[[], Awaitable[datetime | None]],
        clock: Callable[[], datetime] = now,
        runs_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`rocars_clock` gives the clock of a ROCARS on another machine, None where there is none.

        `runs_s` is a clock that nobody sets.
        """
        self._records = records
        self._kept = kept
        self._rocars_clock = rocars_clock
        self._clock = clock
        self._runs_s = runs_s
        self._began = runs_s()

    async def due(self) -> Due:
        """What is old now. Raises RecordsUnavailable."""
        at = self._clock()
        kept = self._kept
        befores = {
            CALLS: at - timedelta(kept.retention_days),
            REQUESTS: at - timedelta(kept.bundle_audit_days),
            AUDIT: at - timedelta(kept.console_audit_days),
        }
        settled = BundleRequest.state.not_in(UNSETTLED)
        async with self._records.reading() as session:

            async def old(kind: str, query: Select[int], is_old: ColumnElement[bool]) -> Old:
                total = await session.scalar(query) or 0
                return Old(
                    kind, total, await session.scalar(query.where(is_old)) or 0, befores[kind]
                )

            olds = (
                await old(
                    CALLS, select(func.count(Call.call_id)), Call.offered_at < befores[CALLS]
                ),
                await old(
                    REQUESTS,
                    select(func.count(BundleRequest.idempotency_key)),
                    (BundleRequest.sent_at < befores[REQUESTS]) & settled,
                ),
                await old(
                    AUDIT, select(func.count(AuditEntry.entry_id)), AuditEntry.at < befores[AUDIT]
                ),
            )
        return Due(olds, kept.purge_share, await self._why_wait(at))

    async def why_wait(self) -> str:
        """Why nothing may be deleted now; empty when something may. Raises RecordsUnavailable."""
        return await self._why_wait(self._clock())

    async def clock_doubt(self) -> str:
        """Why the clock is not to be believed; empty when nothing speaks against it.

        Raises RecordsUnavailable.
        """
        return await self._doubt(self._clock())

    async def _why_wait(self, at: datetime) -> str:
        left_s = NOT_BEFORE_S - (self._runs_s() - self._began)
        if left_s > 0:
            return f"the node has just been started; {left_s / 60:.0f} minutes to go"
        return await self._doubt(at)

    async def _doubt(self, at: datetime) -> str:
        theirs = await self._rocars_clock()
        if theirs is not None:
            if abs(theirs - at) > FAR_FROM_ROCARS:
                return (
                    f"our clock says {at:%Y-%m-%d %H:%M} UTC, and that of ROCARS "
                    f"{theirs:%Y-%m-%d %H:%M}"
                )
            return ""
        async with self._records.reading() as session:
            newest = await session.scalar(select(func.max(Call.offered_at)))
        if newest is not None and abs(at - newest) > FAR_FROM_NEWEST:
            return (
                f"our clock says {at:%Y-%m-%d}, and the newest call is of {newest:%Y-%m-%d}; a "
                "call that is made now is taken for a sign that the clock is right"
            )
        return ""
