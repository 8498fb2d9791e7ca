"""What each key of a company was used for.

What changes cargo names its key in the same transaction (the message, the history of the
consignment). This log has every request besides, reads and refusals too. It is written by the
second, so that no request waits for it; a process that is killed loses at most that second of it.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from rocars.clock import Clock
from rocars.refusals import Code, Problem
from rocars.registry.companies import company_called
from rocars.store.database import Database
from rocars.store.tables.systems import CompanyKey, KeyUse
from rocars.systems.messages import KeyUseList, KeyUseRecord

log = structlog.get_logger("rocars.keys")

_SHOWN = 500
_MOST_UNWRITTEN = 20_000
"""While the database is away; the oldest go first."""

_EVERY_S = 1.0


class KeyUses:
    """To be run in its event loop."""

    def __init__(self, database: Database, clock: Clock, keep_days: int) -> None:
        self._database = database
        self._clock = clock
        self._keep = timedelta(days=keep_days)
        self._unwritten: list[dict[str, object]] = []
        self._added = asyncio.Event()

    def add(self, key_id: str, operation: str, status: int, subject: str) -> None:
        self._unwritten.append(
            {
                "key_id": key_id,
                "used_at": self._clock(),
                "operation": operation,
                "status": status,
                "subject": subject[:80],
            }
        )
        self._added.set()
        if (surplus := len(self._unwritten) - _MOST_UNWRITTEN) > 0:
            log.error("key_uses.lost", count=surplus)
            del self._unwritten[:surplus]

    async def run(self) -> None:
        """Write what there is every second, until cancelled."""
        while True:
            await self._added.wait()
            await asyncio.sleep(_EVERY_S)
            self._added.clear()
            try:
                await self.write()
            except (SQLAlchemyError, OSError) as error:
                self._added.set()
                log.error("key_uses.unwritten", error=type(error).__name__)

    async def write(self) -> None:
        """Raises what the database raises; then nothing is lost."""
        rows, self._unwritten = self._unwritten, []
        if not rows:
            return
        try:
            async with self._database.writing() as session:
                await session.execute(insert(KeyUse), rows)
        except BaseException:
            self._unwritten = rows + self._unwritten
            raise

    async def of(self, company: str, key_id: str) -> KeyUseList:
        """Raises Problem UNKNOWN_COMPANY, UNKNOWN_KEY."""
        await self.write()
        async with self._database.reading() as session:
            company_id = await company_called(session, company)
            held = await session.get(CompanyKey, key_id)
            if held is None or held.company_id != company_id:
                raise Problem(Code.UNKNOWN_KEY, key_id)
            rows = await session.execute(
                select(KeyUse)
                .where(KeyUse.key_id == key_id)
                .order_by(KeyUse.id.desc())
                .limit(_SHOWN)
            )
            return KeyUseList(
                uses=[
                    KeyUseRecord(
                        used_at=use.used_at,
                        operation=use.operation,
                        status=use.status,
                        subject=use.subject,
                    )
                    for use in rows.scalars()
                ]
            )

    async def sweep(self) -> None:
        """Delete what is too old."""
        async with self._database.writing() as session:
            await session.execute(delete(KeyUse).where(KeyUse.used_at < self._clock() - self._keep))
