"""Files of many consignments: taken in once, lodged whole or as far as they are right."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import BinaryIO, Literal, cast

import structlog
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from rocars.cargo.batch.items import RowError
from rocars.cargo.batch.reading import Format, GoodRow, Progress, Reading, read_file
from rocars.cargo.consignments import Consignments
from rocars.cargo.messages import BatchError, BatchLine, BatchReceipt
from rocars.cargo.settings import BatchSettings
from rocars.clock import Clock
from rocars.refusals import Code, Problem
from rocars.registry.agencies import still_acting
from rocars.registry.companies import company_called
from rocars.store.database import Database
from rocars.store.journal import acting_under, write_down_for_client
from rocars.store.tables.batches import Batch, BatchedConsignment
from rocars.store.tables.cargo import Consignment
from rocars.store.tables.registration import Company

log = structlog.get_logger("rocars.batches")

Keep = Literal["all", "good"]
"""What of a file with errors is lodged: nothing, or the consignments without one."""

_TRIES = 5
_NAME_KEPT = 120
_LATEST = 10

Recorded = Callable[[AsyncSession, int], Awaitable[None]]


def shown(name: str) -> str:
    """The name of a file as it is kept."""
    return "".join(c for c in name if c.isprintable())[-_NAME_KEPT:]


class Batches:
    def __init__(
        self, database: Database, clock: Clock, settings: BatchSettings, consignments: Consignments
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._consignments = consignments
        self._turn = asyncio.Semaphore(settings.at_once)

    async def take(
        self,
        company: str,
        file: BinaryIO,
        name: str,
        *,
        keep: Keep,
        again: bool = False,
        progress: Progress = lambda _rows, _bytes: None,
        recorded: Recorded | None = None,
    ) -> BatchReceipt:
        """Read a file and lodge what is in it, in one transaction with the record of that.

        Args:
            company: registration number of the company that lodges.
            file: can be sought; stays open.
            name: of the file, as the shipper calls it.
            again: lodge it although the very same file was lodged before.
            progress: told in another thread how many consignments and bytes were read.
            recorded: writes down what else is to be so once the file is taken, with its number.

        Raises Problem UNKNOWN_COMPANY, UNAVAILABLE, FILE_REPEATED (about the earlier batch), and
        COMPANY_REFUSED when an agent sent it and the company's consent was taken back meanwhile.
        """
        async with self._database.reading() as session:
            await company_called(session, company)
        async with self._turn:
            dates = self._consignments.dates(self._clock())
            reading = await asyncio.to_thread(
                read_file, file, company, dates, self._settings, progress
            )
        good = reading.good
        if not reading.whole or (keep == "all" and reading.errors):
            good = []
        shown_name = shown(name)
        for _ in range(_TRIES):
            try:
                async with self._database.writing() as session:
                    company_id = await _locked(session, company)
                    await _check_consent(session, company)
                    if good and not again:
                        await _refuse_repeated(session, company_id, reading.sha256)
                    batch = self._batch(company_id, shown_name, keep, reading, len(good))
                    session.add(batch)
                    await session.flush()
                    lots = await self._lodge(session, batch, good)
                    if lots:
                        taken_at, number = batch.taken_at, str(batch.id)
                        write_down_for_client(session, taken_at, "lodged", "file", number)
                    if recorded is not None:
                        await recorded(session, batch.id)
            except IntegrityError:
                continue  # a CCRN was taken at the same moment
            log.info(
                "batch.taken",
                batch=batch.id,
                rows=batch.rows,
                lodged=batch.lodged,
                errors=len(reading.errors) + reading.unlisted,
                encoding=batch.encoding,
            )
            return _receipt(batch, lots)
        raise Problem(Code.UNAVAILABLE)

    def _batch(
        self, company_id: int, name: str, keep: Keep, reading: Reading, lodged: int
    ) -> Batch:
        return Batch(
            company_id=company_id,
            file_name=name,
            sha256=reading.sha256,
            format=reading.format,
            encoding=reading.encoding,
            keep=keep,
            rows=reading.rows,
            lodged=lodged,
            errors=[asdict(error) for error in reading.errors],
            unlisted=reading.unlisted,
            taken_at=self._clock(),
        )

    async def _lodge(
        self, session: AsyncSession, batch: Batch, good: list[GoodRow]
    ) -> list[BatchLine]:
        added = await self._consignments.add(
            session, batch.company_id, [row.data for row in good], batch.taken_at
        )
        if added:
            await session.execute(
                insert(BatchedConsignment),
                [
                    {
                        "consignment_id": consignment.id,
                        "batch_id": batch.id,
                        "line": row.line,
                        "reference": row.reference,
                    }
                    for consignment, row in zip(added, good, strict=True)
                ],
            )
        return [
            BatchLine(line=row.line, reference=row.reference, ccrn=consignment.ccrn)
            for consignment, row in zip(added, good, strict=True)
        ]

    async def receipt(self, company: str, batch_id: int) -> BatchReceipt:
        """What came of a file of this company. Raises Problem UNKNOWN_BATCH, UNKNOWN_COMPANY."""
        async with self._database.reading() as session:
            company_id = await company_called(session, company)
            batch = await session.get(Batch, batch_id)
            if batch is None or batch.company_id != company_id:
                raise Problem(Code.UNKNOWN_BATCH, str(batch_id))
            rows = await session.execute(
                select(BatchedConsignment.line, BatchedConsignment.reference, Consignment.ccrn)
                .join(Consignment, Consignment.id == BatchedConsignment.consignment_id)
                .where(BatchedConsignment.batch_id == batch_id)
                .order_by(Consignment.id)
            )
            return _receipt(
                batch,
                [
                    BatchLine(line=line, reference=reference, ccrn=ccrn)
                    for line, reference, ccrn in rows
                ],
            )

    async def latest(self, company_id: int) -> Sequence[Batch]:
        """The files a company sent last, the newest first."""
        async with self._database.reading() as session:
            rows = await session.execute(
                select(Batch)
                .options(defer(Batch.errors))
                .where(Batch.company_id == company_id)
                .order_by(Batch.id.desc())
                .limit(_LATEST)
            )
            return rows.scalars().all()

    async def errors(self, company: str, batch_id: int) -> list[RowError]:
        """What was wrong with a file, for who says it in another language than English.

        Raises Problem UNKNOWN_BATCH, UNKNOWN_COMPANY.
        """
        async with self._database.reading() as session:
            company_id = await company_called(session, company)
            batch = await session.get(Batch, batch_id)
            if batch is None or batch.company_id != company_id:
                raise Problem(Code.UNKNOWN_BATCH, str(batch_id))
            return [RowError(**error) for error in batch.errors]


async def _locked(session: AsyncSession, company: str) -> int:
    """The company's row, locked: of two who upload the same file at once the second sees the
    first's. Raises Problem UNKNOWN_COMPANY."""
    company_id = await company_called(session, company)
    await session.execute(select(Company.id).where(Company.id == company_id).with_for_update())
    return company_id


