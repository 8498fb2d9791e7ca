"""Boards follow: what is decided is pushed at once, and nothing is looked at for nobody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from rocars.crossing.boards import Boards
from rocars.crossing.lanes import LaneView
from rocars.crossing.settings import LANES
from rocars.server import serve
from tests.rocars.conftest import settings_for
from tests.rocars.crossing.conftest import OUT, Boundary
from tests.support.pace import limit

pytestmark = pytest.mark.service


class Looked:
    """Lanes that count how often they are looked at."""

    def __init__(self) -> None:
        self.times = 0
        self.fails = False

    async def views(self) -> dict[str, LaneView]:
        self.times += 1
        if self.fails:
            raise OSError("the database is away")
        return {lane.code: LaneView(lane, True) for lane in LANES}


@asynccontextmanager
async def running(look_s: float) -> AsyncIterator[tuple[Boards, Looked]]:
    lanes = Looked()
    boards = Boards(lanes, look_s)  # type: ignore[arg-type]
    task = asyncio.create_task(boards.run())
    yield boards, lanes
    await boards.close()
    async with asyncio.timeout(limit(5)):
        await task


async def test_nobody_is_told_what_nobody_could_see() -> None:
    async with running(0.01) as (boards, lanes):
        await asyncio.sleep(0.1)
        assert lanes.times == 0  # nobody follows
        async with aclosing(boards.follow()) as looks:
            first = await anext(looks)
            lanes.fails = True
            waiting = asyncio.ensure_future(anext(looks))
            await asyncio.sleep(0.1)
            assert lanes.times > 1
            assert not waiting.done()
            lanes.fails = False
            async with asyncio.timeout(limit(5)):
                assert (await waiting).number == first.number + 1


async def test_one_who_follows_is_looked_for_once_a_look() -> None:
    """Each look is waited for; a follower who is quick does not make looks follow each other."""
    async with running(30) as (boards, lanes), aclosing(boards.follow()) as looks:
        await anext(looks)
        waiting = asyncio.ensure_future(anext(looks))
        await asyncio.sleep(0.1)
        assert lanes.times == 1
        boards.changed()
        async with asyncio.timeout(limit(5)):
            await waiting
        assert lanes.times == 2


async def test_all_who_follow_end_with_the_service() -> None:
    async with running(30) as (boards, _):

        async def follow() -> int:
            return len([look async for look in boards.follow()])

        followers = [asyncio.create_task(follow()) for _ in range(3)]
        await asyncio.sleep(0.05)
        await boards.close()
        async with asyncio.timeout(limit(5)):
            assert max(await asyncio.gather(*followers)) <= 2


class TestOverHttp:
    @pytest.fixture
    def changes(self) -> dict[str, Any]:
        return {"crossing": {"random_share": 0, "open_displays": True, "board_look_s": 5}}

    async def test_events_of_a_lane_are_its_own_and_come_at_once(
        self, small_boundary: Boundary
    ) -> None:
        """A look comes every five seconds only, so what comes sooner was pushed."""
        world = small_boundary.world
        url = f"{world.running.base_url}/boundary/boards/{OUT}/events"
        async with world.http.get(url) as stream:
            assert stream.headers["Content-Type"].startswith("text/event-stream")
            lines = events(stream)
            assert (await anext(lines))["tone"] == "free"
            await small_boundary.read("FU88", "LMC-OUT-2")
            await small_boundary.read("FV2468")
            async with asyncio.timeout(limit(4)):
                shown = await anext(lines)
            assert (shown["tone"], shown["plate"]) == ("stop", "FV2468")
            assert [wording["lang"] for wording in shown["texts"]] == ["zh-Hant", "zh-Hans", "en"]


async def test_what_another_node_decides_is_shown_as_well(
    small_boundary: Boundary, tmp_path: Path
) -> None:
    """Two ROCARS on one database: a camera posts to this one, the board follows the other."""
    world = small_boundary.world
    settings = settings_for(tmp_path, crossing={"random_share": 0, "open_displays": True})
    other = await serve(settings, clock=world.clock)
    try:
        async with world.http.get(f"{other.base_url}/boundary/boards/{OUT}/events") as stream:
            lines = events(stream)
            assert (await anext(lines))["tone"] == "free"
            await small_boundary.read("FU88")
            async with asyncio.timeout(limit(10)):
                shown = await anext(lines)
            assert shown["plate"] == "FU88"
    finally:
        await other.close()


async def events(stream: Any) -> AsyncIterator[dict[str, Any]]:
    async for line in stream.content:
        if line.startswith(b"data: {"):
            yield json.loads(line[6:])
