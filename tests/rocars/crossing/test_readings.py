"""Cameras post, the gate decides, and a crossing is written down once."""

from __future__ import annotations

import asyncio
import base64

import pytest
from sqlalchemy import func, select

from rocars.crossing.overrides import Deed, NotPossible
from rocars.crossing.risk import Condition
from rocars.secrets.key_ring import Role
from rocars.store.clock_belief import ClockBelief
from rocars.store.tables.crossing import (
    BoundaryDeed,
    Passage,
    PlateReading,
    ProfileHit,
    ReadingPicture,
    UnladenDeclaration,
)
from tests.rocars.crossing.conftest import IN, OUT, Boundary

pytestmark = pytest.mark.service


async def count(boundary: Boundary, table) -> int:
    async with boundary.world.running.service.database.reading() as session:
        return (await session.execute(select(func.count()).select_from(table))).scalar_one()


async def test_a_bundled_vehicle_is_cleared_and_its_bundle_has_crossed(boundary: Boundary) -> None:
    ubr = await boundary.bundled()
    reply = await boundary.read("AB 1234")
    assert reply.status == 200
    assert reply.body["instruction"] == "proceed"
    assert reply.body["vehicle"] == "AB1234"
    assert await boundary.status(ubr) == "crossed"
    shown = await boundary.board()
    assert (shown["instruction"], shown["vehicle"]) == ("proceed", "AB1234")
    boundary.world.clock.forward(minutes=2)
    assert (await boundary.board())["instruction"] is None  # the lane is free again
    assert await boundary.instructed("AB1234") == "no_bundle"


async def test_too_early_then_in_time(small_boundary: Boundary) -> None:
    ubr = await small_boundary.bundled(wait=False)
    reply = await small_boundary.read("AB1234")
    assert reply.body["instruction"] == "too_early"
    assert reply.body["cross_from"].startswith("2010-05-17T09:31")
    assert await small_boundary.status(ubr) == "live"
    small_boundary.world.clock.forward(minutes=31)
    assert await small_boundary.instructed("AB1234") == "proceed"


async def test_wrong_direction_several_bundles_and_none(small_boundary: Boundary) -> None:
    await small_boundary.bundled()
    assert await small_boundary.instructed("AB1234", IN) == "wrong_direction"
    await small_boundary.bundled()
    assert await small_boundary.instructed("AB1234") == "several_bundles"
    assert await small_boundary.instructed("FU88", "LMC-OUT-2") == "no_bundle"


@pytest.mark.parametrize("read", ["A81234", "AB1Z34", "ABI234", "A8I234"])
async def test_a_misread_plate_finds_the_bundle_it_fits(
    small_boundary: Boundary, read: str
) -> None:
    ubr = await small_boundary.bundled()
    reply = await small_boundary.read(read)
    assert (reply.body["instruction"], reply.body["vehicle"]) == ("proceed", "AB1234")
    assert await small_boundary.status(ubr) == "crossed"


async def test_no_vehicle_drives_on_the_bundle_of_one_that_reads_alike(
    boundary: Boundary,
) -> None:
    """A mark on some driver's file is believed as read."""
    ubr = await boundary.bundled("AB1234")
    await boundary.world.driver("20000002", vehicles=("A81234",))
    reply = await boundary.read("A81234")
    assert (reply.body["instruction"], reply.body["vehicle"]) == ("no_bundle", "A81234")
    assert await boundary.status(ubr) == "live"


async def test_one_that_crossed_before_is_not_taken_for_another(small_boundary: Boundary) -> None:
    await small_boundary.bundled("A81234")
    assert await small_boundary.instructed("A81234") == "proceed"
    ubr = await small_boundary.bundled("AB1234")
    reply = await small_boundary.read("A81234")
    assert (reply.body["instruction"], reply.body["vehicle"]) == ("no_bundle", "A81234")
    assert await small_boundary.status(ubr) == "live"


async def test_a_reading_that_fits_two_vehicles_is_doubtful(small_boundary: Boundary) -> None:
    await small_boundary.bundled("AB1234")
    await small_boundary.bundled("A81Z34")
    reply = await small_boundary.read("A81234")
    assert (reply.body["instruction"], reply.body["vehicle"]) == ("doubtful", None)


