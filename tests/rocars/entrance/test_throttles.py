"""Tries from one address: counted on all nodes together, in a window that slides."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from rocars.entrance.throttles import Throttles
from rocars.store.database import Database
from rocars.store.tables.security import Tries
from tests.rocars.conftest import World

pytestmark = pytest.mark.service


async def test_two_nodes_let_in_as_many_as_one(world: World) -> None:
    service = world.running.service
    elsewhere = Database(service.settings.database_url, service.settings.database)
    nodes = [
        Throttles(database, world.clock).of("log-in", 5)
        for database in (service.database, elsewhere)
    ]
    try:
        tried = [await nodes[turn % 2].allows("203.0.113.1") for turn in range(8)]
        assert tried == [True] * 5 + [False] * 3
        assert await nodes[0].allows("203.0.113.2"), "another address"
        other = service.throttles.of("application", 5)
        assert await other.allows("203.0.113.1"), "something else is tried"
    finally:
        await elsewhere.close()


async def test_the_window_slides(world: World) -> None:
    """What was tried at the end of a minute counts at the beginning of the next."""
    world.clock.now = world.clock.now.replace(second=50)

    def fresh():  # a node's own count is in seconds of its own
        return world.running.service.throttles.of("log-in", 4)

    throttle = fresh()
    assert [await throttle.allows("here") for _ in range(4)] == [True] * 4
    world.clock.forward(seconds=15)
    assert not await fresh().allows("here")
    world.clock.forward(seconds=30)  # half of the four are a minute ago
    assert [await fresh().allows("here") for _ in range(3)] == [True, True, False]
    world.clock.forward(minutes=2)
    await world.running.service.throttles.sweep()
    async with world.running.service.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Tries)) == 0


async def test_without_the_database_each_node_counts_by_itself(small_world: World) -> None:
    class Away:
        def writing(self) -> None:
            raise OSError("the database is away")

    throttle = Throttles(Away(), small_world.clock).of("log-in", 2)  # type: ignore[arg-type]
    assert [await throttle.allows("here") for _ in range(3)] == [True, True, False]
