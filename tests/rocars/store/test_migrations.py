"""A database from before the migrations is taken over; a new one has the same tables."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from pydantic import SecretStr
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from ivr.records.migrations.upgrade import UPGRADE_LOCK
from rocars.secrets.settings import KeySettings
from rocars.settings import DemoSettings
from rocars.store.database import Database
from rocars.store.migrations.upgrade import LOCK, MIGRATIONS, SchemaMismatch
from rocars.store.settings import DatabaseSettings
from tests.rocars.conftest import KeyedToken, make_world, settings_for
from tests.support.pace import limit

pytestmark = pytest.mark.service

DATA = Path(__file__).parents[1] / "data"
SEEDS = "kbdFvlCLDLDGjvi3RLjLBHnOWNZDpxVFyPgJ4nTB_A8="
"""The key of the seeds in the old databases; it opens nothing else."""


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty(request, tmp_path):
    """Where a database of ROCARS is, or will be."""
    if request.param == "postgresql":
        return await request.getfixturevalue("postgres").new_database()
    path = tmp_path / "rocars" / "rocars.sqlite3"
    path.parent.mkdir()
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
async def old(empty):
    """A database that the release before migrations made and used."""
    if empty.startswith("sqlite"):
        with sqlite3.connect(empty.removeprefix("sqlite+aiosqlite:///")) as database:
            database.executescript((DATA / "version_1_sqlite.sql").read_text())
        database.close()
        return empty
    connection = await asyncpg.connect(empty.replace("postgresql+asyncpg", "postgresql"))
    try:
        await connection.execute((DATA / "version_1_postgresql.sql").read_text())
    finally:
        await connection.close()
    return empty


async def prepared(url, **settings):
    database = Database(url, DatabaseSettings(**settings))
    try:
        await database.prepare()
    finally:
        await database.close()


async def seen_in(url, look):
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(look)
    finally:
        await engine.dispose()


def columns(connection: Connection):
    """The columns of all tables but Alembic's own."""
    tables = inspect(connection)
    return {
        name: [f'"{column["name"]}"' for column in tables.get_columns(name)]
        for name in sorted(set(tables.get_table_names()) - {"alembic_version"})
    }


def rows(connection: Connection, wanted=None):
    """All rows of all tables, or those of these tables in these columns."""
    return {
        name: sorted(
            map(repr, connection.execute(text(f'SELECT {", ".join(named)} FROM "{name}"')))
        )
        for name, named in (wanted or columns(connection)).items()
    }


def shape(connection: Connection):
    """Columns, keys, constraints and indexes of all tables."""
    tables = inspect(connection)

    def plain(found):
        """Without what only says how a database writes the same thing."""
        return sorted(repr(sorted(item.items(), key=lambda pair: pair[0])) for item in found)

    return {
        name: (
            [
                (column["name"], str(column["type"]), column["nullable"], column.get("default"))
                for column in tables.get_columns(name)
            ],
            tables.get_pk_constraint(name),
            plain(tables.get_foreign_keys(name)),
            plain(tables.get_unique_constraints(name)),
            plain(tables.get_check_constraints(name)),
            [
                (index["name"], index["column_names"], index["unique"], where(index))
                for index in sorted(tables.get_indexes(name), key=lambda index: str(index["name"]))
            ],
        )
        for name in sorted(tables.get_table_names())
    }


def where(index):
    return {key: str(value) for key, value in index.get("dialect_options", {}).items()}


def bundles(connection: Connection):
    """The UBRs by mark and state."""
    found = connection.execute(text("SELECT mark, state, ubr FROM bundle"))
    return {(mark, state): ubr for mark, state, ubr in found}


def revision(connection: Connection):
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()


async def test_an_old_database_is_taken_over_without_loss(old):
    known = await seen_in(old, columns)
    before = await seen_in(old, rows)
    assert {name: len(found) for name, found in before.items()} == {
        "bundle": 4,
        "bundled_cargo": 4,
        "company": 2,
        "consignment": 9,
        "driver": 4,
        "driver_vehicle": 5,
        "idempotent_answer": 6,
        "login_failures": 1,
        "login_session": 2,
        "schema_version": 1,
        "security_token": 4,
        "signatory": 3,
        "vehicle": 4,
    }
    await prepared(old)
    assert await seen_in(old, revision) == MIGRATIONS.head()
    assert await seen_in(old, lambda connection: rows(connection, known)) == before
    after = await seen_in(old, rows)
    assert not any(found for name, found in after.items() if name not in before)
    await prepared(old)
    assert await seen_in(old, rows) == after


