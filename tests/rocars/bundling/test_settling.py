"""Requests whose answer was lost are settled for good; callers are recognised by their number."""

from __future__ import annotations

import asyncio

import pytest

from tests.rocars.conftest import PIN

pytestmark = pytest.mark.service

BUNDLES = "/v1/bundles"


async def settle(world, key, user_id="20000001"):
    return await world.ask("POST", f"/v1/requests/{key}/settle", {"user_id": user_id})


async def test_what_was_done_is_found(world):
    await world.driver()
    session = await world.session()
    done = await world.bundle(session, [await world.lodge()], key="k1")
    assert (await settle(world, "k1")).body["receipt"] == done.body
    assert (await settle(world, "k1")).body["receipt"] == done.body
    undone = await world.unbundle(session, done.body["ubr"], "k2")
    assert (await settle(world, "k2")).body["receipt"] == undone.body


async def test_what_was_not_done_by_then_never_will_be(world):
    await world.driver()
    session = await world.session()
    ccrn = await world.lodge()
    assert (await settle(world, "late")).body["receipt"] is None
    late = await world.bundle(session, [ccrn], key="late")
    assert (late.status, late.code) == (409, "key_annulled")
    assert (await settle(world, "late")).body["receipt"] is None
    assert (await world.bundle(session, [ccrn], key="fresh")).status == 201


async def test_a_refused_request_is_settled_as_not_done(world):
    await world.driver()
    session = await world.session()
    assert (await world.bundle(session, ["99999999"], key="k")).code == "unknown_ccrn"
    assert (await settle(world, "k")).body["receipt"] is None


async def test_a_key_is_the_drivers_own(world):
    await world.driver()
    await world.driver("20000002")
    await world.bundle(await world.session(), [await world.lodge()], key="k")
    assert (await settle(world, "k", "20000002")).body["receipt"] is None
    assert (await settle(world, "k", "nobody")).code == "unknown_driver"


async def test_bundling_and_settling_at_once_agree(world):
    """Whoever is first, the two answers say the same."""
    await world.driver()
    session = await world.session()
    for n in range(20):
        ccrn = await world.lodge()
        bundled, settled = await asyncio.gather(
            world.bundle(session, [ccrn], key=f"k{n}"), settle(world, f"k{n}")
        )
        if bundled.status == 201:
            assert settled.body["receipt"] == bundled.body
        else:
            assert (bundled.code, settled.body["receipt"]) == ("key_annulled", None)


async def test_a_status_by_the_keys_that_spell_the_mark(world):
    await world.driver()
    made = await world.bundle(await world.session(), [await world.lodge()])
    path = f"{BUNDLES}/{made.body['ubr']}/status?vehicle="
    assert (await world.ask("GET", path + "221234")).body == made.body
    assert (await world.ask("GET", path + "AB1234")).body == made.body
    assert (await world.ask("GET", path + "221235")).code == "unknown_bundle"


async def test_one_driver_with_a_number_is_recognised_and_two_are_not(world):
    await world.driver(phone="+85291230001")

    async def recognised(phone):
        return (await world.ask("POST", "/v1/callers/recognise", {"phone": phone})).body

    nobody = {"alias": None, "language": None}
    known = await recognised("+85291230001")
    assert known["language"] == "cmn"
    assert await recognised("+85291230002") == nobody
    await world.driver("20000002", phone="+85291230001")
    assert await recognised("+85291230001") == nobody


async def test_who_is_recognised_logs_in_without_the_user_id(world):
    await world.driver(phone="+85291230001")
    body = {"phone": "+85291230001"}
    alias = (await world.ask("POST", "/v1/callers/recognise", body)).body["alias"]
    assert alias.endswith("001")
    assert "20000001" not in alias
    code = world.tokens["20000001"].next
    logged_in = await world.key_in(alias, PIN, code())
    assert (logged_in.status, logged_in.body["user_id"]) == (200, "20000001")
    spoilt = alias.replace("gAAAA", "gAAAB")
    assert (await world.key_in(spoilt, PIN, code())).code == "login_refused"
    world.clock.forward(minutes=30)
    assert (await world.key_in(alias, PIN, code())).code == "login_refused"
    for _ in range(5):  # what is tried with the alias counts for the user ID
        await world.key_in("20000001", PIN, "000000")
    alias = (await world.ask("POST", "/v1/callers/recognise", body)).body["alias"]
    assert (await world.key_in(alias, PIN, code())).code == "login_locked"
