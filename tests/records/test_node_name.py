"""A node's name belongs to one running service, in one database whatever the folder."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.node_name import (
    Holder,
    NodeNameTaken,
    holder_on,
    leave_name,
    take_name,
)
from ivr.records.node_orders import NodeOrders
from ivr.records.node_tables import NodeState
from tests.records.conftest import PATIENT

pytestmark = pytest.mark.service

FIRST = Holder("a:1", "process 11 on ivr1, data in /var/lib/a")
SECOND = Holder("b:2", "process 22 on ivr2, data in /var/lib/b")


@pytest_asyncio.fixture
async def records(database: str) -> AsyncIterator[Database]:
    opened = Database(database, PATIENT)
    yield opened
    await opened.close()


async def take(records: Database, holder: Holder) -> None:
    await take_name(records, "n1", holder, look_every_s=0.02, longest_pulse_s=0.3)


async def pulse(records: Database, holder: Holder) -> None:
    orders = NodeOrders(records)
    while True:
        await orders.say(
            NodeState(
                node="n1",
                at=now(),
                lines=4,
                active=1,
                front_up=True,
                closed=False,
                workers=[],
                holder=holder.identity,
                whereabouts=holder.whereabouts,
            )
        )
        await asyncio.sleep(0.05)


async def test_a_name_whose_holder_lives_is_not_given_away(records: Database) -> None:
    await take(records, FIRST)
    living = asyncio.ensure_future(pulse(records, FIRST))
    try:
        with pytest.raises(NodeNameTaken, match=r"process 11 on ivr1, data in /var/lib/a"):
            await take(records, SECOND)
    finally:
        living.cancel()
    (state,) = await NodeOrders(records).nodes()
    assert state.holder == FIRST.identity


async def test_a_former_run_on_the_same_folder_is_gone_for_its_lock_is_ours(
    records: Database,
) -> None:
    await take(records, FIRST)
    again = replace(FIRST, whereabouts="process 12 on ivr1, data in /var/lib/a")
    await take_name(records, "n1", again, look_every_s=60)  # not looked at even once
    (state,) = await NodeOrders(records).nodes()
    assert state.whereabouts == again.whereabouts


async def test_a_holder_without_a_pulse_is_gone_whatever_its_clock_has_said(
    records: Database,
) -> None:
    await take(records, FIRST)
    await take(records, SECOND)
    (state,) = await NodeOrders(records).nodes()
    assert state.holder == SECOND.identity


async def test_one_that_left_is_not_waited_for(records: Database) -> None:
    await take(records, FIRST)
    await leave_name(records, "n1", SECOND)  # not theirs to leave
    (state,) = await NodeOrders(records).nodes()
    assert state.holder == FIRST.identity
    await leave_name(records, "n1", FIRST)
    await take_name(records, "n1", SECOND, look_every_s=60)


def test_a_copy_of_a_data_folder_is_another_one(tmp_path: Path) -> None:
    first, copied = tmp_path / "first", tmp_path / "copy"
    first.mkdir()
    mine = holder_on(first, 1)
    assert holder_on(first, 2).identity == mine.identity
    shutil.copytree(first, copied)
    assert holder_on(copied, 1).identity != mine.identity