async def test_an_alternative_counts_if_it_is_likely(small_boundary: Boundary) -> None:
    await small_boundary.bundled("FU88")
    unlikely = [{"plate": "FU88", "confidence": 0.2}]
    assert await small_boundary.instructed("PU88", alternatives=unlikely) == "no_bundle"
    likely = [{"plate": "FU88", "confidence": 0.7}]
    assert await small_boundary.instructed("PU88", alternatives=likely) == "proceed"


async def test_what_is_not_certain_is_for_an_officer(small_boundary: Boundary) -> None:
    ubr = await small_boundary.bundled()
    assert await small_boundary.instructed("AB1234", confidence=0.5) == "doubtful"
    assert await small_boundary.instructed("", confidence=0.99) == "doubtful"
    assert await small_boundary.instructed("粤Z1234港") == "doubtful"
    assert await small_boundary.instructed("AB1234", late_s=600) == "doubtful"
    assert await small_boundary.status(ubr) == "live"
    reply = await small_boundary.read("AB1234", late_s=-600)
    assert (reply.status, reply.body["subject"]) == (400, "taken_at")


async def test_the_same_post_twice_is_one_reading(boundary: Boundary) -> None:
    await boundary.bundled()
    first = await boundary.read("AB1234", key="reading-1")
    again = await boundary.read("AB1234", key="reading-1")
    assert again.body == first.body
    assert await count(boundary, PlateReading) == await count(boundary, Passage) == 1
    other = await boundary.read("FU88", key="reading-1")
    assert (other.status, other.code) == (422, "idempotency_key_reused")


async def test_many_posts_at_once_write_one_crossing_down(boundary: Boundary) -> None:
    ubr = await boundary.bundled()
    replies = await asyncio.gather(
        *(boundary.read("AB1234", key=f"r{number % 4}") for number in range(12)),
        *(boundary.read("AB1234", "LMC-OUT-2", key=f"s{number}") for number in range(4)),
    )
    crossed = {reply.body["passage"] for reply in replies if reply.body["instruction"] == "proceed"}
    assert len(crossed) == 1
    assert await boundary.status(ubr) == "crossed"
    assert await count(boundary, PlateReading) == 8


async def test_the_vehicle_read_again_in_its_lane_is_the_same_passage(
    small_boundary: Boundary,
) -> None:
    await small_boundary.bundled()
    first = await small_boundary.read("AB1234")
    for plate in ("AB1234", "A81234"):
        again = await small_boundary.read(plate)
        assert again.body == first.body | {"repeated": True}
    await small_boundary.bundled("A81234")  # but this is another vehicle
    other = await small_boundary.read("A81234")
    assert other.body["passage"] != first.body["passage"]
    assert other.body["instruction"] == "proceed"


async def test_unladen_by_the_button_after_the_reading_or_before(small_boundary: Boundary) -> None:
    assert await small_boundary.instructed("FU88") == "no_bundle"
    assert await small_boundary.press(key="press-0000000001") == "decided"
    assert await small_boundary.press(key="press-0000000001") == "decided"
    shown = await small_boundary.board()
    assert (shown["instruction"], shown["vehicle"]) == ("proceed_unladen", "FU88")
    assert await small_boundary.press() == "no_vehicle"  # nobody else drives through on it
    assert await small_boundary.instructed("FV2468") == "no_bundle"
    small_boundary.world.clock.forward(minutes=5)
    assert await small_boundary.press() == "waiting"
    assert await small_boundary.instructed("FU88") == "proceed_unladen"
    small_boundary.world.clock.forward(minutes=5)
    assert await small_boundary.press() == "waiting"
    small_boundary.world.clock.forward(minutes=3)
    assert await small_boundary.instructed("FU88") == "no_bundle"  # the press was too long ago


async def test_a_bundled_vehicle_that_says_unladen_waits(small_boundary: Boundary) -> None:
    ubr = await small_boundary.bundled()
    assert await small_boundary.press() == "waiting"
    assert await small_boundary.instructed("AB1234") == "bundled_but_unladen"
    assert await small_boundary.status(ubr) == "live"