async def test_a_database_taken_over_has_the_tables_of_a_new_one(old, tmp_path, request):
    await prepared(old)
    if old.startswith("sqlite"):
        new = f"sqlite+aiosqlite:///{tmp_path / 'new.sqlite3'}"
    else:
        new = await request.getfixturevalue("postgres").new_database()
    await prepared(new)
    assert await seen_in(old, shape) == await seen_in(new, shape)


async def test_the_migrations_lead_to_the_tables_of_the_code(empty):
    """Alembic's own check: raises if the tables and the code differ."""
    await prepared(empty)
    assert await seen_in(empty, revision) == MIGRATIONS.head()
    await seen_in(empty, lambda connection: command.check(MIGRATIONS.config(connection)))


async def test_drivers_go_on_with_an_old_database(old, tmp_path):
    settings = settings_for(
        tmp_path,
        old,
        demo=DemoSettings(enabled=True, free_ccrns=2),
        keys=KeySettings(token_seeds=SecretStr(SEEDS)),
    )
    kept = await seen_in(old, bundles)
    async for world in make_world(settings):
        world.clock.forward(minutes=40)
        world.tokens["10000002"] = KeyedToken(b"2" * 20)
        reply = await world.key_in("10000002", "135791", world.tokens["10000002"].next())
        assert reply.status == 200
        session = reply.body["session"]
        listed = await world.ask("GET", "/v1/bundles", session=session)
        ubr = kept["FV2468", "live"]
        assert [(b["ubr"], b["state"]) for b in listed.body["bundles"]] == [(ubr, "live")]
        assert (await world.unbundle(session, ubr)).body["state"] == "unbundled"
        settled = await world.ask("POST", "/v1/requests/old-key-4/settle", {"user_id": "20000001"})
        assert settled.body["receipt"]["ubr"] == kept["AB1234", "crossed"]
        annulled = await world.ask("POST", "/v1/requests/old-key-5/settle", {"user_id": "20000001"})
        assert annulled.body["receipt"] is None
        await world.driver("20000002")  # the next number of every table is free
        made = await world.bundle(await world.session("20000002"), [await world.lodge()])
        assert made.status == 201


async def test_several_that_start_together_make_the_tables_once(empty):
    await asyncio.gather(*(prepared(empty) for _ in range(3)))
    assert await seen_in(empty, revision) == MIGRATIONS.head()


async def test_several_that_start_together_take_over_once(old):
    await asyncio.gather(*(prepared(old) for _ in range(3)))
    assert await seen_in(old, revision) == MIGRATIONS.head()


async def test_a_database_of_a_newer_release_is_refused(old):
    await prepared(old)
    engine = create_async_engine(old)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    with pytest.raises(
        SchemaMismatch, match=rf"revision 9999, this release knows {MIGRATIONS.head()}"
    ):
        await prepared(old)


async def test_a_start_that_fails_leaves_an_old_database_as_it_was(old, monkeypatch):
    """All is one transaction, the note that it was taken over included."""
    before = await seen_in(old, rows)
    monkeypatch.setattr(command, "upgrade", _fail)
    with pytest.raises(OSError, match="power cut"):
        await prepared(old)
    tables = await seen_in(old, lambda connection: inspect(connection).get_table_names())
    assert "alembic_version" not in tables
    assert await seen_in(old, rows) == before


def _fail(*_):
    raise OSError("power cut")


async def test_the_lock_is_another_than_that_of_the_records(postgres):
    """Held by who migrates the records in the same database, it is waited for by nobody here; the
    lock of ROCARS is, for longer than a statement may take."""
    assert LOCK != UPGRADE_LOCK
    url = await postgres.new_database()
    engine = create_async_engine(url)
    async with engine.connect() as records:
        await records.execute(text(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})"))
        async with asyncio.timeout(limit(60)):
            await prepared(url)
    async with engine.connect() as other:
        await other.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        waiting = asyncio.create_task(prepared(url, statement_timeout_s=0.5))
        await asyncio.sleep(1.5)
        assert not waiting.done()
        await other.rollback()
        async with asyncio.timeout(limit(60)):
            await waiting
    await engine.dispose()
