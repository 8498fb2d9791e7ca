"""The chores of a node, each done once and seen to be done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.pool.housekeeping import Housekeeping
from ivr.pool.premises import Premises
from ivr.pool.scoreboard import Scoreboard, WorkerState
from ivr.records import migrations
from ivr.records.call_book import CallBook
from ivr.records.call_search import CallSearch, Wanted
from ivr.records.console_tables import OrderKind
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.node_orders import NodeOrders
from ivr.records.prompt_versions import PromptVersions
from ivr.records.tallies import Measure, Tallies, hong_kong_day
from ivr.settings import Settings
from ivr.studio.publication import NotPublished
from prompts import live
from prompts.library import load_library
from prompts.take import flac
from tests.records.conftest import FAST, NotingMonitor, an_offered_call
from tests.records.past_calls import past_call
from tests.records.test_prompt_versions import a_take

pytestmark = pytest.mark.service

LIBRARY = load_library()
SOUND = bytes(3200)


@dataclass
class Node:
    house: Housekeeping
    board: Scoreboard
    records: Database
    book: CallBook
    settings: Settings


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    settings = Settings.model_validate(
        {"node": {"name": "n1", "data": str(tmp_path)}, "records": {"retention_days": 30}}
    )
    await asyncio.to_thread(migrations.upgrade, settings.records_url)
    board = Scoreboard(3)
    records = Database(settings.records_url, FAST)
    book = CallBook(settings.records_url, FAST, NotingMonitor())
    book.start()
    premises = Premises(settings, LIBRARY, board, settings.rocars, {})
    yield Node(Housekeeping(premises, records), board, records, book, settings)
    await book.shut()
    await records.close()


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
    assert [node.board.rung(slot) for slot in range(3)] == [0, 1, 0]
    assert [node.board.replacements_wished(slot) for slot in range(3)] == [0, 0, 1]
    await node.house.pass_orders_on()
    assert node.board.replacements_wished(2) == 1
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
    await node.house.say_how_we_are()
    (state,) = await NodeOrders(node.records).nodes()
    assert (state.node, state.lines, state.active, state.closed) == ("n1", 4, 2, False)
    assert state.workers[0]["state"] == "ready"


async def test_old_calls_are_forgotten_and_their_counts_are_not(node: Node) -> None:
    long_ago = now() - timedelta(days=31)
    await past_call(node.book, at=long_ago)
    young = await past_call(node.book, at=now() - timedelta(days=2))
    await node.house.count_calls()
    await node.house.forget_what_is_old()
    found = await CallSearch(node.records).find(Wanted())
    assert [call.call_id for call in found] == [young]
    day = hong_kong_day(long_ago)
    counts = await Tallies(node.records).read(day, day, "", Measure.HOUR_CALLS)
    assert sum(one.count for one in counts) == 1
