"""Lodging cargo data: the eight items, the dates, and who may see what."""

from __future__ import annotations

import pytest

from rocars.cargo.settings import CcrnSettings
from rocars.secrets.key_ring import Role

pytestmark = pytest.mark.service

MANDATORY = (
    "packages",
    "package_description",
    "articles",
    "consignor_name",
    "consignor_address",
    "consignee_name",
    "consignee_address",
    "expected_date",
)


@pytest.fixture
def changes():
    return {"ccrn": CcrnSettings(check_digit="luhn")}


async def lodge(world, **changes):
    data = world.cargo_data(**changes)
    data = {name: value for name, value in data.items() if value is not ...}
    return await world.ask("POST", "/v1/consignments", data, role=Role.SHIPPER)


@pytest.mark.parametrize("item", [*MANDATORY, "direction", "company"])
async def test_each_mandatory_item_is_needed(small_world, item):
    reply = await lodge(small_world, **{item: ...})
    assert (reply.status, reply.code, reply.body["subject"]) == (400, "invalid_request", item)


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("packages", 0),
        ("packages", "12"),
        ("packages", True),
        ("articles", "   "),
        ("articles", "x" * 501),
        ("consignor_name", "A\x00B"),
        ("direction", "sideways"),
        ("expected_date", "17/05/2010"),
        ("container_numbers", ["AB CD"]),
        ("transhipment", "yes"),
        ("colour", "red"),
    ],
)
async def test_malformed_items_are_named(small_world, item, value):
    reply = await lodge(small_world, **{item: value})
    assert (reply.status, reply.code) == (400, "invalid_request")
    assert reply.body["subject"].startswith(item)


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2010-05-16", "date_past"),
        ("2010-05-17", None),
        ("2010-05-31", None),
        ("2010-06-01", "too_early_to_lodge"),
    ],
)
async def test_at_most_fourteen_calendar_days_ahead(small_world, day, code):
    reply = await lodge(small_world, expected_date=day)
    assert reply.body.get("code") == code
    assert reply.status == (422 if code else 201)


async def test_all_items_are_kept_and_only_shippers_see_them(small_world):
    world = small_world
    given = world.cargo_data(
        container_numbers=["MSKU1234565"], licence_numbers=["IL/123-4"], transhipment=True
    )
    ccrn = (await world.ask("POST", "/v1/consignments", given, role=Role.SHIPPER)).body["ccrn"]
    assert len(ccrn) == 13
    path = f"/v1/consignments/{ccrn}"
    assert (await world.ask("GET", path, role=Role.SHIPPER)).body["data"] == given
    assert (await world.ask("GET", path, role=Role.IVR)).code == "api_key_refused"
    await world.driver()
    enquiry = await world.ask("GET", f"/v1/cargo/{ccrn}", session=await world.session())
    assert enquiry.body == {"ccrn": ccrn, "state": "free"}


async def test_a_wrong_check_digit_is_an_unknown_ccrn(small_world):
    world = small_world
    ccrn = await world.lodge()
    wrong = ccrn[:-1] + str((int(ccrn[-1]) + 1) % 10)
    reply = await world.ask("GET", f"/v1/consignments/{wrong}", role=Role.SHIPPER)
    assert reply.code == "unknown_ccrn"


async def test_another_company_neither_lodges_unregistered_nor_amends(small_world):
    world = small_world
    assert (await lodge(world, company="BR-2")).code == "unknown_company"
    ccrn = await world.lodge()
    await world.company("BR-2")
    data = world.cargo_data(company="BR-2")
    reply = await world.ask("PUT", f"/v1/consignments/{ccrn}", data, role=Role.SHIPPER)
    assert reply.code == "unknown_ccrn"
