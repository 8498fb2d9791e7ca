"""What drivers do on the practice line is kept for their trainers, once and for drivers alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.rocars.conftest import Reply, World

pytestmark = pytest.mark.service


async def tell(world: World, user_id: str, *steps: str) -> Reply:
    body: dict[str, Any] = {"user_id": user_id, "steps": list(steps)}
    return await world.ask("POST", "/v1/rehearsals", body)


async def test_steps_of_several_calls_come_together(world: World) -> None:
    driver = await world.driver()
    assert (await tell(world, driver, "log_in", "bundle")).status == 200
    first = world.clock()
    world.clock.forward(minutes=5)
    await asyncio.gather(
        tell(world, driver, "log_in", "hear"), tell(world, driver, "log_in", "unbundle")
    )
    answer = await tell(world, driver, "bundle_several")
    assert answer.body == {"steps": ["log_in", "bundle", "bundle_several", "hear", "unbundle"]}
    (trainee,) = await world.running.service.rehearsals.trainees()
    assert (trainee.user_id, trainee.company) == (driver, "Kwun Tong Transport")
    progress = trainee.progress
    assert (progress.place, progress.begun_at, progress.next_step) == ("telephone", first, None)
    assert progress.done["log_in"] == first.isoformat(), "when it was done first"
    assert progress.done["unbundle"] == world.clock().isoformat()


async def test_of_anybody_else_nothing_is_kept(small_world: World) -> None:
    for user_id in ("11111111", "' or 1", ""):
        answer = await tell(small_world, user_id, "log_in")
        assert (answer.status, answer.body) == (200, {"steps": []})
    driver = await small_world.driver()
    for steps in ((), ("drive",), ("log_in",) * 6):
        assert (await tell(small_world, driver, *steps)).code == "invalid_request"
    assert await small_world.running.service.rehearsals.trainees() == []
