"""The book of calls: CDRs, step traces and bundle requests, written and read."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import count
from typing import Any, TypeVar

import structlog
from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from ground.database.engine import DATABASE_FAILURES, for_writing
from ivr.records import statements
from ivr.records.database import RecordsUnavailable, open_database
from ivr.records.facts import (
    BundleFinished,
    BundleSent,
    CallClosed,
    CallOpened,
    CallProgress,
    ResultAnnounced,
    Step,
    now,
)
from ivr.records.lost_records import RecordsMonitor, log_lost
from ivr.records.masking import SecretInTrace, refuse_digits
from ivr.records.models import BundleRequest, Call, CallStep
from ivr.records.outcome import (
    NEVER_SENT,
    UNSETTLED,
    BundleRequestState,
    CallOutcome,
    EndedBy,
)
from ivr.records.settings import RecordsSettings
from ivr.records.trace_writer import TraceWriter

log = structlog.get_logger("ivr.records")

Row = TypeVar("Row")

PURGE_CHUNK = 500
"""Rows deleted in one transaction, so that calls are not kept waiting for the lock."""


class AlreadySettled(Exception):
    """A request with this idempotency key was confirmed or refused before; it must not be sent."""


class CallBook:
    """The records of one process; to be made in its event loop, after the fork.

    What a live call writes never raises and never delays the call; reading, bundle requests and
    the supervisor's work raise `RecordsUnavailable` when the database fails.
    """

    def __init__(
        self, database_url: str, settings: RecordsSettings, monitor: RecordsMonitor
    ) -> None:
        self._settings = settings
        self._monitor = monitor
        self._engine: AsyncEngine = open_database(database_url, settings)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._writer = TraceWriter(self._engine, settings, monitor)
        self._sequences: dict[str, count[int]] = {}

    @property
    def degraded(self) -> bool:
        """Whether the last write of a call failed; for the health page."""
        return self._writer.degraded

    def start(self) -> None:
        """Begin to write; before the first call."""
        self._writer.start()

    async def shut(self, timeout_s: float = 10.0) -> None:
        """Write what is queued, within the time given, and disconnect."""
        await self._writer.close(timeout_s)
        await self._engine.dispose()

    async def flush(self, timeout_s: float = 10.0) -> bool:
        """Wait until everything queued is written or logged; False if that took too long."""
        return await self._writer.flush(timeout_s)

    # A live call

    async def open(self, opened: CallOpened) -> str:
        """Write the CDR of a call that is offered; its id comes back whatever the database does.

        Waits for the disk no longer than `open_patience_s`.
        """
        self._sequences[opened.call_id] = count(1)
        written = self._writer.put(opened.call_id, opened, urgent=True)
        await asyncio.wait({written}, timeout=self._settings.open_patience_s)
        return opened.call_id

    def progress(self, call_id: str, progress: CallProgress) -> None:
        """Note what was learnt in a call, so that the CDR has it should the worker die."""
        self._writer.put(call_id, progress)

    def answered(self, call_id: str, *, codec: str, at: datetime | None = None) -> None:
        """The call was answered (200 to its INVITE)."""
        self.progress(call_id, CallProgress(answered_at=at or now(), codec=codec))

    def step(self, call_id: str, step: Step) -> None:
        """Add a step to the trace of an open call. Returns at once and never raises.

        A step marked secret that carries digits is refused: it is counted as lost, and logged
        without what it carried.
        """
        sequence = self._sequences.get(call_id)
        if sequence is None:
            log_lost(call_id, step, "call is not open", self._monitor)
            return
        if step.secret:
            try:
                refuse_digits(step.value, step.text, step.detail)
            except SecretInTrace as refusal:
                log_lost(call_id, step, f"refused: {refusal}", self._monitor)
                return
        self._writer.put(call_id, step, sequence=next(sequence))

    async def close(self, call_id: str, closed: CallClosed) -> bool:
        """Finish the CDR of a call, exactly once.

        True if this finished it. False if it was finished before, or could not be written within
        `close_patience_s`; then it is still tried, and logged if that fails.
        """
        self._sequences.pop(call_id, None)
        written = self._writer.put(call_id, closed, urgent=True)
        await asyncio.wait({written}, timeout=self._settings.close_patience_s)
        return written.done() and written.result()

    # The supervisor

    async def workers_with_calls(self, node: str) -> set[int]:
        """Process ids of the workers whose calls have no end yet. Raises RecordsUnavailable."""
        statement = select(Call.worker_pid).distinct().where(*_open_calls(node))
        try:
            async with self._engine.connect() as connection:
                return set((await connection.execute(statement)).scalars())
        except DATABASE_FAILURES as failure:
            raise RecordsUnavailable("open calls cannot be read") from failure

    async def close_orphans(
        self,
        node: str,
        worker_pid: int | None = None,
        *,
        spare: Collection[int] = (),
        at_last_sign: bool = False,
    ) -> list[str]:
        """Finish the calls of a worker that died; without a pid, of a node that is not running.

        The workers of a node that was killed may go on without it, to the end of their calls:
        those in `spare` finish them themselves. A call of a former run, or with `at_last_sign`,
        ended when it last did something, not now.

        Returns the ids of the calls finished now; a finished one is never touched, so it may be
        repeated. Raises RecordsUnavailable.
        """
        orphaned = _open_calls(node)
        ended_at: Any = now()
        if worker_pid is not None:
            orphaned.append(Call.worker_pid == worker_pid)
        else:
            orphaned.append(Call.worker_pid.not_in(spare))
        if worker_pid is None or at_last_sign:
            last_step = select(func.max(CallStep.at)).where(CallStep.call_id == Call.call_id)
            ended_at = func.coalesce(
                last_step.correlate(Call).scalar_subquery(), Call.answered_at, Call.offered_at
            )
        statement = (
            update(Call)
            .where(*orphaned)
            .values(outcome=CallOutcome.WORKER_DIED, ended_by=EndedBy.SUPERVISOR, ended_at=ended_at)
            .returning(Call.call_id)
        )
        try:
            async with for_writing(self._engine).begin() as connection:
                return sorted((await connection.execute(statement)).scalars())
        except DATABASE_FAILURES as failure:
            raise RecordsUnavailable("orphaned calls could not be closed") from failure

    async def purge(self, before: datetime, *, audit_before: datetime | None = None) -> int:
        """Delete calls offered before an instant, with their steps, and settled bundle requests.

        Bundle requests go when sent before `audit_before` (default: `before`); unsettled ones
        stay. Returns the number of calls and requests deleted. Raises RecordsUnavailable.
        """
        old_calls = select(Call.call_id).where(Call.offered_at < before).limit(PURGE_CHUNK)
        old_requests = (
            select(BundleRequest.idempotency_key)
            .where(
                BundleRequest.sent_at < (audit_before or before),
                BundleRequest.state.not_in(UNSETTLED),
            )
            .limit(PURGE_CHUNK)
        )
        deletions = (
            delete(Call).where(Call.call_id.in_(old_calls)),
            delete(BundleRequest).where(BundleRequest.idempotency_key.in_(old_requests)),
        )
        deleted = 0
        try:
            for deletion in deletions:
                while True:
                    async with for_writing(self._engine).begin() as connection:
                        gone = (await connection.execute(deletion)).rowcount
                    deleted += gone
                    if gone < PURGE_CHUNK:
                        break
        except DATABASE_FAILURES as failure:
            raise RecordsUnavailable(f"purge stopped after {deleted} records") from failure
        return deleted

    # Bundle requests

    async def bundle_request_sent(self, sent: BundleSent) -> None:
        """Write down a request before it is sent; it is on the disk when this returns.

        Written again with the same key (a resend), it counts an attempt. Raises
        RecordsUnavailable (the request must not be sent, since nobody could finish it should this
        worker die) and AlreadySettled.
        """
        try:
            async with (
                asyncio.timeout(self._settings.write_timeout_s),
                for_writing(self._engine).begin() as connection,
            ):
                statement = statements.insert_bundle_request(sent, connection.dialect)
                written = await statements.touched(connection, statement)
                await connection.execute(
                    statements.insert_request_ccrns(connection.dialect),
                    statements.ccrn_rows(sent),
                )
        except DATABASE_FAILURES as failure:
            log_lost(sent.call_id, sent, type(failure).__name__, self._monitor)
            # It may have reached the disk all the same: then it must not look sent.
            self._writer.put(
                sent.call_id,
                BundleFinished(sent.idempotency_key, BundleRequestState.REFUSED, reason=NEVER_SENT),
            )
            raise RecordsUnavailable("the bundle request could not be written down") from failure
        if not written:
            raise AlreadySettled(sent.idempotency_key)

    async def bundle_request_finished(self, call_id: str, finished: BundleFinished) -> bool:
        """Settle a request exactly once; never raises, since the caller must hear what is true.

        True if this settled it (or marked it unknown); False if it was settled before or is not
        written yet. What cannot be written is tried again behind the call's back, then logged.
        """
        written = self._writer.put(call_id, finished, urgent=True)
        await asyncio.wait({written}, timeout=self._settings.close_patience_s)
        return written.done() and written.result()

    def bundle_outcome_told(self, call_id: str, idempotency_key: str) -> None:
        """Note that a caller heard how their request ended. Returns at once and never raises."""
        self._writer.put(call_id, ResultAnnounced(idempotency_key))

    async def unsettled_bundle_requests(self, sent_before: datetime) -> Sequence[BundleRequest]:
        """Requests whose end nobody knows, oldest first: the work of recovery."""
        return await self._all(
            BundleRequest,
            select(BundleRequest)
            .where(BundleRequest.state.in_(UNSETTLED), BundleRequest.last_sent_at < sent_before)
            .order_by(BundleRequest.sent_at),
        )

    async def bundle_requests_of(
        self, driver_user_id: str, *, limit: int = 10
    ) -> Sequence[BundleRequest]:
        """A driver's requests, newest first."""
        return await self._all(
            BundleRequest,
            select(BundleRequest)
            .where(BundleRequest.driver_user_id == driver_user_id)
            .order_by(BundleRequest.sent_at.desc())
            .limit(limit),
        )

    async def untold_bundle_requests(
        self, driver_user_id: str, sent_after: datetime, *, limit: int = 3
    ) -> Sequence[BundleRequest]:
        """A driver's requests whose end they have not heard, newest first.

        Those that were never sent are left out: the driver was told so, and nothing came of them.
        """
        return await self._all(
            BundleRequest,
            select(BundleRequest)
            .where(
                BundleRequest.driver_user_id == driver_user_id,
                BundleRequest.told_at.is_(None),
                BundleRequest.sent_at > sent_after,
                BundleRequest.reason.is_distinct_from(NEVER_SENT),
            )
            .order_by(BundleRequest.sent_at.desc())
            .limit(limit),
        )

    # Reading

    async def language_of(self, e164: str) -> str | None:
        """The language last used from a telephone number, as ISO 639-3."""
        found = (
            select(Call.language)
            .where(Call.caller_e164 == e164, Call.language.is_not(None))
            .order_by(Call.offered_at.desc())
            .limit(1)
        )
        try:
            async with self._engine.connect() as connection:
                language: str | None = (await connection.execute(found)).scalar()
        except DATABASE_FAILURES as failure:
            raise RecordsUnavailable("the records could not be read") from failure
        return language

    async def recent(self, limit: int = 50) -> Sequence[Call]:
        """The newest calls first, those in progress included."""
        return await self._all(
            Call, select(Call).order_by(Call.offered_at.desc(), Call.call_id.desc()).limit(limit)
        )

    async def call(self, call_id: str) -> Call | None:
        """One CDR by our own id."""
        found = await self._all(Call, select(Call).where(Call.call_id == call_id))
        return found[0] if found else None

    async def steps(self, call_id: str) -> Sequence[CallStep]:
        """The trace of a call, in order."""
        return await self._all(
            CallStep,
            select(CallStep).where(CallStep.call_id == call_id).order_by(CallStep.sequence),
        )

    async def find_by_sip_call_id(self, sip_call_id: str) -> Sequence[Call]:
        """Calls with this Call-ID header, newest first: it is the peer's name and may recur."""
        return await self._all(
            Call,
            select(Call).where(Call.sip_call_id == sip_call_id).order_by(Call.offered_at.desc()),
        )

    async def _all(self, _row: type[Row], query: Select[Any]) -> Sequence[Row]:
        try:
            async with self._sessions() as session:
                rows: Sequence[Row] = (await session.execute(query)).scalars().all()
                return rows
        except DATABASE_FAILURES as failure:
            raise RecordsUnavailable("the records could not be read") from failure


def _open_calls(node: str) -> list[ColumnElement[bool]]:
    return [Call.node == node, Call.ended_at.is_(None)]
