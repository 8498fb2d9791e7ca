"""The database of ROCARS: transactions that read, transactions that write, and its check."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from ground.database.changes import Changes
from ground.database.engine import Limits, make_private_file, open_engine
from ground.database.migrate import MIGRATION_BUSY_TIMEOUT_MS, MIGRATION_TIMEOUT_S, NewerDatabase
from ground.database.transactions import Transactions
from rocars.store.migrations.upgrade import MIGRATIONS, SchemaMismatch
from rocars.store.settings import DatabaseSettings


class Database(Transactions):
    """Writers in SQLite take the write lock at once, so that what they read stays true until they
    commit; in PostgreSQL they lock the rows they judge."""

    def __init__(self, url: str, settings: DatabaseSettings) -> None:
        """Raises OSError when the file of an SQLite database cannot be made."""
        make_private_file(url)
        self._url = url
        self.changes = Changes(url)
        self._turn = asyncio.Lock() if make_url(url).get_backend_name() == "sqlite" else None
        self._settings = settings
        super().__init__(
            open_engine(
                url,
                Limits(
                    pool_size=settings.pool_size,
                    pool_timeout_s=settings.pool_timeout_s,
                    busy_timeout_ms=settings.busy_timeout_ms,
                    connect_timeout_s=settings.statement_timeout_s,
                    statement_timeout_s=settings.statement_timeout_s,
                ),
            )
        )

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """SQLite has one writer at a time, and lets those who wait try again at random. Those of
        this process take turns instead, first come, first served, for as long as the busy timeout;
        others of the file are waited for as long again. Raises TimeoutError and what the database
        raises.
        """
        if self._turn is None:
            async with super().writing() as session:
                yield session
            return
        async with asyncio.timeout(self._settings.busy_timeout_ms / 1000):
            await self._turn.acquire()
        try:
            async with super().writing() as session:
                yield session
        finally:
            self._turn.release()

    async def close(self) -> None:
        self.changes.close()
        await super().close()

    async def prepare(self) -> None:
        """Make the tables of an empty database, or bring an older one up to date.

        Raises SchemaMismatch on a database of a newer release, and what the database raises.
        """
        patient = open_engine(
            self._url,
            Limits(
                pool_size=1,
                pool_timeout_s=self._settings.pool_timeout_s,
                busy_timeout_ms=max(MIGRATION_BUSY_TIMEOUT_MS, self._settings.busy_timeout_ms),
                connect_timeout_s=self._settings.statement_timeout_s,
                statement_timeout_s=MIGRATION_TIMEOUT_S,
            ),
        )
        try:
            await MIGRATIONS.upgrade(patient)
        except NewerDatabase as newer:
            raise SchemaMismatch(str(newer)) from None
        finally:
            await patient.dispose()

    async def check(self) -> None:
        """Raises SQLAlchemyError or OSError when the database does not answer."""
        async with self.reading() as session:
            await session.execute(text("SELECT version_num FROM alembic_version"))
