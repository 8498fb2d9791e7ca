"""The connection to the records: SQLite in WAL mode, or PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ground.database.engine import DATABASE_FAILURES, Limits, open_engine
from ground.database.transactions import Transactions
from ivr.records.settings import RecordsSettings


class RecordsUnavailable(Exception):
    """The database of the records cannot be read or written now."""


def without_password(database_url: str) -> str:
    """A database's URL as it may be printed."""
    return make_url(database_url).render_as_string(hide_password=True)


def open_database(
    database_url: str, settings: RecordsSettings, *, statement_timeout_s: float | None = None
) -> AsyncEngine:
    """An engine of this process and this event loop; see `ground.database.engine.open_engine`.

    Args:
        statement_timeout_s: longest one statement may take on PostgreSQL, seconds; None: as long
            as a transaction of a call may (`write_timeout_s`).
    """
    return open_engine(
        database_url,
        Limits(
            pool_size=settings.pool_size,
            pool_timeout_s=settings.write_timeout_s,
            busy_timeout_ms=settings.busy_timeout_ms,
            connect_timeout_s=settings.write_timeout_s,
            statement_timeout_s=statement_timeout_s or settings.write_timeout_s,
        ),
    )


class Database:
    """The records as the console and the housekeeping read and write them: one session, one
    transaction. To be made in its event loop, after the fork."""

    def __init__(self, database_url: str, settings: RecordsSettings) -> None:
        self._transactions = Transactions(open_database(database_url, settings))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Raises RecordsUnavailable."""
        try:
            async with self._transactions.reading() as session:
                yield session
        except DATABASE_FAILURES as failure:
            raise RecordsUnavailable("the records could not be read") from failure

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Committed at the end, undone by any exception. Raises RecordsUnavailable."""
        try:
            async with self._transactions.writing() as session:
                yield session
        except IntegrityError:
            raise  # the writer's to explain: what was asked contradicts what is there
        except DATABASE_FAILURES as failure:
            raise RecordsUnavailable("the records could not be written") from failure

    async def ping(self) -> None:
        """Ask the database for nothing. Raises RecordsUnavailable."""
        async with self.reading() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._transactions.close()
