"""The database: transactions that read, transactions that write, and the check of the schema."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, inspect, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from rocars.settings import DatabaseSettings
from rocars.tables import SCHEMA_VERSION, Base, SchemaVersion

_SCHEMA_LOCK = 0x524F43415253  # "ROCARS": one starter at a time makes the tables


class SchemaMismatch(RuntimeError):
    """The database was made by another version of ROCARS."""


class Database:
    """Gives sessions. Writers in SQLite take the write lock at once (BEGIN IMMEDIATE), so that
    what they read stays true until they commit; in PostgreSQL they lock the rows they judge."""

    def __init__(self, url: str, settings: DatabaseSettings) -> None:
        self._url = make_url(url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        if self.is_sqlite and self._url.database not in (None, "", ":memory:"):
            _make_private(Path(str(self._url.database)))
        self._engine: AsyncEngine = create_async_engine(
            self._url,
            pool_size=settings.pool_size,
            max_overflow=0,
            pool_timeout=settings.pool_timeout_s,
            pool_pre_ping=not self.is_sqlite,
            connect_args={} if self.is_sqlite else _patience(settings),
            hide_parameters=True,  # an exception must not carry what a caller keyed
        )
        if self.is_sqlite:
            _prepare_sqlite(self._engine, settings.busy_timeout_ms)
        self._writer = self._engine.execution_options(rocars_writes=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends, undone when it raises."""
        async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    async def prepare(self) -> None:
        """Make the tables of an empty database. Raises SchemaMismatch on another version's."""
        async with self._writer.begin() as connection:
            if not self.is_sqlite:
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})"))
            await connection.run_sync(_prepare_schema)

    async def check(self) -> None:
        """Raises SQLAlchemyError or OSError when the database does not answer."""
        async with self.read() as session:
            await session.execute(select(SchemaVersion.version))

    async def close(self) -> None:
        await self._engine.dispose()


def _patience(settings: DatabaseSettings) -> dict[str, float]:
    """asyncpg waits for ever on a silent server unless told otherwise."""
    return {
        "timeout": settings.statement_timeout_s,
        "command_timeout": settings.statement_timeout_s,
    }


def _make_private(path: Path) -> None:
    """A new database file is its owner's only; SQLite gives its side files the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _prepare_schema(connection: Connection) -> None:
    if inspect(connection).has_table(SchemaVersion.__tablename__):
        found = connection.execute(select(SchemaVersion.version)).scalar_one_or_none()
        if found not in (None, SCHEMA_VERSION):
            raise SchemaMismatch(
                f"the database has schema version {found}, expected {SCHEMA_VERSION}"
            )
    Base.metadata.create_all(connection)
    if connection.execute(select(SchemaVersion.version)).scalar_one_or_none() is None:
        connection.execute(SchemaVersion.__table__.insert().values(version=SCHEMA_VERSION))  # type: ignore[attr-defined]


def _prepare_sqlite(engine: AsyncEngine, busy_timeout_ms: int) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the transactions are begun below, not by the driver
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")  # a bundle that was told survives a power cut
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        options: Any = connection.get_execution_options()
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("rocars_writes") else "BEGIN")


async def insert_unless_there(session: AsyncSession, table: type[Base], **values: Any) -> None:
    """Add a row unless its primary key is taken; no race with others who do the same."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    await session.execute(insert(table).values(**values).on_conflict_do_nothing())
