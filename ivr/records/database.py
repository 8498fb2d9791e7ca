"""The connection to the records: SQLite in WAL mode, or PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from ivr.records.settings import RecordsSettings

DATABASE_FAILURES = (SQLAlchemyError, OSError, TimeoutError)
"""What a database that is locked, full, read-only or gone can raise."""


class RecordsUnavailable(Exception):
    """The database of the records cannot be read or written now."""


def sqlite_url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def open_database(
    database_url: str, settings: RecordsSettings, *, statement_timeout_s: float | None = None
) -> AsyncEngine:
    """An engine of this process and this event loop; to be made after the fork, not before.

    Nothing is connected yet, so an absent database raises only when it is used.

    Args:
        statement_timeout_s: longest one statement may take on PostgreSQL, seconds; None: as long
            as a transaction of a call may (`write_timeout_s`).
    """
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        return create_async_engine(
            url,
            pool_size=settings.pool_size,
            max_overflow=0,
            pool_timeout=settings.write_timeout_s,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={
                "timeout": settings.write_timeout_s,
                "command_timeout": statement_timeout_s or settings.write_timeout_s,
            },
        )
    engine = create_async_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.write_timeout_s,
        hide_parameters=True,
        connect_args={"timeout": settings.busy_timeout_ms / 1000},
    )
    _make_sqlite_dependable(engine, settings.busy_timeout_ms)
    return engine


def for_writing(engine: AsyncEngine) -> AsyncEngine:
    """The same connections, whose transactions take SQLite's write lock at their start.

    A transaction that begins as a reader and turns writer fails at once instead of waiting
    (SQLITE_BUSY_SNAPSHOT), so writers say so first.
    """
    return engine.execution_options(sqlite_writes=True)


def _make_sqlite_dependable(engine: AsyncEngine, busy_timeout_ms: int) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say, DDL included
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={busy_timeout_ms}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA journal_mode")
        if cursor.fetchone()[0] != "wal":
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.fetchall()
        # A bundle request must be on the disk, not only in the system's memory, before it is sent.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("sqlite_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Database:
    """The records as the console and the housekeeping read and write them: one session, one
    transaction. To be made in its event loop, after the fork."""

    def __init__(self, database_url: str, settings: RecordsSettings) -> None:
        self._engine = open_database(database_url, settings)
        self._reading = async_sessionmaker(self._engine, expire_on_commit=False)
        self._writing = async_sessionmaker(for_writing(self._engine), expire_on_commit=False)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Raises RecordsUnavailable."""
        try:
            async with self._reading() as session:
                yield session
        except DATABASE_FAILURES as failure:
            raise RecordsUnavailable("the records could not be read") from failure

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Committed at the end, undone by any exception. Raises RecordsUnavailable."""
        try:
            async with self._writing.begin() as session:
                yield session
        except IntegrityError:
            raise  # the writer's to explain: what was asked contradicts what is there
        except DATABASE_FAILURES as failure:
            raise RecordsUnavailable("the records could not be written") from failure

    async def close(self) -> None:
        await self._engine.dispose()
