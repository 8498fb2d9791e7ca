"""Bring a database of records to the state this release expects."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

from ground.database.engine import DATABASE_FAILURES, make_private_file, reason
from ground.database.migrate import (
    MIGRATION_BUSY_TIMEOUT_MS,
    MIGRATION_TIMEOUT_S,
    Migrations,
    NewerDatabase,
)
from ivr.records.alert_tables import Alert
from ivr.records.announcement_tables import Announcement
from ivr.records.audit_tables import AuditEntry
from ivr.records.database import RecordsUnavailable, open_database, without_password
from ivr.records.models import Call
from ivr.records.node_tables import NodeState
from ivr.records.people_tables import Person
from ivr.records.prompt_tables import PromptVersion
from ivr.records.report_tables import Report
from ivr.records.settings import RecordsSettings
from ivr.records.tally_tables import Tally
from ivr.records.token_tables import ApiToken

T = TypeVar("T")

UPGRADE_LOCK = 0x524F43415253
"""Nodes of older releases wait for this number, so it stays."""

TABLES = (
    *(Alert, Announcement, ApiToken, AuditEntry, Call, NodeState, Person, PromptVersion, Report),
    Tally,
)
"""One of each module of tables: to import it is to know them all."""

MIGRATIONS = Migrations(
    versions=Path(__file__).parent / "versions", metadata=TABLES[0].metadata, lock=UPGRADE_LOCK
)


def head() -> str:
    """The newest revision of this release."""
    return MIGRATIONS.head()


def upgrade(database_url: str) -> str:
    """Apply what is missing, in one transaction, and return the revision reached.

    Several nodes may do so at once: one does it and the others find it done. Blocks, and runs a
    loop of its own: within a running loop use ``await asyncio.to_thread(upgrade, url)``. Raises
    RecordsUnavailable.
    """
    # CDRs are personal data, so the file is its owner's only.
    with contextlib.suppress(OSError):  # what is wrong is said when the database is opened
        make_private_file(database_url)
    return _run(database_url, MIGRATIONS.upgrade)


def current(database_url: str) -> str | None:
    """The revision the database is at, None when it is empty. Raises RecordsUnavailable."""
    return _run(database_url, MIGRATIONS.current)


def _run(database_url: str, work: Callable[[AsyncEngine], Coroutine[Any, Any, T]]) -> T:
    async def _connected() -> T:
        engine = open_database(
            database_url,
            RecordsSettings(busy_timeout_ms=MIGRATION_BUSY_TIMEOUT_MS),
            statement_timeout_s=MIGRATION_TIMEOUT_S,
        )
        try:
            return await work(engine)
        finally:
            await engine.dispose()

    try:
        return asyncio.run(_connected())
    except (*DATABASE_FAILURES, NewerDatabase) as failure:
        raise RecordsUnavailable(
            f"the database {without_password(database_url)} cannot be used: {reason(failure)}"
        ) from failure
