"""The audit log cannot be changed unseen, by whoever can write to the database."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ground.database.engine import for_writing
from ground.database.urls import sqlite_url
from ivr.node.audit_export import AuditExport, NotSent, as_syslog
from ivr.records import audit, audit_chain
from ivr.records.audit_tables import AuditEntry
from ivr.records.database import Database, RecordsUnavailable, open_database
from ivr.records.migrations.upgrade import MIGRATIONS
from ivr.records.settings import RecordsSettings

pytestmark = pytest.mark.service

OVERWRITTEN = (
    "INSERT OR REPLACE INTO audit (entry_id, at, who, action, subject, detail) "
    "VALUES (2, '2026-01-01', 'x', 'x', 'x', '{}')"
)


@pytest_asyncio.fixture
async def records(database: str) -> AsyncIterator[Database]:
    opened = Database(database, RecordsSettings())
    for number in range(5):
        with audit.deeds_from(address="192.0.2.7"):
            await audit.write(opened, "chan", "looked", f"call {number}", share=0.5, two=2)
    yield opened
    await opened.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records.sqlite3"


async def test_an_entry_says_from_where_and_the_chain_is_whole(records: Database) -> None:
    entries = await audit.read(records)
    assert entries[0].detail == {"address": "192.0.2.7", "share": "0.5", "two": 2}
    verdict = await audit_chain.check(records)
    assert (verdict.entries, verdict.last, verdict.broken) == (5, 5, "")
    assert verdict.hash == entries[0].hash
    assert (await audit_chain.check(records, (3, entries[2].hash))).broken == ""


async def test_entries_written_at_once_are_one_chain(records: Database) -> None:
    await asyncio.gather(*(audit.write(records, "lee", "did", str(n)) for n in range(12)))
    verdict = await audit_chain.check(records)
    assert (verdict.entries, verdict.broken) == (17, "")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET who = 'x' WHERE entry_id = 2",
        "UPDATE OR REPLACE audit SET entry_id = 3 WHERE entry_id = 2",
        "DELETE FROM audit WHERE entry_id = 2",
        OVERWRITTEN,
        OVERWRITTEN.replace("INSERT OR REPLACE", "REPLACE"),
    ],
)
async def test_the_database_refuses(records: Database, file: Path, change: str) -> None:
    with pytest.raises((RecordsUnavailable, DBAPIError)):
        async with records.writing() as session:
            await session.execute(text(change))
    with sqlite3.connect(file) as database, pytest.raises(sqlite3.DatabaseError):
        database.execute(change)
    assert (await audit_chain.check(records)).entries == 5


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("UPDATE audit SET who = 'x' WHERE entry_id = 2", "entry 2 is not as it was written"),
        ("UPDATE audit SET detail = '{}' WHERE entry_id = 5", "entry 5 is not as it was written"),
        ("DELETE FROM audit WHERE entry_id = 3", "between 4 and the one before"),
        ("DELETE FROM audit WHERE entry_id < 3", "entries before 3 are missing"),
        ("DELETE FROM audit WHERE entry_id = 5", "entry 5, which was noted, is not there"),
        ("DELETE FROM audit", "entry 5, which was noted, is not there"),
    ],
)
async def test_who_goes_round_the_triggers_is_found(
    records: Database, file: Path, change: str, broken: str
) -> None:
    noted = await audit_chain.check(records)
    with sqlite3.connect(file) as database:
        for trigger in ("audit_unchanged", "audit_kept"):
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute(change)
    verdict = await audit_chain.check(records, (noted.last, noted.hash))
    assert broken in verdict.broken


async def test_entries_of_earlier_releases_are_chained(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "old.sqlite3")
    old = Database(url, RecordsSettings())
    engine = open_database(url, RecordsSettings())

    async def upgrade(revision: str) -> None:
        def apply(connection: Connection) -> None:
            command.upgrade(MIGRATIONS.config(connection), revision)

        async with for_writing(engine).begin() as connection:
            await connection.run_sync(apply)

    await upgrade("0005")
    async with old.writing() as session:
        for number in range(3):
            await session.execute(
                text(
                    "INSERT INTO audit (at, who, action, subject, detail) VALUES "
                    f"('2026-11-0{number + 1} 08:00:00.000000', 'chan', 'did', 'it', "
                    '\'{"by": "web", "share": 0.5}\')'
                )
            )
    await upgrade("head")
    await engine.dispose()
    await audit.write(old, "lee", "did", "more")
    verdict = await audit_chain.check(old)
    assert (verdict.entries, verdict.broken) == (4, "")
    with pytest.raises((RecordsUnavailable, DBAPIError)):
        async with old.writing() as session:
            await session.execute(text("UPDATE audit SET who = 'x'"))
    await old.close()


async def test_a_syslog_that_goes_and_comes_again(records: Database, tmp_path: Path) -> None:
    path = tmp_path / "log"
    export = AuditExport(records, f"unix:{path}", tmp_path / "exported")
    with pytest.raises(NotSent, match="No such file"):
        await export.send_new()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind(str(path))
        assert await export.send_new() == 5
    await audit.write(records, "lee", "did", "it")
    with pytest.raises(NotSent, match="refused"):  # its socket is there, and nobody behind it
        await export.send_new()


@pytest.mark.parametrize("way", ["unix", "tcp"])
async def test_a_syslog_that_reads_no_more_holds_nobody_up(
    way: str, records: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it keep a thread: they would be used up, one a try."""
    entries = await audit.read(records)

    async def following(*_: object) -> list[AuditEntry]:
        return [*entries] * 4

    # More lines than the system keeps for a reader of datagrams, more bytes than for one of a
    # connection.
    line = bytes(1000 if way == "unix" else 1 << 20)
    monkeypatch.setattr("ivr.node.audit_export.as_syslog", lambda entry: line)
    monkeypatch.setattr("ivr.node.audit_export.PATIENCE_S", 0.2)
    monkeypatch.setattr("ivr.node.audit_export.audit.following", following)
    family, kind = {
        "unix": (socket.AF_UNIX, socket.SOCK_DGRAM),
        "tcp": (socket.AF_INET, socket.SOCK_STREAM),
    }[way]
    with socket.socket(family, kind) as syslog:
        syslog.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        target = f"unix:{tmp_path / 'log'}"
        if way == "tcp":
            syslog.bind(("127.0.0.1", 0))
            syslog.listen(1)
            target = f"tcp://127.0.0.1:{syslog.getsockname()[1]}"
        else:
            syslog.bind(str(tmp_path / "log"))
        with pytest.raises(NotSent):
            await AuditExport(records, target, tmp_path / "exported").send_new()
        await asyncio.get_running_loop().shutdown_default_executor()


async def test_every_entry_goes_to_syslog_once(records: Database, tmp_path: Path) -> None:
    received = bytearray()
    gone = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.extend(await reader.read())
        writer.close()
        gone.set()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    export = AuditExport(records, f"tcp://127.0.0.1:{port}", tmp_path / "exported")
    assert await export.send_new() == 5
    async with asyncio.timeout(10):
        await gone.wait()
    assert await export.send_new() == 0
    expected = b"".join(
        b"%d %s" % (len(line), line) for line in map(as_syslog, reversed(await audit.read(records)))
    )
    assert bytes(received) == expected
    assert b" <109>1 20" in received[:20]  # log audit, notice
    server.close()
    await server.wait_closed()
    await audit.write(records, "lee", "did", "it")
    with pytest.raises(NotSent, match="does not take"):
        await export.send_new()
    again = AuditExport(records, f"tcp://127.0.0.1:{port}", tmp_path / "exported")
    gone.clear()
    server = await asyncio.start_server(take, "127.0.0.1", port)
    assert await again.send_new() == 1
    async with asyncio.timeout(10):
        await gone.wait()
    server.close()
