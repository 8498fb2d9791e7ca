"""The chores of a node, each done once and seen to be done."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select, update
from structlog.testing import capture_logs

from ground.database.changes import Changes
from ivr.call.hotline_calendar import CalendarUnreadable
from ivr.node import housekeeping
from ivr.node.chores import Patience
from ivr.node.housekeeping import Housekeeping
from ivr.node.scoreboard import Scoreboard, WorkerState
from ivr.node.shared import SharedState
from ivr.observe.strain import Cause, Strain, Verdict
from ivr.records.announcement_tables import AnnouncementKind, AnnouncementPlace
from ivr.records.announcements import Announcements, NewAnnouncement
from ivr.records.call_book import CallBook
from ivr.records.call_search import CallFilter, CallSearch
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.hong_kong import hong_kong_day
from ivr.records.measures import Measure
from ivr.records.node_name import Holder, NodeNameTaken, take_name
from ivr.records.node_orders import NodeOrders
from ivr.records.node_tables import OrderKind
from ivr.records.outcome import CallOutcome
from ivr.records.people import People
from ivr.records.people_tables import WebSession
from ivr.records.prompt_versions import PromptVersions
from ivr.records.retention import NOT_BEFORE_S, Retention
from ivr.records.roles import Role
from ivr.records.tallies import Tallies
from ivr.settings.service import Settings
from ivr.studio.publication import NotPublished
from prompts import live
from prompts.announcements import PublishedAnnouncements
from prompts.take import flac
from tests.records.conftest import PATIENT, NotingMonitor, an_offered_call
from tests.records.test_prompt_versions import a_take
from tests.support.migrated import new_records
from tests.support.past_calls import past_call
from tests.support.shipped import shipped_library

pytestmark = pytest.mark.service

LIBRARY = shipped_library()
SOUND = bytes(3200)


@dataclass
class Node:
    house: Housekeeping
    board: Scoreboard
    records: Database
    book: CallBook
    settings: Settings
    woken: list[bool]
    """Each time the supervisor was woken: whether the node was to be closed by then."""


async def nobody() -> datetime | None:
    """No ROCARS on another machine."""
    return None


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    settings = Settings.model_validate(
        {
            "node": {"name": "n1", "data": str(tmp_path)},
            "records": {"retention_days": 30, "purge_share": 0.5},
            "console": {"idle_minutes": 300},
        }
    )
    new_records(tmp_path / "records.sqlite3")
    board = Scoreboard(3)
    records = Database(settings.records_url, PATIENT)
    book = CallBook(settings.records_url, PATIENT, NotingMonitor())
    book.start()
    shared = SharedState(settings, LIBRARY, board, settings.rocars, {})
    runs_s = itertools.count(0.0, NOT_BEFORE_S)  # an hour from one look to the next
    retention = Retention(
        records, settings.records, rocars_clock=nobody, runs_s=lambda: next(runs_s)
    )
    changes, woken = Changes(settings.records_url), list[bool]()
    house = Housekeeping(shared, records, retention, changes, lambda: woken.append(board.closed))
    yield Node(house, board, records, book, settings, woken)
    changes.close()
    await book.shut()
    await records.close()


async def test_calls_whose_workers_are_gone_are_closed_and_no_others(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    living = await node.book.open(an_offered_call(node="n1", worker_pid=os.getpid()))
    lost = await node.book.open(an_offered_call(node="n1", worker_pid=2**22 + 1))
    elsewhere = await node.book.open(an_offered_call(node="n2", worker_pid=2**22 + 1))
    monkeypatch.setattr(housekeeping, "is_worker", lambda pid: pid == os.getpid())
    await node.house.close_lost_calls()
    outcomes = {call.call_id: call.outcome for call in await node.book.recent(10)}
    assert outcomes == {living: None, lost: CallOutcome.WORKER_DIED, elsewhere: None}


async def test_the_name_of_the_node_is_held_while_it_says_how_it_is(node: Node) -> None:
    await node.house.publish_node_state()
    other = Holder("another folder", "process 1 on ivr2, data in /var")

    async def pulse() -> None:
        while True:
            await node.house.publish_node_state()
            await asyncio.sleep(0.05)

    living = asyncio.ensure_future(pulse())
    with pytest.raises(NodeNameTaken, match=f"data in {node.settings.node.data.resolve()}"):
        await take_name(node.records, "n1", other, look_every_s=0.02, longest_pulse_s=30)
    living.cancel()


async def test_orders_reach_supervisor_and_workers_once(node: Node) -> None:
    orders = NodeOrders(node.records)
    call_id = await node.book.open(an_offered_call(node="n1", worker_slot=1))
    await orders.give("chan", "n1", OrderKind.HANG_UP, call_id)
    await orders.give("chan", "n1", OrderKind.CLOSE, "")
    await orders.give("chan", "n1", OrderKind.RECYCLE, "2")
    await orders.give("chan", "n1", OrderKind.RECYCLE, "99")  # no such worker
    await orders.give("chan", "elsewhere", OrderKind.RECYCLE, "0")
    await node.house.pass_orders_on()
    assert node.board.closed
    assert node.woken == [True, True, True], "at once, and when it can see what is wanted"
    assert [node.board.commands_signalled(slot) for slot in range(3)] == [0, 1, 0]
    assert [node.board.replacements_requested(slot) for slot in range(3)] == [0, 0, 1]
    await node.house.pass_orders_on()
    assert node.board.replacements_requested(2) == 1
    await orders.give("chan", "n1", OrderKind.OPEN, "")
    await node.house.pass_orders_on()
    assert not node.board.closed


async def test_what_is_live_is_published_and_what_is_due_goes_live(node: Node) -> None:
    versions = PromptVersions(node.records)
    take = a_take()
    draft = await versions.add("chan", type(take)(**(vars(take) | {"sound": flac(SOUND)})))
    await versions.review("lee", draft.version_id)
    await node.house.publish_prompts()
    assert live.published(node.settings.published_prompts) == []
    await versions.schedule("lee", draft.version_id, now() + timedelta(milliseconds=50))
    await asyncio.sleep(0.1)
    await node.house.publish_prompts()
    (published,) = live.published(node.settings.published_prompts)
    assert published.version == draft.version_id
    sound = node.settings.published_prompts / f"{draft.version_id}.pcm"
    assert sound.read_bytes() == SOUND
    sound.unlink()  # somebody tidied up
    await node.house.publish_prompts()
    assert sound.read_bytes() == SOUND


async def test_a_disk_that_cannot_be_written_is_said(node: Node) -> None:
    node.settings.published_prompts.write_text("a file where the directory should be")
    with pytest.raises(NotPublished):
        await node.house.publish_prompts()


async def test_how_the_node_is_can_be_read_elsewhere(node: Node) -> None:
    node.board.write(0, WorkerState.READY, capacity=4, active=2, taken=9)
    node.board.write_node(front_up=True, draining=False, lines=4)
    await node.house.publish_node_state()
    (state,) = await NodeOrders(node.records).nodes()
    assert (state.node, state.lines, state.active, state.closed) == ("n1", 4, 2, False)
    assert state.workers[0]["state"] == "ready"


async def test_sessions_are_kept_as_long_as_the_settings_say(node: Node) -> None:
    people = People(node.records, idle_min=300)
    await people.accounts.add(
        "test", "chan", "Chan Tai Man", Role.ADMINISTRATOR, "a long enough password"
    )
    visitor = await people.log_in("chan", "a long enough password", "127.0.0.1")
    assert visitor is not None
    for minutes, lasts in ((299, True), (301, False)):
        async with node.records.writing() as session:
            seen_at = now() - timedelta(minutes=minutes)
            await session.execute(update(WebSession).values(seen_at=seen_at))
        await node.house.purge_expired()
        async with node.records.reading() as session:
            assert bool((await session.scalars(select(WebSession))).all()) is lasts


async def test_old_calls_are_forgotten_and_their_counts_are_not(node: Node) -> None:
    long_ago = now() - timedelta(days=31)
    await past_call(node.book, at=long_ago)
    young = await past_call(node.book, at=now() - timedelta(days=2))
    await node.house.count_calls()
    with capture_logs() as logs:
        await node.house.purge_expired()
    assert [entry["event"] for entry in logs] == ["old records will be deleted"]
    assert len(await CallSearch(node.records).find(CallFilter())) == 2  # said, and not yet done
    await node.house.purge_expired()
    found = await CallSearch(node.records).find(CallFilter())
    assert [call.call_id for call in found] == [young]
    day = hong_kong_day(long_ago)
    counts = await Tallies(node.records).read(day, day, "", Measure.HOUR_CALLS)
    assert sum(count.count for count in counts) == 1


async def test_chores_wait_while_the_node_has_too_much_to_do(node: Node) -> None:
    """Charts first, at the first sign; and none for ever."""
    for strain, waits in (
        (Strain.CALM, False),
        (Strain.PRESSED, True),
        (Strain.OVERLOADED, True),
        (Strain.KEYPAD_ONLY, True),
    ):
        node.board.write_verdict(Verdict(strain))
        patience = Patience(node.board, Strain.PRESSED, 3600.0)
        waiting = asyncio.ensure_future(patience.until_calm("count_calls"))
        await asyncio.sleep(0.05)
        assert waiting.done() is not waits, strain
        node.board.write_verdict(Verdict(Strain.CALM))
        async with asyncio.timeout(10):
            await waiting


async def test_a_prompt_is_published_on_a_pressed_machine_and_waits_on_an_overloaded_one(
    node: Node,
) -> None:
    patience = Patience(node.board, Strain.OVERLOADED, 3600.0)
    node.board.write_verdict(Verdict(Strain.PRESSED))
    async with asyncio.timeout(10):
        await patience.until_calm("publish_prompts")
    node.board.write_verdict(Verdict(Strain.OVERLOADED))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await patience.until_calm("publish_prompts")


async def test_what_must_be_deleted_is_deleted_in_the_end(node: Node) -> None:
    node.board.write_verdict(Verdict(Strain.OVERLOADED))
    with capture_logs() as logs:
        async with asyncio.timeout(10):
            await Patience(node.board, Strain.PRESSED, 0.2).until_calm("purge_expired")
    assert [entry["event"] for entry in logs] == [
        "waits while the node has too much to do",
        "done in spite of it",
    ]


async def test_an_overload_can_be_read_elsewhere(node: Node) -> None:
    node.board.write_verdict(Verdict(Strain.OVERLOADED, Cause.LATE_FRAMES))
    await node.house.publish_node_state()
    (state,) = await NodeOrders(node.records).nodes()
    assert state.overload == "late_frames"
    node.board.write_verdict(Verdict(Strain.PRESSED))
    await node.house.publish_node_state()
    (state,) = await NodeOrders(node.records).nodes()
    assert state.overload == ""


async def test_a_full_disk_is_told_and_forgotten(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(shutil.disk_usage(node.settings.node.data))
    for free, full in ((0, True), (1000, True), (1 << 30, False)):
        monkeypatch.setattr(
            "ivr.node.housekeeping.shutil.disk_usage", lambda _, free=free: usage(1 << 31, 0, free)
        )
        await node.house.look_at_disk()
        assert node.board.disk_full is full


async def test_announcements_are_spoken_and_brought_to_the_workers(node: Node) -> None:
    records = Announcements(node.records)
    workers = PublishedAnnouncements(node.settings.published_prompts)
    await node.house.publish_announcements()
    assert workers.said_at(now()) == ()
    words = {"yue": "今日系統維護", "en": "Works today"}
    kind, place = AnnouncementKind.EMERGENCY, AnnouncementPlace.CLOSING
    until = now() + timedelta(hours=1)
    made = await records.make("lee", NewAnnouncement(kind, place, words, None, until))
    await node.house.publish_announcements()
    (current,) = workers.said_at(now())
    assert (dict(current.words), current.whole, current.closing, current.instead) == (
        words,
        True,
        True,
        False,
    )
    kept = [path.parent.name for path in node.settings.node.data.glob("synthesised/*/*.flac")]
    assert sorted(kept) == ["en", "yue"], "a caller would have to wait for the voice"
    await records.end("lee", made.announcement_id)
    await node.house.publish_announcements()
    assert workers.said_at(now()) == ()
    await node.house.close()


async def test_the_hotline_is_shut_outside_its_hours(tmp_path: Path) -> None:
    calendar = tmp_path / "hours.ics"
    data = {"node": {"data": str(tmp_path)}, "flows": {"hotline_hours": str(calendar)}}
    settings, board = Settings.model_validate(data), Scoreboard(1)
    records = Database(settings.records_url, PATIENT)
    house = Housekeeping(SharedState(settings, LIBRARY, board, settings.rocars, {}), records)
    with pytest.raises(CalendarUnreadable):
        await house.look_at_hotline_hours()
    assert board.hotline == (False, 0.0)
    opens = (now() + timedelta(days=1)).replace(microsecond=0)
    event = f"BEGIN:VEVENT\r\nUID:1\r\nDTSTART:{opens:%Y%m%dT%H%M%SZ}\r\nDURATION:PT1H\r\n"
    calendar.write_text(f"BEGIN:VCALENDAR\r\n{event}END:VEVENT\r\nEND:VCALENDAR\r\n")
    await house.look_at_hotline_hours()
    assert board.hotline == (True, opens.timestamp())
    await house.close()
    await records.close()
