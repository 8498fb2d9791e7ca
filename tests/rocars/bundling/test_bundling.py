"""Bundling over real HTTP, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from rocars.clock import HONG_KONG
from rocars.secrets.key_ring import Role
from rocars.settings import AuthSettings, RuleSettings
from rocars.store.tables.bundling import Bundle, BundledCargo

pytestmark = pytest.mark.service


async def test_cargo_lodged_long_ago_crosses_at_once(world):
    await world.driver(vehicles=("AB1234", "FU88"))
    ccrn = await world.lodge()
    world.clock.forward(minutes=30)
    session = await world.session()
    reply = await world.bundle(session, [ccrn], "fu 88")
    assert reply.status == 201
    assert re.fullmatch(r"[1-9][0-9]{9}", reply.body["ubr"])
    assert reply.body["ccrns"] == [ccrn]
    assert reply.body["vehicle"] == "FU88"
    assert reply.body["state"] == "live"
    assert reply.body["crossing"]["immediately"] is True
    assert datetime.fromisoformat(reply.body["crossing"]["at"]) == world.clock()
    looked = await world.ask("GET", f"/v1/cargo/{ccrn}", session=session)
    assert looked.body == {"ccrn": ccrn, "state": "bundled"}


async def test_one_late_consignment_makes_all_wait_to_a_whole_minute(world):
    await world.driver()
    early = await world.lodge()
    world.clock.forward(minutes=29, seconds=59)
    late = await world.lodge()
    world.clock.forward(seconds=1)
    reply = await world.bundle(await world.session(), [early, late])
    assert reply.body["crossing"]["immediately"] is False
    at = datetime.fromisoformat(reply.body["crossing"]["at"])
    assert at == datetime(2010, 5, 17, 10, 1, tzinfo=HONG_KONG)  # 9:30:30 + 30 min, rounded up
    assert at.utcoffset() == timedelta(hours=8)


async def test_vehicle_last_bundled_with_is_offered_first(world):
    await world.driver(vehicles=("AB1234", "FU88"))
    first = await world.key_in("20000001", "864213", world.tokens["20000001"].next())
    assert first.body["vehicles"] == ["AB1234", "FU88"]
    assert first.body["language"] == "cmn"
    world.clock.forward(minutes=1)
    await world.bundle(first.body["session"], [await world.lodge()], "FU88")
    again = await world.key_in("20000001", "864213", world.tokens["20000001"].next())
    assert again.body["vehicles"] == ["FU88", "AB1234"]


async def test_refusals_name_their_subject_and_change_nothing(world):
    await world.driver()
    session = await world.session()
    free, other = await world.lodge(), await world.lodge()
    inbound = await world.lodge(direction="inbound")
    taken = await world.lodge()
    assert (await world.bundle(session, [taken])).status == 201

    async def refused(ccrns, vehicle="AB1234"):
        reply = await world.bundle(session, ccrns, vehicle)
        return reply.status, reply.code, reply.body["subject"]

    assert await refused([free, "9999999999999"]) == (404, "unknown_ccrn", "9999999999999")
    assert await refused([free, "12"]) == (404, "unknown_ccrn", "12")
    assert await refused([free, taken]) == (409, "already_bundled", taken)
    assert await refused([free, other, inbound]) == (409, "mixed_directions", inbound)
    assert await refused([free], "AB12345678") == (422, "bad_vehicle", "AB12345678")
    assert await refused([free], "粤Z1234港") == (422, "mainland_plate", "粤Z1234港")
    assert await refused([str(10**12 + n) for n in range(21)]) == (422, "too_many_ccrns", "20")
    assert (await world.bundle(session, [free, other, free])).body["ccrns"] == [free, other]


async def test_cargo_expires_after_the_day_that_follows(world):
    await world.driver()
    ccrn = await world.lodge()
    world.clock.now = datetime(2010, 5, 18, 23, 59, 59, tzinfo=HONG_KONG)
    session = await world.session()
    assert (await world.ask("GET", f"/v1/cargo/{ccrn}", session=session)).body["state"] == "free"
    world.clock.forward(seconds=1)
    assert (await world.ask("GET", f"/v1/cargo/{ccrn}", session=session)).body["state"] == "expired"
    assert (await world.bundle(session, [ccrn])).code == "cargo_expired"


async def test_unbundle_frees_the_cargo_once(world):
    await world.driver()
    await world.driver("20000002")
    session, stranger = await world.session(), await world.session("20000002")
    ccrn = await world.lodge()
    ubr = (await world.bundle(session, [ccrn])).body["ubr"]
    assert (await world.unbundle(stranger, ubr)).code == "unknown_bundle"
    undone = await world.unbundle(session, ubr, "undo-1")
    assert (undone.status, undone.body["state"]) == (200, "unbundled")
    assert (await world.unbundle(session, ubr, "undo-1")).raw == undone.raw
    assert (await world.unbundle(session, ubr)).code == "bundle_not_live"
    assert (await world.bundle(stranger, [ccrn])).status == 201
    listed = await world.ask("GET", "/v1/bundles", session=session)
    assert [bundle["state"] for bundle in listed.body["bundles"]] == ["unbundled"]


async def test_crossing_is_recorded_when_it_may_be(world):
    await world.driver()
    session = await world.session()
    ccrn = await world.lodge()
    ubr = (await world.bundle(session, [ccrn])).body["ubr"]

    async def cross(point):
        return await world.ask(
            "POST", f"/v1/bundles/{ubr}/crossing", {"control_point": point}, role=Role.ADMIN
        )

    assert (await cross("XYZ")).code == "unknown_control_point"
    assert (await cross("LMC")).code == "not_yet"
    world.clock.forward(minutes=31)
    assert (await cross("LMC")).body["state"] == "crossed"
    assert (await cross("LMC")).code == "bundle_not_live"
    assert (await world.unbundle(await world.session(), ubr)).code == "bundle_not_live"
    assert (await world.bundle(await world.session(), [ccrn])).code == "cargo_crossed"


async def test_status_needs_both_and_does_not_tell_which_was_wrong(world):
    await world.driver()
    ubr = (await world.bundle(await world.session(), [await world.lodge()])).body["ubr"]

    async def status(ubr, vehicle):
        return await world.ask("GET", f"/v1/bundles/{ubr}/status?vehicle={vehicle}")

    assert (await status(ubr, "ab-1234")).body["ubr"] == ubr
    wrong_vehicle = await status(ubr, "FU88")
    no_vehicle = await status(ubr, "IO1")
    wrong_ubr = await status("1234567890", "AB1234")
    assert wrong_vehicle.code == wrong_ubr.code == no_vehicle.code == "unknown_bundle"
    assert wrong_vehicle.raw == no_vehicle.raw == wrong_ubr.raw.replace(b"1234567890", ubr.encode())
    world.clock.forward(days=3)
    assert (await status(ubr, "AB1234")).body["state"] == "expired"


async def test_amending_needs_unbundling_and_restarts_the_lead(world):
    await world.driver()
    ccrn = await world.lodge()
    world.clock.forward(hours=1)
    session = await world.session()
    ubr = (await world.bundle(session, [ccrn])).body["ubr"]

    async def amend(**changes):
        path = f"/v1/consignments/{ccrn}"
        return await world.ask("PUT", path, world.cargo_data(**changes), role=Role.SHIPPER)

    assert (await amend(packages=13)).code == "cargo_in_bundle"
    await world.unbundle(session, ubr)
    assert (await amend(packages=13)).status == 200
    kept = await world.ask("GET", f"/v1/consignments/{ccrn}", role=Role.SHIPPER)
    assert kept.body["data"]["packages"] == 13
    assert (await world.bundle(session, [ccrn])).body["crossing"]["immediately"] is False


async def test_a_lapsed_bundle_lets_its_cargo_go(world):
    await world.driver()
    ccrn = await world.lodge()
    old = (await world.bundle(await world.session(), [ccrn])).body["ubr"]
    world.clock.forward(days=3)
    path = f"/v1/consignments/{ccrn}"
    amended = await world.ask("PUT", path, world.cargo_data(), role=Role.SHIPPER)
    assert amended.status == 200
    session = await world.session()
    assert (await world.bundle(session, [ccrn])).status == 201
    assert (await world.unbundle(session, old)).code == "bundle_not_live"


async def test_same_key_same_answer_other_request_refused(world):
    await world.driver()
    await world.driver("20000002")
    session, stranger = await world.session(), await world.session("20000002")
    ccrn, other = await world.lodge(), await world.lodge()
    first = await world.bundle(session, [ccrn], key="k1")
    again = await world.bundle(session, [ccrn], key="k1")
    assert (again.status, again.raw) == (first.status, first.raw)
    reused = await world.bundle(session, [other], key="k1")
    assert (reused.status, reused.code) == (422, "idempotency_key_reused")
    assert (await world.unbundle(session, first.body["ubr"], "k1")).status == 422
    assert (await world.bundle(stranger, [other], key="k1")).status == 201
    await world.unbundle(session, first.body["ubr"], "k2")
    assert (await world.bundle(session, [ccrn], key="k1")).raw == first.raw  # as it was answered
    missing = await world.ask(
        "POST", "/v1/bundles", {"ccrns": [ccrn], "vehicle": "AB1234"}, session=session
    )
    assert (missing.status, missing.code) == (400, "idempotency_key_missing")


async def test_a_refusal_is_judged_anew_under_its_key(world):
    await world.driver()
    session = await world.session()
    ccrn = await world.lodge()
    held = (await world.bundle(session, [ccrn])).body["ubr"]
    assert (await world.bundle(session, [ccrn], key="k")).code == "already_bundled"
    await world.unbundle(session, held)
    assert (await world.bundle(session, [ccrn], key="k")).status == 201


async def test_twenty_bundle_one_ccrn_and_one_wins(world):
    await world.driver()
    session = await world.session()
    ccrn, spare = await world.lodge(), await world.lodge()
    replies = await asyncio.gather(
        *(
            world.bundle(session, [ccrn, spare] if n % 2 else [spare, ccrn], key=f"race-{n}")
            for n in range(20)
        )
    )
    assert sorted(reply.status for reply in replies) == [201] + [409] * 19
    assert {reply.code for reply in replies if reply.status == 409} == {"already_bundled"}
    listed = await world.ask("GET", "/v1/bundles", session=session)
    assert len(listed.body["bundles"]) == 1


async def test_twenty_with_one_key_make_one_bundle(world):
    await world.driver()
    session = await world.session()
    ccrn = await world.lodge()
    replies = await asyncio.gather(*(world.bundle(session, [ccrn], key="k") for _ in range(20)))
    assert {reply.status for reply in replies} == {201}
    assert len({reply.raw for reply in replies}) == 1
    listed = await world.ask("GET", "/v1/bundles", session=session)
    assert len(listed.body["bundles"]) == 1


async def test_bundle_and_amendment_at_once_never_both(world):
    await world.driver()
    session = await world.session()
    for _ in range(5):
        ccrn = await world.lodge()
        world.clock.forward(minutes=1)
        bundled, amended = await asyncio.gather(
            world.bundle(session, [ccrn]),
            world.ask(
                "PUT", f"/v1/consignments/{ccrn}", world.cargo_data(packages=2), role=Role.SHIPPER
            ),
        )
        assert bundled.status == 201
        assert amended.status in (200, 409)


async def test_keyed_spelling_finds_marks_on_file(world):
    await world.driver(vehicles=("AB1234",))
    await world.driver("20000002", vehicles=("BA1234", "CC1234"))
    await world.driver("20000003", vehicles=("AC1234", "XY9", "XX9"))
    await world.driver("20000004", vehicles=("XW9", "YY9", "YX9"))

    async def match(session, keyed):
        reply = await world.ask("GET", f"/v1/vehicles/match?keyed={keyed}", session=session)
        return reply.body["marks"]

    session = await world.session("20000002")
    assert (await match(session, "221234"))[:2] == ["BA1234", "CC1234"]
    assert set(await match(session, "221234")) == {"AB1234", "AC1234", "BA1234", "CC1234"}
    assert await match(session, "999") == []  # five marks spell it: too many
    assert await match(session, "555") == []
    assert await match(session, "abc") == []


async def test_the_database_itself_admits_one_live_bundle(world):
    """Even a fault in the desk could not bundle cargo twice."""
    await world.driver()
    await world.bundle(await world.session(), [await world.lodge()])
    database = world.running.service.database
    async with database.writing() as session:
        made = (await session.execute(select(Bundle))).scalar_one()
        second = Bundle(
            ubr="9",
            driver_id=made.driver_id,
            mark=made.mark,
            bundled_at=made.bundled_at,
            immediately=True,
            cross_from=made.cross_from,
            expires_at=made.expires_at,
        )
        session.add(second)
    cargo = made.cargo[0].consignment_id

    async def add(live):
        async with database.writing() as session:
            session.add(BundledCargo(bundle_id=second.id, consignment_id=cargo, place=0, live=live))

    with pytest.raises(IntegrityError, match="consignment"):
        await add(True)
    await add(False)


class TestSwitches:
    @pytest.fixture
    def changes(self):
        return {
            "auth": AuthSettings(pin_required=False, argon2_memory_kib=64, argon2_time_cost=1),
            "rules": RuleSettings(unbundle_enabled=False, lead_minutes=0, max_ccrns=1),
        }

    async def test_no_pin_no_lead_no_unbundling(self, small_world):
        world = small_world
        await world.driver()
        reply = await world.key_in("20000001", "", world.tokens["20000001"].next())
        assert reply.status == 200
        session = reply.body["session"]
        made = await world.bundle(session, [await world.lodge()])
        assert made.body["crossing"]["immediately"] is True
        assert (await world.unbundle(session, made.body["ubr"])).code == "unbundle_disabled"
        many = await world.bundle(session, [await world.lodge(), await world.lodge()])
        assert (many.code, many.body["subject"]) == ("too_many_ccrns", "1")