async def _check_consent(session: AsyncSession, company: str) -> None:
    """Where an agent acts, its client still wants that. Raises Problem COMPANY_REFUSED."""
    agency = acting_under()
    if agency is not None and await still_acting(session, agency) is None:
        raise Problem(Code.COMPANY_REFUSED, company)


async def _refuse_repeated(session: AsyncSession, company_id: int, sha256: str) -> None:
    earlier = (
        await session.execute(
            select(func.max(Batch.id)).where(
                Batch.company_id == company_id, Batch.sha256 == sha256, Batch.lodged > 0
            )
        )
    ).scalar()
    if earlier is not None:
        raise Problem(Code.FILE_REPEATED, str(earlier))


def _receipt(batch: Batch, lots: list[BatchLine]) -> BatchReceipt:
    return BatchReceipt(
        batch=batch.id,
        taken_at=batch.taken_at,
        file_name=batch.file_name,
        format=cast(Format, batch.format),
        encoding=batch.encoding,
        keep=cast(Keep, batch.keep),
        rows=batch.rows,
        lodged=batch.lodged,
        errors=[
            BatchError(
                line=error.line,
                column=error.column,
                item=error.item,
                found=error.found,
                expected=error.message(),
            )
            for error in (RowError(**kept) for kept in batch.errors)
        ],
        unlisted=batch.unlisted,
        consignments=lots,
    )
