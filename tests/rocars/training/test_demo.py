"""The demo: always cargo to bundle, and codes that log in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rocars.secrets.key_ring import Role
from rocars.settings import DemoSettings

pytestmark = pytest.mark.service


@pytest.fixture
def changes():
    return {"demo": DemoSettings(enabled=True, free_ccrns=2)}


def free(info, immediately):
    return [
        listed["ccrn"]
        for listed in info["cargo"]
        if listed["state"] == "free" and listed["crosses_immediately"] is immediately
    ]


async def replenished(world):
    return (await world.ask("POST", "/demo/replenish", role=Role.DEMO)).body


async def test_every_demo_driver_logs_in_with_the_code_shown(world):
    info = (await world.ask("GET", "/demo", role=Role.DEMO)).body
    assert {listed["language"] for listed in info["drivers"]} == {"yue", "cmn", "en"}
    assert sorted(len(listed["vehicles"]) for listed in info["drivers"]) == [0, 1, 1, 2]
    for _ in range(2):
        for driver in (await world.ask("GET", "/demo", role=Role.DEMO)).body["drivers"]:
            reply = await world.key_in(driver["user_id"], driver["pin"], driver["code"])
            assert reply.status == 200
            assert reply.body["vehicles"] == driver["vehicles"]
            assert reply.body["language"] == driver["language"]
        left = {listed["code_valid_s"] for listed in info["drivers"]} - {None}
        assert left <= set(range(1, 31)), "one token counts its seconds down"
        assert left
        world.clock.forward(seconds=30)  # its code counts once


@pytest.mark.parametrize("role", [Role.IVR, Role.SHIPPER, Role.ADMIN])
async def test_no_key_in_use_elsewhere_shows_the_demo(small_world, role):
    for method, path in (("GET", "/demo"), ("POST", "/demo/replenish")):
        reply = await small_world.ask(method, path, role=role)
        assert (reply.status, reply.code) == (403, "api_key_refused")


async def test_cargo_of_every_kind_and_bundling_as_announced(world):
    info = (await world.ask("GET", "/demo", role=Role.DEMO)).body
    assert {listed["state"] for listed in info["cargo"]} == {"free", "bundled", "expired"}
    assert {listed["direction"] for listed in info["cargo"]} == {"inbound", "outbound"}
    driver = info["drivers"][0]
    session = (await world.key_in(driver["user_id"], driver["pin"], driver["code"])).body["session"]
    for immediately in (True, False):
        ccrn = free(info, immediately)[0]
        reply = await world.bundle(session, [ccrn], "AB1234")
        assert reply.body["crossing"]["immediately"] is immediately


async def test_replenishing_keeps_what_is_there(world):
    before = await replenished(world)
    assert await replenished(world) == before
    assert len(free(before, True)) == len(free(before, False)) == 2


async def test_used_and_expired_cargo_is_replaced(world):
    info = await replenished(world)
    driver = info["drivers"][0]
    session = (await world.key_in(driver["user_id"], driver["pin"], driver["code"])).body["session"]
    for ccrn in free(info, True) + free(info, False):
        assert (await world.bundle(session, [ccrn], "AB1234")).status == 201
    fresh = await replenished(world)
    assert len(free(fresh, True)) == len(free(fresh, False)) == 2
    world.clock.forward(days=20)
    later = await replenished(world)
    assert len(free(later, True)) == len(free(later, False)) == 2
    assert "bundled" in {listed["state"] for listed in later["cargo"]}


async def test_a_day_of_replenishing_does_not_grow_a_heap(world):
    count = len((await replenished(world))["cargo"])
    for _ in range(8):
        world.clock.now += timedelta(minutes=31)
        info = await replenished(world)
        assert len(free(info, False)) == 2
    assert len(info["cargo"]) <= count + 4