async def test_a_profile_sends_to_examination_and_nobody_is_told_why(boundary: Boundary) -> None:
    profile = await boundary.profile(Condition("articles", "contains", "umbrella"))
    other = await boundary.profile(Condition("articles", "contains", "watch"))
    ubr = await boundary.bundled()
    reply = await boundary.read("AB1234")
    assert reply.body["instruction"] == "examine"
    assert await boundary.instructed("AB1234") == "examine"
    shown = await boundary.board()
    for answer in (reply.raw.decode(), str(shown)):
        assert "profile" not in answer
        assert "mbrella" not in answer
    assert await boundary.hits() == {profile: 1, other: 0}
    assert await boundary.status(ubr) == "live"
    # Another lane, and the profile withdrawn: still to be examined.
    await boundary.world.running.service.profiles.withdraw("lam", profile, "tip was wrong")
    assert await boundary.instructed("AB1234", "LMC-OUT-2") == "examine"
    assert await boundary.hits() == {profile: 1, other: 0}
    overrides = boundary.world.running.service.overrides
    await overrides.decide("wong", reply.body["passage"], Deed.LET_PASS, "nothing found")
    assert await boundary.status(ubr) == "crossed"
    assert await overrides.waiting() == []


async def test_a_profile_counts_in_its_time_and_for_its_kind(small_boundary: Boundary) -> None:
    late = await small_boundary.profile(Condition("vehicle", "is", "AB1234"), scope="unladen")
    await small_boundary.bundled()
    assert await small_boundary.instructed("AB1234") == "proceed"
    small_boundary.world.clock.forward(minutes=3)
    await small_boundary.instructed("AB1234")
    assert await small_boundary.press() == "decided"
    assert (await small_boundary.board())["instruction"] == "examine"
    small_boundary.world.clock.forward(days=2)
    assert await small_boundary.instructed("AB1234") == "no_bundle"
    assert await small_boundary.press() == "decided"
    # It was never examined, but that is two days ago.
    assert (await small_boundary.board())["instruction"] == "proceed_unladen"
    assert await small_boundary.hits() == {late: 1}


async def test_officers_decide_with_a_reason(boundary: Boundary) -> None:
    overrides = boundary.world.running.service.overrides
    ubr = await boundary.bundled(wait=False)
    reply = await boundary.read("XX??")
    assert reply.body["instruction"] == "doubtful"
    passage = reply.body["passage"]
    assert [waits.id for waits in await overrides.waiting()] == [passage]
    with pytest.raises(NotPossible, match="reason"):
        await overrides.decide("wong", passage, Deed.LET_PASS, " ")
    with pytest.raises(NotPossible, match="registration mark"):
        await overrides.decide("wong", passage, Deed.LET_PASS, "read it", mark="???")
    await overrides.decide("wong", passage, Deed.LET_PASS, "read it myself", mark="ab 1234")
    assert await boundary.status(ubr) == "crossed"
    with pytest.raises(NotPossible, match="already"):
        await overrides.decide("wong", passage, Deed.TURN_BACK, "changed my mind")
    seen = await overrides.view("wong", passage)
    assert seen is not None
    assert [(deed.who, deed.deed, deed.reason) for deed in seen.deeds] == [
        ("wong", "let_pass", "read it myself")
    ]
    assert [bundle.ubr for bundle in seen.bundles] == [ubr]
    assert await overrides.waiting() == []
    turned = (await boundary.read("FU88", "LMC-OUT-2")).body["passage"]
    await overrides.decide("wong", turned, Deed.TURN_BACK, "cargo without a bundle")
    assert (await boundary.board("LMC-OUT-2"))["instruction"] == "turn_back"


async def test_a_closed_lane_says_so_and_clears_nobody(boundary: Boundary) -> None:
    overrides = boundary.world.running.service.overrides
    ubr = await boundary.bundled()
    await overrides.set_lane("wong", OUT, is_open=False, reason="oil on the road")
    shown = await boundary.board()
    assert (shown["open"], shown["instruction"]) == (False, "lane_closed")
    assert await boundary.instructed("AB1234") == "lane_closed"
    assert await boundary.press() == "closed"
    assert await boundary.status(ubr) == "live"
    await overrides.set_lane("wong", OUT, is_open=True, reason="cleaned")
    assert await boundary.instructed("AB1234") == "proceed"
    async with boundary.world.running.service.database.reading() as session:
        deeds = (await session.execute(select(BoundaryDeed.deed, BoundaryDeed.reason))).all()
    assert ("lane_closed", "oil on the road") in deeds


