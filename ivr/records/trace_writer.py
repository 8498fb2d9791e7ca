"""Write-behind of the records: a conversation never waits for the database."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_after_delay,
    wait_exponential,
)

from ground.database.engine import DATABASE_FAILURES, for_writing
from ivr.records import statements
from ivr.records.facts import (
    BundleFinished,
    CallClosed,
    CallOpened,
    CallProgress,
    ResultAnnounced,
    Step,
)
from ivr.records.lost_records import RecordsMonitor, log_lost
from ivr.records.settings import RecordsSettings

log = structlog.get_logger("ivr.records")

RESERVE = 200
"""Places beyond the limit of the queue for CDRs and bundle requests, which steps cannot take."""

Written = CallOpened | CallProgress | CallClosed | Step | BundleFinished | ResultAnnounced


@dataclass(frozen=True, eq=False)
class Entry:
    """One fact in the queue; `written` tells whether it changed a row once it is settled."""

    call_id: str
    fact: Written
    sequence: int
    written: asyncio.Future[bool] = field(repr=False)


class TraceWriter:
    """One queue and one writing task of one worker, in the order things happened.

    Facts are written in batches. When the database fails, the batch is tried again for a while
    and then logged, each record on its own line; from then on every batch is tried once, until one
    succeeds. A CDR that could not be opened is written in full with the next fact of its call.
    """

    def __init__(
        self, engine: AsyncEngine, settings: RecordsSettings, monitor: RecordsMonitor
    ) -> None:
        self._engine = for_writing(engine)
        self._settings = settings
        self._monitor = monitor
        self._queue: deque[Entry] = deque()
        self._unwritten: dict[str, CallOpened] = {}
        self._something = asyncio.Event()
        self._hurry = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False
        self._degraded = False
        self._task: asyncio.Task[None] | None = None

    @property
    def degraded(self) -> bool:
        """Whether the last write failed."""
        return self._degraded

    def start(self) -> None:
        """Begin to write; to be called in the running loop of the worker."""
        self._monitor.degraded(False)
        self._task = asyncio.create_task(self._run(), name="trace-writer")

    def put(
        self, call_id: str, fact: Written, *, sequence: int = 0, urgent: bool = False
    ) -> asyncio.Future[bool]:
        """Queue a fact. Returns at once and never raises; a full queue sends it to the log."""
        entry = Entry(call_id, fact, sequence, asyncio.get_running_loop().create_future())
        limit = self._settings.queue_limit + (0 if isinstance(fact, Step) else RESERVE)
        if isinstance(fact, CallOpened):
            self._unwritten[call_id] = fact
        if self._closing or len(self._queue) >= limit:
            self._lose(entry, "writer is closed" if self._closing else "queue is full")
            return entry.written
        self._queue.append(entry)
        self._idle.clear()
        self._something.set()
        if urgent or len(self._queue) >= self._settings.batch_size:
            self._hurry.set()
        return entry.written

    async def flush(self, timeout_s: float) -> bool:
        """Wait until all that is queued is written or logged; False if that took too long."""
        self._hurry.set()
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def close(self, timeout_s: float = 10.0) -> None:
        """Write what is queued and stop; what is not written in time goes to the log."""
        self._closing = True
        self._something.set()
        await self.flush(timeout_s)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        while self._queue:
            self._lose(self._queue.popleft(), "writer was closed before it was written")
        self._idle.set()

    async def _run(self) -> None:
        while True:
            await self._something.wait()
            if not self._closing:
                await self._company()
            self._hurry.clear()
            batch = [
                self._queue.popleft()
                for _ in range(min(len(self._queue), self._settings.batch_size))
            ]
            try:
                if batch:
                    await self._write(batch)
            finally:
                for entry in batch:
                    if not entry.written.done():  # cancelled by close, or a fault of ours
                        self._lose(entry, "writer stopped while it was written")
            if not self._queue:
                self._something.clear()
                self._idle.set()

    async def _company(self) -> None:
        try:
            async with asyncio.timeout(self._settings.flush_interval_s):
                await self._hurry.wait()
        except TimeoutError:
            pass

    async def _write(self, batch: list[Entry]) -> None:
        patience = 0.0 if self._degraded or self._closing else self._settings.retry_s
        try:
            async for attempt in AsyncRetrying(
                stop=stop_after_delay(patience),
                wait=wait_exponential(multiplier=0.1, max=1.0),
                retry=retry_if_exception(_may_pass),
                reraise=True,
            ):
                with attempt:
                    results = await self._transaction(batch)
        except DATABASE_FAILURES as failure:
            if len(batch) > 1 and not _may_pass(failure):
                for entry in batch:  # one of them is the culprit; the others are written
                    await self._write([entry])
                return
            self._set_degraded(True, failure)
            for entry in batch:
                self._lose(entry, _reason(failure))
        except Exception as fault:
            log.exception("records_writer_fault")
            for entry in batch:
                self._lose(entry, type(fault).__name__)
        else:
            self._set_degraded(False)
            for entry, result in zip(batch, results, strict=True):
                entry.written.set_result(result)

    async def _transaction(self, batch: list[Entry]) -> list[bool]:
        opening = [
            call for call in map(self._unwritten.get, {e.call_id: None for e in batch}) if call
        ]
        steps = [
            statements.step_row(entry.call_id, entry.sequence, entry.fact)
            for entry in batch
            if isinstance(entry.fact, Step)
        ]
        progress = statements.progress_rows(
            (entry.call_id, entry.fact) for entry in batch if isinstance(entry.fact, CallProgress)
        )
        async with (
            asyncio.timeout(self._settings.write_timeout_s),
            self._engine.begin() as connection,
        ):
            if opening:
                calls = [statements.call_row(opened) for opened in opening]
                await connection.execute(statements.insert_calls(connection.dialect), calls)
            if steps:
                await connection.execute(statements.insert_steps(connection.dialect), steps)
            if progress:
                await connection.execute(statements.UPDATE_PROGRESS, progress)
            results = [await _carry_out(connection, entry) for entry in batch]
        for opened in opening:
            self._unwritten.pop(opened.call_id, None)
        return results

    def _set_degraded(self, degraded: bool, failure: BaseException | None = None) -> None:
        if degraded and not self._degraded:
            log.error("records_degraded", why=_reason(failure))
        if self._degraded and not degraded:
            log.warning("records_recovered")
        if degraded != self._degraded:
            self._monitor.degraded(degraded)
        self._degraded = degraded

    def _lose(self, entry: Entry, why: str) -> None:
        if isinstance(entry.fact, CallClosed):
            self._unwritten.pop(entry.call_id, None)  # nothing will come that could bring it along
        entry.written.set_result(False)
        log_lost(entry.call_id, entry.fact, why, self._monitor)


async def _carry_out(connection: AsyncConnection, entry: Entry) -> bool:
    match entry.fact:
        case CallOpened() | Step() | CallProgress():
            return True  # written already, together with others of the batch
        case CallClosed():
            row = statements.finished_row(entry.call_id, entry.fact)
            return await statements.touched(connection, statements.FINISH_CALL, row)
        case BundleFinished():
            settle = statements.finish_bundle_request(entry.fact)
            return await statements.touched(connection, settle)
        case ResultAnnounced():
            announce = statements.tell_bundle_request(entry.fact)
            return await statements.touched(connection, announce)


def _may_pass(failure: BaseException) -> bool:
    """Whether trying again can help: the database is at fault, not the record."""
    if isinstance(failure, IntegrityError | DataError):
        return False
    if isinstance(failure, StatementError) and not isinstance(failure, DBAPIError):
        return False
    return isinstance(failure, DATABASE_FAILURES)


def _reason(failure: BaseException | None) -> str:
    """The failure in one line, without the values of the record."""
    original = getattr(failure, "orig", None) or failure
    if isinstance(failure, IntegrityError | DataError):
        return type(failure).__name__  # PostgreSQL repeats values of the row in its message
    return f"{type(failure).__name__}: {str(original).splitlines()[0] if str(original) else ''}"
