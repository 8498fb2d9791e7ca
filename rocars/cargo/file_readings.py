"""Files that are read while their shipper waits, or does something else: how far each is.

The process that took a file reads it to its end, whoever closes the page. What came of it is
written down in the transaction that lodges it. A process that dies leaves a file that nobody reads
any more; then nothing of it was lodged, and the page says so.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, Literal, cast

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.cargo.batches import Batches, Keep, shown
from rocars.clock import Clock
from rocars.refusals import Code, Problem
from rocars.store.database import Database
from rocars.store.tables.batches import FileReading

log = structlog.get_logger("rocars.batches")

_TOLD_EVERY_S = 0.5
_SILENT = timedelta(seconds=30)

_KEPT = timedelta(days=1)
_MOST = 50
"""Files under way in one process; each is a file on its disk."""

State = Literal["reading", "done", "refused", "interrupted"]


@dataclass(frozen=True)
class Standing:
    """How far a file is. `percent` is of its bytes; `batch_id` there when it is done, `refused`
    when it was refused."""

    token: str
    file_name: str
    state: State
    rows: int
    percent: int
    batch_id: int | None
    refused: Problem | None


@dataclass
class _Read:
    """What a thread has read; the event loop looks now and then."""

    rows: int = 0
    bytes: int = 0

    def note(self, rows: int, count: int) -> None:
        self.rows, self.bytes = rows, count


class FileReadings:
    """To be used in its event loop."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        batches: Batches,
        answer_within_s: float,
        silent: timedelta = _SILENT,
    ) -> None:
        """`answer_within_s`: so long `awaited` waits; `silent`: a process that does not say so long
        that it reads has died."""
        self._database = database
        self._clock = clock
        self._batches = batches
        self.answer_within_s = answer_within_s
        self._silent = silent
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def begin(
        self,
        company_id: int,
        company: str,
        file: BinaryIO,
        name: str,
        *,
        keep: Keep,
        again: bool,
    ) -> str:
        """Take a copy of the file and begin to read it; the token it is asked after with.

        Raises Problem UNAVAILABLE when too many are being read.
        """
        if len(self._under_way) >= _MOST:
            raise Problem(Code.UNAVAILABLE)
        copy = cast(BinaryIO, tempfile.TemporaryFile(prefix="rocars-file-"))  # noqa: SIM115
        token = secrets.token_urlsafe(16)
        now = self._clock()
        try:
            file.seek(0)
            await asyncio.to_thread(shutil.copyfileobj, file, copy)
            async with self._database.writing() as session:
                session.add(
                    FileReading(
                        token=token,
                        company_id=company_id,
                        file_name=shown(name),
                        size=copy.tell(),
                        read=0,
                        rows=0,
                        begun_at=now,
                        seen_at=now,
                        state="reading",
                        batch_id=None,
                        code="",
                        subject="",
                    )
                )
        except BaseException:
            copy.close()
            raise
        reading = asyncio.create_task(self._read(token, company, copy, name, keep, again))
        self._under_way[token] = reading
        reading.add_done_callback(lambda _: self._under_way.pop(token))
        return token

    async def awaited(self, company_id: int, token: str) -> Standing:
        """How it stands once it is read, or after a while: a short file is answered at once.

        Raises Problem UNKNOWN_BATCH.
        """
        if (reading := self._under_way.get(token)) is not None:
            await asyncio.wait({reading}, timeout=self.answer_within_s)
        return await self.standing(company_id, token)

    async def standing(self, company_id: int, token: str) -> Standing:
        """Raises Problem UNKNOWN_BATCH, for another company's as for none."""
        async with self._database.reading() as session:
            kept = await session.get(FileReading, token)
        if kept is None or kept.company_id != company_id:
            raise Problem(Code.UNKNOWN_BATCH, token)
        return self._standing(kept)

    async def under_way(self, company_id: int) -> Sequence[Standing]:
        """The files of a company that are being read, the newest first."""
        async with self._database.reading() as session:
            rows = await session.execute(
                select(FileReading)
                .where(
                    FileReading.begun_at > self._clock() - _KEPT,
                    FileReading.company_id == company_id,
                    FileReading.state == "reading",
                )
                .order_by(FileReading.begun_at.desc())
            )
            return [self._standing(kept) for kept in rows.scalars()]

    def _standing(self, kept: FileReading) -> Standing:
        state = cast(State, kept.state)
        if state == "reading" and kept.seen_at < self._clock() - self._silent:
            state = "interrupted"
        return Standing(
            token=kept.token,
            file_name=kept.file_name,
            state=state,
            rows=kept.rows,
            percent=min(100, kept.read * 100 // max(1, kept.size)),
            batch_id=kept.batch_id,
            refused=Problem(Code[kept.code], kept.subject) if kept.code else None,
        )

    async def _read(
        self, token: str, company: str, copy: BinaryIO, name: str, keep: Keep, again: bool
    ) -> None:
        read = _Read()

        async def recorded(session: AsyncSession, batch_id: int) -> None:
            await session.execute(
                update(FileReading)
                .where(FileReading.token == token)
                .values(state="done", batch_id=batch_id, rows=read.rows, read=read.bytes)
            )

        ended = asyncio.Event()
        telling = asyncio.create_task(self._tell(token, read, ended))
        try:
            with copy:
                await self._batches.take(
                    company,
                    copy,
                    name,
                    keep=keep,
                    again=again,
                    progress=read.note,
                    recorded=recorded,
                )
        except Problem as refused:
            await self._refuse(token, refused)
        except (SQLAlchemyError, OSError) as failure:
            log.error("file_reading.database_away", error=type(failure).__name__)
            await self._refuse(token, Problem(Code.UNAVAILABLE))
        except Exception:
            log.error("file_reading.failed", trace=traceback.format_exc())
            await self._refuse(token, Problem(Code.UNAVAILABLE))
        finally:
            ended.set()
            await telling

    async def _tell(self, token: str, read: _Read, ended: asyncio.Event) -> None:
        """Write down how far it is, until it has ended."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_TOLD_EVERY_S):
                    await ended.wait()
                return
            with suppress(SQLAlchemyError, OSError):
                async with self._database.writing() as session:
                    await session.execute(
                        update(FileReading)
                        .where(FileReading.token == token, FileReading.state == "reading")
                        .values(rows=read.rows, read=read.bytes, seen_at=self._clock())
                    )

    async def _refuse(self, token: str, problem: Problem) -> None:
        """What cannot be written down now, the page says as interrupted in a while."""
        with suppress(SQLAlchemyError, OSError):
            async with self._database.writing() as session:
                await session.execute(
                    update(FileReading)
                    .where(FileReading.token == token)
                    .values(state="refused", code=problem.code.name, subject=problem.subject[:120])
                )

    async def sweep(self) -> None:
        """Forget how files were read; what came of them stays."""
        async with self._database.writing() as session:
            await session.execute(
                delete(FileReading).where(FileReading.begun_at < self._clock() - _KEPT)
            )

    async def close(self) -> None:
        """Read what is under way to its end."""
        while self._under_way:
            await asyncio.wait(set(self._under_way.values()))
