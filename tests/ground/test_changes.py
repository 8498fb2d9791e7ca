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


def test_what_is_written_here_is_a_change_to_others_only(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("INSERT INTO facts VALUES ('a call')")
    url = f"sqlite+aiosqlite:///{file}"
    ours, theirs = Changes(url), Changes(url)
    first, second = ours.seen_by(LONG_S), theirs.seen_by(LONG_S)
    assert [first(), second()] == [True, True]
    assert ours.write("UPDATE facts SET fact = 'another'")
    assert [first(), second()] == [False, True]
    assert not ours.write("UPDATE facts SET fact = '' WHERE fact = 'none'")
    with sqlite3.connect(file, isolation_level=None) as busy:
        busy.execute("BEGIN IMMEDIATE")
        assert not ours.write("UPDATE facts SET fact = 'a third'")
    busy.close()
    assert sqlite3.connect(file).execute("SELECT fact FROM facts").fetchall() == [("another",)]
    ours.close()
    theirs.close()


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
    assert not Changes(url).write("DELETE FROM facts")
