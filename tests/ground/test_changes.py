"""Whether a database has changed, asked without reading it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ground.database.changes import Changes

pytestmark = pytest.mark.unit

LONG_S = 3600.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "records #1.db"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE facts (fact TEXT)")
    return path


def test_each_reader_reads_once_after_a_change(file: Path) -> None:
    changes = Changes(f"sqlite+aiosqlite:///{file}")
    first, second = changes.seen_by(LONG_S), changes.seen_by(LONG_S)
    assert [first(), first(), second(), second()] == [True, False, True, False]
    other = sqlite3.connect(file)
    other.execute("INSERT INTO facts VALUES ('a call')")
    assert not first(), "what was not committed can not be read"
    other.commit()
    assert [first(), first(), second(), second()] == [True, False, True, False]
    other.close()
    changes.close()


def test_it_is_read_now_and_then_although_nothing_changed(file: Path) -> None:
    must_read = Changes(f"sqlite+aiosqlite:///{file}").seen_by(0.0)
    assert [must_read(), must_read(), must_read()] == [True, True, True]


@pytest.mark.parametrize(
    "url",
    ["postgresql+asyncpg://ivr@127.0.0.1/ivr", "sqlite+aiosqlite://", "sqlite:////no/such/db"],
)
def test_what_cannot_tell_has_always_changed(url: str) -> None:
    must_read = Changes(url).seen_by(LONG_S)
    assert [must_read(), must_read()] == [True, True]
