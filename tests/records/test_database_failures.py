"""A database that is locked, full, read-only or gone costs no call and silently loses nothing."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import multiprocessing.connection
import os
import resource
import signal
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from structlog.testing import LogCapture

from ground.database.urls import sqlite_url
from ivr.records.call_book import CallBook
from ivr.records.database import RecordsUnavailable
from ivr.records.facts import BundleSent, CallClosed, CallProgress, Step
from ivr.records.migrations import upgrade
from ivr.records.models import Call
from ivr.records.outcome import CallOutcome, EndedBy
from tests.records.conftest import FAST, PATIENT, NotingMonitor, an_offered_call
from tests.support.pace import limit

pytestmark = pytest.mark.service

DONE = CallClosed(CallOutcome.COMPLETED, EndedBy.CALLER, sip_code=200)


@pytest.fixture
def lines() -> Iterator[list[dict[str, object]]]:
    """The log lines of the test, as dicts."""
    capture = LogCapture()
    before = structlog.get_config()["processors"]
    structlog.configure(processors=[capture], cache_logger_on_first_use=False)
    yield capture.entries  # type: ignore[misc]
    structlog.configure(processors=before)


async def a_whole_call(book: CallBook) -> str:
    call_id = await book.open(an_offered_call())
    book.answered(call_id, codec="PCMU/8000")
    book.step(call_id, Step("said", "welcome", text="早晨"))
    await book.close(call_id, DONE)
    return call_id


def lost_records(lines: list[dict[str, object]], call_id: str) -> list[object]:
    return [
        line["record"]
        for line in lines
        if line["event"] == "record_not_written" and line["call_id"] == call_id
    ]


@pytest.fixture
async def book(database: str, monitor: NotingMonitor) -> AsyncIterator[CallBook]:
    """One that does not wait long for a database that is away."""
    book = CallBook(database, FAST, monitor)
    book.start()
    yield book
    await book.shut(5)


@pytest.fixture
def lock(database: str, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    other = sqlite3.connect(tmp_path / "records.sqlite3", isolation_level=None)
    yield other
    other.close()


async def test_a_short_lock_is_waited_out_and_loses_nothing(
    book: CallBook, monitor: NotingMonitor, lock: sqlite3.Connection
) -> None:
    lock.execute("BEGIN IMMEDIATE")
    call_id = await book.open(an_offered_call())
    book.step(call_id, Step("said", "welcome"))
    await asyncio.sleep(0.1)  # with the wait above longer than the busy time-out
    lock.execute("ROLLBACK")
    assert await book.close(call_id, DONE)
    assert [step.name for step in await book.steps(call_id)] == ["welcome"]
    assert monitor.records == []
    assert monitor.states == [False]


async def test_a_long_lock_goes_to_the_log_and_the_cdr_is_caught_up(
    book: CallBook,
    monitor: NotingMonitor,
    lock: sqlite3.Connection,
    lines: list[dict[str, object]],
) -> None:
    lock.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    call_id = await book.open(an_offered_call())
    assert time.monotonic() - began < limit(FAST.open_patience_s + 3)
    book.step(call_id, Step("said", "welcome"))
    assert await book.flush(10)
    assert book.degraded
    assert lost_records(lines, call_id) == ["call_opened", "step"]
    lock.execute("ROLLBACK")
    book.step(call_id, Step("said", "menu"))
    assert await book.close(call_id, DONE)
    cdr = await book.call(call_id)
    assert cdr is not None
    assert (cdr.caller_e164, cdr.outcome) == ("+85291234567", CallOutcome.COMPLETED)
    assert [step.name for step in await book.steps(call_id)] == ["menu"]
    assert not book.degraded
    assert monitor.states == [False, True, False]
    assert monitor.records == ["call_opened", "step"]


async def test_what_is_logged_instead_is_whole_but_masked(
    book: CallBook, lock: sqlite3.Connection, lines: list[dict[str, object]]
) -> None:
    lock.execute("BEGIN IMMEDIATE")
    call_id = await book.open(an_offered_call())
    book.progress(call_id, CallProgress(driver_user_id="87654321", ubr="4021337788"))
    await book.close(call_id, DONE)
    with pytest.raises(RecordsUnavailable):
        await book.bundle_request_sent(
            BundleSent("key-1", call_id, "87654321", ("1234567890123",), "AB1234", "hk1", 1)
        )
    await book.flush(10)
    logged = {str(line["record"]): line["content"] for line in lines if "record" in line}
    text = json.dumps(logged)
    assert set(logged) == {
        "call_opened",
        "call_progress",
        "call_closed",
        "bundle_sent",
        "bundle_finished",
    }
    assert "a84b4c76e66710@pbx.example" in text
    assert "4021337788" in text
    assert "completed" in text
    for personal in ("87654321", "91234567", "AB1234"):
        assert personal not in text
    lock.execute("ROLLBACK")


async def test_nothing_waits_for_the_database_between_the_steps(
    book: CallBook, lock: sqlite3.Connection
) -> None:
    call_id = await book.open(an_offered_call())
    lock.execute("BEGIN IMMEDIATE")
    slowest = 0.0
    for number in range(500):
        began = time.perf_counter()
        book.step(call_id, Step("said", str(number)))
        slowest = max(slowest, time.perf_counter() - began)
        await asyncio.sleep(0)
    lock.execute("ROLLBACK")
    assert slowest < 0.15  # the database alone would take its busy time-out of 0.2 s


async def test_a_full_queue_is_bounded_and_leaves_room_for_the_cdr(
    database: str, monitor: NotingMonitor, lock: sqlite3.Connection, lines: list[dict[str, object]]
) -> None:
    book = CallBook(database, FAST.model_copy(update={"queue_limit": 100, "retry_s": 3.0}), monitor)
    book.start()
    call_id = await book.open(an_offered_call())
    lock.execute("BEGIN IMMEDIATE")
    for number in range(1000):
        book.step(call_id, Step("said", str(number)))
    closing = asyncio.create_task(book.close(call_id, DONE))
    await asyncio.sleep(0.1)
    lock.execute("ROLLBACK")
    assert await closing
    written = await book.steps(call_id)
    assert len(written) == 100
    assert monitor.records == ["step"] * 900
    assert {line["why"] for line in lines if "why" in line} == {"queue is full"}
    await book.shut()


async def test_a_database_that_is_gone_costs_no_call(
    tmp_path: Path, monitor: NotingMonitor, lines: list[dict[str, object]]
) -> None:
    book = CallBook(sqlite_url(tmp_path / "no" / "such" / "records.sqlite3"), FAST, monitor)
    book.start()
    call_id = await a_whole_call(book)
    assert lost_records(lines, call_id) == ["call_opened", "call_progress", "step", "call_closed"]
    for reading in (book.recent(), book.steps(call_id), book.close_orphans("hk1")):
        with pytest.raises(RecordsUnavailable):
            await reading
    await book.shut()


async def test_tables_that_are_not_there_are_said_loudly(
    tmp_path: Path, monitor: NotingMonitor, lines: list[dict[str, object]]
) -> None:
    book = CallBook(sqlite_url(tmp_path / "empty.sqlite3"), FAST, monitor)
    book.start()
    await a_whole_call(book)
    await book.shut()
    assert any("no such table" in str(line.get("why")) for line in lines)
    assert len(monitor.records) == 4


async def test_closing_the_writer_loses_nothing_unsaid(
    book: CallBook, monitor: NotingMonitor, lock: sqlite3.Connection, lines: list[dict[str, object]]
) -> None:
    call_id = await book.open(an_offered_call())
    lock.execute("BEGIN IMMEDIATE")
    for number in range(40):
        book.step(call_id, Step("said", str(number)))
    await book.shut(0.05)
    assert lost_records(lines, call_id) == ["step"] * 40
    book.step(call_id, Step("said", "late"))
    assert monitor.records == ["step"] * 41


@pytest.fixture
async def small_disk(tmp_path: Path) -> AsyncIterator[Path]:
    """A file system of one megabyte: the tables alone need half of it."""
    directory = tmp_path / "disk"
    directory.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(directory)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no right to mount a small disk: {mounted.stderr.decode().strip()}")
    yield directory
    subprocess.run(["umount", "--lazy", str(directory)], check=True)


async def test_a_full_disk_and_a_freed_one(
    small_disk: Path, monitor: NotingMonitor, lines: list[dict[str, object]]
) -> None:
    url = sqlite_url(small_disk / "records.sqlite3")
    await asyncio.to_thread(upgrade, url)
    book = CallBook(url, FAST, monitor)
    book.start()
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space"):
        ballast.write_bytes(b"\0" * 2 * 1024 * 1024)
    call_id = await book.open(an_offered_call())
    book.step(call_id, Step("said", "welcome", text="x" * 4000))
    assert await book.flush(10)
    assert lost_records(lines, call_id) == ["call_opened", "step"]
    assert any("disk" in str(line.get("why")) for line in lines)
    ballast.unlink()
    book.step(call_id, Step("said", "menu"))
    assert await book.close(call_id, DONE)
    cdr = await book.call(call_id)
    assert cdr is not None
    assert cdr.outcome is CallOutcome.COMPLETED
    assert monitor.states == [False, True, False]
    await book.shut()


async def test_a_disk_that_turns_read_only(
    small_disk: Path, monitor: NotingMonitor, lines: list[dict[str, object]]
) -> None:
    url = sqlite_url(small_disk / "records.sqlite3")
    await asyncio.to_thread(upgrade, url)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    book = CallBook(url, FAST, monitor)
    book.start()
    call_id = await a_whole_call(book)
    await book.shut()
    assert lost_records(lines, call_id) == ["call_opened", "call_progress", "step", "call_closed"]


def _write_past_the_limit(url: str, results: multiprocessing.Queue[list[str]]) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (160 * 1024, 160 * 1024))
    monitor = NotingMonitor()

    async def calls() -> None:
        book = CallBook(url, FAST, monitor)
        book.start()
        for _ in range(30):
            call_id = await book.open(an_offered_call())
            book.step(call_id, Step("said", "welcome", text="x" * 4000))
            await book.close(call_id, DONE)
        await book.shut()

    asyncio.run(calls())
    results.put(monitor.records)


def test_a_file_at_its_size_limit_keeps_what_it_has_whole(database: str, tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    results: multiprocessing.Queue[list[str]] = fork.Queue()
    process = fork.Process(target=_write_past_the_limit, args=(database, results))
    process.start()
    lost = results.get(timeout=limit(30))
    process.join(10)
    assert process.exitcode == 0
    with sqlite3.connect(tmp_path / "records.sqlite3") as other:
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (written,) = other.execute("SELECT count(*) FROM steps").fetchone()
    assert lost
    assert written + lost.count("step") == 30


def _a_worker(url: str, calls: int, results: multiprocessing.Queue[list[str]]) -> None:
    monitor = NotingMonitor()

    async def work() -> None:
        settings = FAST.model_copy(update={"busy_timeout_ms": 5000})
        book = CallBook(url, settings, monitor)
        book.start()
        for _ in range(calls):
            call_id = await book.open(an_offered_call(worker_pid=os.getpid()))
            for number in range(20):
                book.step(call_id, Step("said", str(number)))
            await book.close(call_id, DONE)
        await book.shut()

    asyncio.run(work())
    results.put(monitor.records)


def test_two_processes_write_at_once_and_lose_nothing(database: str, tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    results: multiprocessing.Queue[list[str]] = fork.Queue()
    workers = [fork.Process(target=_a_worker, args=(database, 50, results)) for _ in range(2)]
    for worker in workers:
        worker.start()
    assert [results.get(timeout=limit(30)) for _ in workers] == [[], []]
    for worker in workers:
        worker.join(10)
    with sqlite3.connect(tmp_path / "records.sqlite3") as other:
        assert other.execute(
            "SELECT count(*), count(DISTINCT call_id), count(outcome) FROM calls"
        ).fetchone() == (100, 100, 100)
        assert other.execute("SELECT count(*) FROM steps").fetchone() == (2000,)


def _hang_in_a_call(url: str, opened: multiprocessing.connection.Connection) -> None:
    async def work() -> None:
        book = CallBook(url, PATIENT, NotingMonitor())
        book.start()
        opened.send(await book.open(an_offered_call(worker_pid=os.getpid())))
        await asyncio.sleep(60)

    asyncio.run(work())


def test_a_worker_killed_in_a_call_leaves_its_cdr_to_the_supervisor(database: str) -> None:
    fork = multiprocessing.get_context("fork")
    opened, opening = fork.Pipe(duplex=False)
    worker = fork.Process(target=_hang_in_a_call, args=(database, opening))
    worker.start()
    assert opened.poll(limit(30))
    call_id = opened.recv()
    worker.kill()
    worker.join(10)

    async def supervise() -> Call | None:
        book = CallBook(database, FAST, NotingMonitor())
        assert await book.close_orphans("hk1", worker.pid) == [call_id]
        cdr = await book.call(call_id)
        await book.shut()
        return cdr

    cdr = asyncio.run(supervise())
    assert cdr is not None
    assert cdr.outcome is CallOutcome.WORKER_DIED
    assert cdr.ended_at is not None
    assert timedelta(0) < cdr.ended_at - cdr.offered_at < timedelta(seconds=30)
