"""The migrations lead from an empty database to the tables the code expects."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection

from ground.database.engine import for_writing
from ground.database.urls import sqlite_url
from ivr.records.database import RecordsUnavailable, open_database
from ivr.records.migrations import current, head, upgrade
from ivr.records.migrations.upgrade import MIGRATIONS
from ivr.records.settings import RecordsSettings

pytestmark = pytest.mark.service


async def check(url: str) -> None:
    """Alembic's own check: raises if the models and the database differ."""
    engine = open_database(url, RecordsSettings())

    def _check(connection: Connection) -> None:
        command.check(MIGRATIONS.config(connection))

    async with for_writing(engine).begin() as connection:
        await connection.run_sync(_check)
    await engine.dispose()


def test_from_nothing_to_the_newest(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "data" / "records.sqlite3")
    assert upgrade(url) == head()
    assert current(url) == head()
    asyncio.run(check(url))


def test_upgrading_twice_changes_nothing(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "records.sqlite3")
    upgrade(url)
    with sqlite3.connect(tmp_path / "records.sqlite3") as database:
        before = list(database.iterdump())
        upgrade(url)
        assert list(database.iterdump()) == before


def test_an_empty_database_has_no_revision(tmp_path: Path) -> None:
    assert current(sqlite_url(tmp_path / "records.sqlite3")) is None


def test_nodes_that_start_together_upgrade_once(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "records.sqlite3")
    with multiprocessing.get_context("spawn").Pool(3) as nodes:
        assert nodes.map(upgrade, [url] * 3) == [head()] * 3
    asyncio.run(check(url))


async def test_it_may_be_called_beside_a_running_loop(tmp_path: Path) -> None:
    assert await asyncio.to_thread(upgrade, sqlite_url(tmp_path / "records.sqlite3")) == head()


def test_a_database_that_cannot_be_used_is_named_without_its_password() -> None:
    with pytest.raises(RecordsUnavailable, match=r"postgresql\+asyncpg://ivr:\*\*\*@127") as error:
        upgrade("postgresql+asyncpg://ivr:s3cr3t@127.0.0.1:1/records")
    assert "s3cr3t" not in str(error.value)
