"""What is written in the book of calls is what happened."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from ivr.records.call_book import CallBook
from ivr.records.calling_number import NumberKind, calling_number
from ivr.records.facts import CallClosed, CallProgress, MediaStats, Step, now
from ivr.records.outcome import CallOutcome, EndedBy
from tests.records.conftest import PATIENT, NotingMonitor, an_offered_call

pytestmark = pytest.mark.service

DONE = CallClosed(CallOutcome.COMPLETED, EndedBy.CALLER, sip_code=200)


async def test_an_offered_call_is_in_progress_on_the_disk(book: CallBook, tmp_path: Path) -> None:
    call_id = await book.open(an_offered_call())
    # Another connection sees it: a worker killed now leaves a CDR behind.
    with sqlite3.connect(tmp_path / "records.sqlite3") as other:
        assert other.execute("SELECT call_id, outcome, caller_e164 FROM calls").fetchall() == [
            (call_id, None, "+85291234567")
        ]


async def test_a_finished_cdr_holds_what_was_learnt(book: CallBook) -> None:
    hong_kong = timezone(timedelta(hours=8))
    offered_at = datetime(2026, 7, 1, 8, 0, 0, 250_000, tzinfo=hong_kong)
    call_id = await book.open(an_offered_call(offered_at=offered_at))
    book.answered(call_id, codec="PCMA/8000", at=offered_at + timedelta(seconds=1))
    book.progress(call_id, CallProgress(language="yue", driver_user_id="12345678"))
    assert await book.close(
        call_id,
        CallClosed(
            CallOutcome.COMPLETED,
            EndedBy.CALLER,
            ended_at=offered_at + timedelta(seconds=95),
            sip_code=200,
            progress=CallProgress(ubr="4021337788", login_attempts=2),
            media=MediaStats(4700, 4698, 2, 1.5),
            keys=37,
            stand_ins=1,
        ),
    )
    cdr = await book.call(call_id)
    assert cdr is not None
    assert cdr.offered_at == offered_at
    assert cdr.offered_at.tzinfo is UTC
    assert cdr.answered_at == offered_at + timedelta(seconds=1)
    assert cdr.ended_at == offered_at + timedelta(seconds=95)
    assert (cdr.codec, cdr.language, cdr.ubr) == ("PCMA/8000", "yue", "4021337788")
    assert cdr.driver == "******678"
    assert (cdr.packets_sent, cdr.packets_received, cdr.packets_lost) == (4700, 4698, 2)
    assert (cdr.jitter_ms, cdr.keys, cdr.stand_ins, cdr.login_attempts) == (1.5, 37, 1, 2)
    assert (cdr.outcome, cdr.ended_by) == (CallOutcome.COMPLETED, EndedBy.CALLER)


async def test_the_language_last_spoken_is_found_without_reading_all_calls_of_a_number(
    book: CallBook, tmp_path: Path
) -> None:
    """A company's exchange may place all its calls from one number, for years."""
    for language in ("yue", "cmn", None):
        call_id = await book.open(an_offered_call())
        if language:
            book.progress(call_id, CallProgress(language=language))
    assert await book.flush()
    statements: list[str] = []

    def note(*execution: Any) -> None:
        statements.append(execution[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert await book.language_of("+85291234567") == "cmn"
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    (asked,) = (statement for statement in statements if "SELECT" in statement)
    with sqlite3.connect(tmp_path / "records.sqlite3") as other:
        plan = other.execute(f"EXPLAIN QUERY PLAN {asked}", ("+85291234567", 1, 0)).fetchall()
    assert [row[3] for row in plan] == [
        "SEARCH calls USING COVERING INDEX ix_calls_last_language (caller_e164=?)"
    ]


@pytest.mark.parametrize(
    ("user", "kind"),
    [("anonymous", NumberKind.WITHHELD), ("pbx-7", NumberKind.UNPARSABLE), ("", NumberKind.ABSENT)],
)
async def test_a_caller_without_a_number_keeps_nothing_but_why(
    book: CallBook, tmp_path: Path, user: str, kind: NumberKind
) -> None:
    call_id = await book.open(an_offered_call(caller=calling_number(user)))
    cdr = await book.call(call_id)
    assert cdr is not None
    assert (cdr.caller_kind, cdr.caller_e164, cdr.caller_region) == (kind, None, None)


async def test_a_naive_instant_is_refused_and_costs_only_its_own_record(
    book: CallBook, monitor: NotingMonitor
) -> None:
    call_id = await book.open(an_offered_call())
    book.step(call_id, Step("said", "welcome", at=datetime(2026, 7, 1)))
    book.step(call_id, Step("said", "menu"))
    assert await book.flush()
    assert [step.name for step in await book.steps(call_id)] == ["menu"]
    assert monitor.records == ["step"]
    assert not book.degraded


async def test_steps_keep_their_order_and_their_content(book: CallBook) -> None:
    call_id = await book.open(an_offered_call())
    for number in range(250):
        book.step(call_id, Step("said", f"prompt_{number}", text="多謝", detail={"gap": number}))
    await book.close(call_id, DONE)
    steps = await book.steps(call_id)
    assert [step.sequence for step in steps] == list(range(1, 251))
    assert [step.name for step in steps] == [f"prompt_{number}" for number in range(250)]
    assert steps[7].text == "多謝"
    assert steps[7].detail == {"gap": 7}


async def test_what_a_network_sends_is_stored_without_control_characters(book: CallBook) -> None:
    hostile = "x\x00y\r\nz\ud800\x1b[2J" + "A" * 10_000
    call_id = await book.open(an_offered_call(sip_call_id=hostile, called=hostile))
    book.step(call_id, Step("answered", "ccrn", value=hostile, detail={"raw\x00": [hostile]}))
    await book.flush()
    cdr = await book.call(call_id)
    assert cdr is not None
    assert cdr.sip_call_id.startswith("x\ufffdy\ufffd\ufffdz\ufffd\ufffd[2JAAA")
    assert len(cdr.sip_call_id) == 255
    (step,) = await book.steps(call_id)
    assert step.value == cdr.sip_call_id


async def test_a_step_marked_secret_that_carries_digits_is_refused(
    book: CallBook, monitor: NotingMonitor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_id = await book.open(an_offered_call())
    secret = "739184"
    book.step(call_id, Step("answered", "pin", value=secret, secret=True))
    book.step(call_id, Step("answered", "pin", text=f"I heard {secret}", secret=True))
    book.step(call_id, Step("answered", "pin", detail={"keys": secret}, secret=True))
    book.step(call_id, Step("answered", "pin", detail={"keys": int(secret)}, secret=True))
    book.step(call_id, Step("answered", "pin", value="七三九一八四", secret=True))
    book.step(call_id, Step("answered", "pin", value="٧٣٩", secret=True))
    book.step(call_id, Step("answered", "pin", value="******", detail={"length": 6}, secret=True))
    await book.shut(5)
    assert monitor.records == ["step"] * 6
    with sqlite3.connect(tmp_path / "records.sqlite3") as other:
        assert other.execute("SELECT value FROM steps").fetchall() == [("******",)]
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes()
    assert secret not in "".join(capsys.readouterr())


async def test_a_cdr_is_finished_exactly_once_however_many_try(
    database: str, book: CallBook
) -> None:
    rivals = [CallBook(database, PATIENT, NotingMonitor()) for _ in range(3)]
    for rival in rivals:
        rival.start()
    for _ in range(10):
        call_id = await book.open(an_offered_call())
        outcomes = [CallOutcome.COMPLETED, CallOutcome.NO_RTP, CallOutcome.TOO_LONG]
        firsts, orphans = await asyncio.gather(
            asyncio.gather(
                *(
                    rival.close(call_id, CallClosed(outcome, EndedBy.SERVICE))
                    for rival, outcome in zip(rivals, outcomes, strict=True)
                )
            ),
            book.close_orphans("hk1", 4711),
        )
        winners = [o for o, first in zip(outcomes, firsts, strict=True) if first]
        winners += [CallOutcome.WORKER_DIED] * (call_id in orphans)
        assert len(winners) == 1
        cdr = await book.call(call_id)
        assert cdr is not None
        assert cdr.outcome is winners[0]
    for rival in rivals:
        await rival.shut()


async def test_progress_after_the_end_changes_nothing(book: CallBook) -> None:
    call_id = await book.open(an_offered_call())
    await book.close(call_id, DONE)
    book.progress(call_id, CallProgress(ubr="1"))
    book.step(call_id, Step("said", "goodbye"))
    await book.flush()
    cdr = await book.call(call_id)
    assert cdr is not None
    assert cdr.ubr is None
    assert await book.steps(call_id) == []


async def test_orphans_of_a_dead_worker_are_closed_and_no_others(book: CallBook) -> None:
    orphan = await book.open(an_offered_call())
    finished = await book.open(an_offered_call())
    other_worker = await book.open(an_offered_call(worker_pid=4712))
    other_node = await book.open(an_offered_call(node="hk2"))
    await book.close(finished, DONE)
    assert await book.close_orphans("hk1", 4711) == [orphan]
    assert await book.close_orphans("hk1", 4711) == []
    outcomes = {call.call_id: call.outcome for call in await book.recent(10)}
    assert outcomes == {
        orphan: CallOutcome.WORKER_DIED,
        finished: CallOutcome.COMPLETED,
        other_worker: None,
        other_node: None,
    }
    assert await book.close_orphans("hk1") == [other_worker]  # the node starts afresh
    assert not await book.close(orphan, DONE)


async def test_workers_of_a_former_run_that_still_live_finish_their_calls_themselves(
    book: CallBook,
) -> None:
    living = await book.open(an_offered_call(worker_pid=4711))
    dead = await book.open(an_offered_call(worker_pid=4712))
    await book.flush()
    assert await book.workers_with_calls("hk1") == {4711, 4712}
    assert await book.close_orphans("hk1", spare={4711}) == [dead]
    assert await book.close(living, DONE)
    cdr = await book.call(living)
    assert cdr is not None
    assert cdr.outcome is DONE.outcome


async def test_a_call_of_a_former_run_ended_when_it_last_did_something(book: CallBook) -> None:
    long_ago = now() - timedelta(hours=5)
    answered = long_ago + timedelta(seconds=2)
    silent = await book.open(an_offered_call(offered_at=long_ago))
    talking = await book.open(an_offered_call(offered_at=long_ago))
    book.progress(silent, CallProgress(answered_at=answered))
    book.step(talking, Step("said", "welcome.greeting"))
    await book.flush()
    await book.close_orphans("hk1")
    ended = {call.call_id: call.ended_at for call in await book.recent(10)}
    (step,) = await book.steps(talking)
    assert ended == {silent: answered, talking: step.at}


async def test_recent_calls_come_newest_first_and_are_found_by_call_id(book: CallBook) -> None:
    ids = [await book.open(an_offered_call(sip_call_id=f"{n}@pbx")) for n in range(5)]
    assert sorted(ids) == ids
    assert [call.call_id for call in await book.recent(3)] == ids[:1:-1]
    (found,) = await book.find_by_sip_call_id("3@pbx")
    assert found.call_id == ids[3]
    assert await book.find_by_sip_call_id("' OR 1=1 --") == []


async def test_purge_takes_old_calls_with_their_steps(book: CallBook) -> None:
    today = datetime.now(UTC)
    old_ids = []
    for days in (0, 100, 181, 400):
        call_id = await book.open(an_offered_call(offered_at=today - timedelta(days=days)))
        book.step(call_id, Step("said", "welcome"))
        await book.close(call_id, DONE)
        if days > 180:
            old_ids.append(call_id)
    await book.flush()
    assert await book.purge(today - timedelta(days=180)) == 2
    assert len(await book.recent(10)) == 2
    for call_id in old_ids:
        assert await book.steps(call_id) == []
    assert await book.purge(today - timedelta(days=180)) == 0


async def test_the_database_file_is_in_wal_mode_with_foreign_keys(
    book: CallBook, tmp_path: Path
) -> None:
    await book.open(an_offered_call())
    with sqlite3.connect(tmp_path / "records.sqlite3") as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    async with book._engine.connect() as ours:
        busy_ms = PATIENT.busy_timeout_ms
        for pragma, expected in (
            ("foreign_keys", 1),
            ("busy_timeout", busy_ms),
            ("synchronous", 2),
        ):
            assert (await ours.exec_driver_sql(f"PRAGMA {pragma}")).scalar() == expected


async def test_personal_data_is_readable_by_its_owner_only(book: CallBook, tmp_path: Path) -> None:
    await book.open(an_offered_call())
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file.name
