"""Bring a database of records to the state this release expects."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.records.database import (
    DATABASE_FAILURES,
    RecordsUnavailable,
    for_writing,
    open_database,
)
from ivr.records.settings import RecordsSettings

T = TypeVar("T")

_STATEMENT_TIMEOUT_S = 900.0
"""An index over a year of calls takes minutes, and so does waiting for the node that makes it."""

UPGRADE_LOCK = 0x524F43415253  # "ROCARS": one node upgrades a PostgreSQL database at a time


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration without an ini file; `env.py` takes the connection from it."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """The newest revision of this release."""
    revision = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert revision is not None
    return revision


def upgrade(database_url: str) -> str:
    """Apply what is missing, in one transaction, and return the revision reached.

    Several nodes may do so at once: one does it and the others find it done. Blocks, and runs a
    loop of its own: within a running loop use ``await asyncio.to_thread(upgrade, url)``. Raises
    RecordsUnavailable.
    """

    def _upgrade(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        command.upgrade(alembic_config(connection), "head")

    _make_private_file(database_url)
    _run(database_url, _upgrade)
    return head()


def current(database_url: str) -> str | None:
    """The revision the database is at, None when it is empty. Raises RecordsUnavailable."""
    return _run(
        database_url,
        lambda connection: MigrationContext.configure(connection).get_current_revision(),
    )


def _make_private_file(database_url: str) -> None:
    """SQLite: CDRs are personal data, so the file is its owner's only (its WAL inherits that)."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return
    with contextlib.suppress(OSError):  # what is wrong is told by opening the database
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        Path(url.database).touch(mode=0o600, exist_ok=True)


def _run(database_url: str, work: Callable[[Connection], T]) -> T:
    async def _connected() -> T:
        engine: AsyncEngine = open_database(
            database_url,
            RecordsSettings(busy_timeout_ms=30_000),
            statement_timeout_s=_STATEMENT_TIMEOUT_S,
        )
        try:
            async with for_writing(engine).begin() as connection:
                return await connection.run_sync(work)
        finally:
            await engine.dispose()

    try:
        return asyncio.run(_connected())
    except DATABASE_FAILURES as failure:
        shown = make_url(database_url).render_as_string(hide_password=True)
        raise RecordsUnavailable(f"the database {shown} cannot be used: {failure}") from failure