async def test_a_picture_is_kept_for_a_time_and_not_longer(small_boundary: Boundary) -> None:
    picture = {"content_type": "image/png", "data": base64.b64encode(b"p" * 90_000).decode()}
    assert (await small_boundary.read("FU88", picture=picture)).status == 200
    assert await count(small_boundary, ReadingPicture) == 1
    too_large = {"content_type": "image/png", "data": base64.b64encode(b"p" * 500_001).decode()}
    reply = await small_boundary.read("FU88", picture=too_large)
    assert (reply.status, reply.code) == (413, "too_large")
    small_boundary.world.clock.forward(days=8)
    await small_boundary.world.running.service.sweep()
    assert await count(small_boundary, ReadingPicture) == 0
    assert await count(small_boundary, PlateReading) == 1


async def test_what_is_held_of_vehicles_is_deleted_in_time(boundary: Boundary) -> None:
    picture = {"content_type": "image/png", "data": base64.b64encode(b"p").decode()}
    await boundary.profile(Condition("vehicle", "begins", "FU"), scope="unladen")
    await boundary.press()
    reply = await boundary.read("FU88", picture=picture)
    assert reply.body["instruction"] == "examine"
    overrides = boundary.world.running.service.overrides
    await overrides.decide("wong", reply.body["passage"], Deed.TURN_BACK, "no papers")
    held = (Passage, PlateReading, ReadingPicture, UnladenDeclaration, ProfileHit, BoundaryDeed)
    assert all([await count(boundary, table) for table in held])
    boundary.world.clock.forward(days=366)
    await boundary.instructed("FV2468")
    await boundary.world.running.service.sweep()
    assert [await count(boundary, table) for table in held] == [1, 1, 0, 0, 0, 0]


async def test_a_clock_that_may_be_wrong_deletes_nothing_for_good(
    small_boundary: Boundary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A year ahead at the start, set while it runs, and right at last."""
    world, service = small_boundary.world, small_boundary.world.running.service
    picture = {"content_type": "image/png", "data": base64.b64encode(b"p").decode()}
    assert (await small_boundary.read("FU88", picture=picture)).status == 200
    held = (Passage, PlateReading, ReadingPicture)

    async def kept() -> list[int]:
        await service.sweep_by_itself()
        return [await count(small_boundary, table) for table in held]

    ran_s = 0.0
    world.clock.forward(days=400)
    belief = ClockBelief(service.database, world.clock, runs_s=lambda: ran_s)
    object.__setattr__(service, "belief", belief)
    assert await kept() == [1, 1, 1]
    ran_s += 3700
    world.clock.forward(seconds=3700)
    assert "the newest record is of" in await belief.doubt()
    assert await kept() == [1, 1, 1]
    world.clock.forward(days=-390)  # ten days ahead of the picture, and that has to be seen first
    assert "just been started or set" in await belief.doubt()
    assert await kept() == [1, 1, 1]
    ran_s += 3700
    world.clock.forward(seconds=3700)
    assert await belief.doubt() == ""
    assert await kept() == [1, 1, 0]


@pytest.mark.parametrize("role", [None, Role.IVR, Role.SHIPPER, Role.ADMIN, Role.DISPLAY])
async def test_only_a_camera_may_read(small_boundary: Boundary, role: Role | None) -> None:
    reply = await small_boundary.world.ask(
        "POST", "/v1/readings", {}, role=role, key="k", described=False
    )
    refused = (403, "api_key_refused") if role else (401, "api_key_unknown")
    assert (reply.status, reply.code) == refused


async def test_an_unknown_lane_is_refused(small_boundary: Boundary) -> None:
    reply = await small_boundary.read("AB1234", "LMC-OUT-9")
    assert (reply.status, reply.code) == (404, "unknown_lane")


class TestAtRandom:
    @pytest.fixture
    def changes(self):
        return {"crossing": {"random_share": 1}}

    async def test_a_random_share_is_examined(self, small_boundary: Boundary) -> None:
        ubr = await small_boundary.bundled()
        assert await small_boundary.instructed("AB1234") == "examine"
        assert await small_boundary.status(ubr) == "live"
        await small_boundary.instructed("FU88", IN)
        await small_boundary.press(IN)
        assert (await small_boundary.board(IN))["instruction"] == "examine"
