"""Opening SQLite in WAL mode, or PostgreSQL with bounded waits."""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InvalidatePoolError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from ground.database.postgresql import arguments

DATABASE_FAILURES = (SQLAlchemyError, OSError, TimeoutError)
"""Exceptions of a database that is locked, full, read-only or unavailable."""

PING_AFTER_S = 1.0
"""A PostgreSQL connection that was used less long ago is not asked whether it still works: asking
takes three round trips, which were a third of all that a busy ROCARS sent."""


def reason(failure: BaseException) -> str:
    """The message of the database itself, in one line."""
    own = getattr(failure, "orig", None) or failure
    return " ".join(str(own).split()) or type(own).__name__


@dataclass(frozen=True)
class Limits:
    """The number of connections, and the longest waits for the database in seconds.

    Args:
        pool_size: connections kept open; there are never more.
        pool_timeout_s: wait for a free connection.
        busy_timeout_ms: SQLite: wait for another writer's lock, milliseconds.
        connect_timeout_s: PostgreSQL: wait for a connection to the server.
        statement_timeout_s: PostgreSQL: longest statement. asyncpg waits for ever on a silent
            server unless told otherwise.
    """

    pool_size: int
    pool_timeout_s: float
    busy_timeout_ms: int
    connect_timeout_s: float
    statement_timeout_s: float


def open_engine(url: str, limits: Limits) -> AsyncEngine:
    """Make an engine for this process and this event loop; call it after a fork, not before.

    It does not connect yet, so an unavailable database raises only when it is used. Exceptions
    contain no parameters of statements, which may be what a caller keyed.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        parsed, given = arguments(parsed)
        patience_s = min(limits.connect_timeout_s, given.pop("timeout", limits.connect_timeout_s))
        engine = create_async_engine(
            parsed,
            pool_size=limits.pool_size,
            max_overflow=0,
            pool_timeout=limits.pool_timeout_s,
            hide_parameters=True,
            connect_args={
                **given,
                "timeout": patience_s,
                "command_timeout": limits.statement_timeout_s,
            },
        )
        _replace_lost_connections(engine)
        return engine
    engine = create_async_engine(
        parsed,
        pool_size=limits.pool_size,
        max_overflow=0,
        pool_timeout=limits.pool_timeout_s,
        hide_parameters=True,
        connect_args={"timeout": limits.busy_timeout_ms / 1000},
    )
    _make_sqlite_dependable(engine, limits.busy_timeout_ms)
    return engine


def for_writing(engine: AsyncEngine) -> AsyncEngine:
    """The same connections, whose transactions take SQLite's write lock at their start.

    A transaction that begins by reading and then writes fails at once instead of waiting
    (SQLITE_BUSY_SNAPSHOT), so writers take the lock first. What they read stays true until they
    commit; in PostgreSQL they lock the rows that they decide about.
    """
    return engine.execution_options(sqlite_writes=True)


def make_private_file(url: str) -> None:
    """SQLite: create a file that only its owner may read; SQLite gives its side files the same
    mode.

    Raises OSError.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return
    path = Path(str(parsed.database))
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _replace_lost_connections(engine: AsyncEngine) -> None:
    """As `pool_pre_ping`, but only connections that were idle for a while are asked. Those whose
    end the driver has noticed, as when the server was stopped, are never given out."""

    @event.listens_for(engine.sync_engine, "checkin")
    def _given_back(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["given_back_at"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _taken(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if connection.driver_connection.is_closed():
            raise InvalidatePoolError
        given_back_at = record.info.get("given_back_at")
        if given_back_at is None or time.monotonic() - given_back_at < PING_AFTER_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            raise InvalidatePoolError from None


def _make_sqlite_dependable(engine: AsyncEngine, busy_timeout_ms: int) -> None:
    @event.listens_for(engine.sync_engine, "do_connect")
    def _try_to_open(
        _dialect: object, _record: object, where: list[Any], how: dict[str, Any]
    ) -> None:
        # Detect a file that cannot be opened here: the driver would start a thread for it, which
        # ends with a traceback if the event loop is quicker.
        sqlite3.connect(where[0], uri=bool(how.get("uri"))).close()

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, also for DDL
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={busy_timeout_ms}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA journal_mode")
        if cursor.fetchone()[0] != "wal":
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.fetchall()
        # What was announced to a caller must be on the disk, not only in the system's memory.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("sqlite_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
