"""Databases that are migrated already: to migrate one takes longer than most tests that need it.

The migrations have tests of their own (`tests/records/test_migrations.py`,
`tests/rocars/store/test_migrations.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ground.database.urls import sqlite_url
from ivr.records import migrations
from rocars.store.database import Database
from rocars.store.settings import DatabaseSettings
from tests.support.keeper import MARK
from tests.support.postgres_server import PostgresServer

_TEMPLATE = "rocars_migrated"


def new_records(path: Path) -> str:
    """An SQLite file of records without a call in it; its URL."""
    return _written(path, _empty("records", migrations.upgrade))


def new_rocars(path: Path) -> str:
    """An SQLite file of a ROCARS that knows nobody; its URL."""
    return _written(path, _empty("rocars", _migrate_rocars))


async def new_rocars_on(server: PostgresServer) -> str:
    """A PostgreSQL database of a ROCARS that knows nobody; its URL."""
    if _TEMPLATE not in server.databases:
        await _prepare(await server.new_database(_TEMPLATE))
    return await server.new_database(template=_TEMPLATE)


@functools.cache
def _empty(name: str, migrate: Callable[[str], object]) -> bytes:
    """A migrated file, kept under this name for the other processes of the run."""
    run = os.environ.get(MARK)
    if run is None:
        return _migrated(migrate)
    kept = Path(run) / f"{name}.sqlite3"
    with contextlib.suppress(OSError):
        return kept.read_bytes()
    content = _migrated(migrate)
    draft = kept.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):  # the run ends
        draft.write_bytes(content)
        draft.replace(kept)
    return content


def _migrated(migrate: Callable[[str], object]) -> bytes:
    """In a thread, since an event loop may run in this one."""
    with tempfile.TemporaryDirectory(prefix="rocars-migrated-") as folder:
        path = Path(folder) / "empty.sqlite3"
        with ThreadPoolExecutor(1) as thread:
            thread.submit(migrate, sqlite_url(path)).result()
        return path.read_bytes()


def _migrate_rocars(url: str) -> None:
    asyncio.run(_prepare(url))


async def _prepare(url: str) -> None:
    database = Database(url, DatabaseSettings())
    try:
        await database.prepare()
    finally:
        await database.close()


def _written(path: Path, content: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_bytes(content)
    return sqlite_url(path)
