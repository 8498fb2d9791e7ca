"""Registering companies, drivers and vehicles."""

from __future__ import annotations

import pytest

from rocars.secrets.key_ring import Role

pytestmark = pytest.mark.service

DRIVER = {
    "user_id": "20000009",
    "company": "BR-1",
    "name": "Chan",
    "pin": "864213",
    "phone": "+852 6123 4567".replace(" ", ""),
    "language": "en",
    "vehicles": ["ab 1234", "FU88"],
    "token": {"kind": "hotp", "seed": "ab" * 20},
}


async def add(world, **changes):
    return await world.ask("POST", "/v1/drivers", DRIVER | changes, role=Role.ADMIN)


async def test_a_driver_as_registered(small_world):
    made = await add(small_world)
    assert made.status == 201
    assert made.body == {
        "user_id": "20000009",
        "company": "BR-1",
        "name": "Chan",
        "phone": "+85261234567",
        "language": "en",
        "vehicles": ["AB1234", "FU88"],
    }
    more = await small_world.ask(
        "POST", "/v1/drivers/20000009/vehicles", {"mark": "W1"}, role=Role.ADMIN
    )
    assert set(more.body["vehicles"]) == {"AB1234", "FU88", "W1"}
    assert (await add(small_world)).code == "already_registered"


@pytest.mark.parametrize(
    ("wrong", "status", "code", "subject"),
    [
        ({"user_id": "123"}, 422, "invalid_registration", "user_id"),
        ({"user_id": "１２３４５６７８"}, 422, "invalid_registration", "user_id"),
        ({"pin": "12ab56"}, 422, "invalid_registration", "pin"),
        ({"phone": "61234567"}, 422, "invalid_registration", "phone"),
        ({"phone": "+8521"}, 422, "invalid_registration", "phone"),
        ({"company": "BR-9"}, 422, "unknown_company", "BR-9"),
        ({"vehicles": ["IO1234"]}, 422, "bad_vehicle", "IO1234"),
        ({"token": {"seed": "zz" * 20}}, 422, "invalid_registration", "token.seed"),
        ({"token": {"seed": "ab" * 19}}, 400, "invalid_request", "token.seed"),
        ({"language": "fr"}, 400, "invalid_request", "language"),
    ],
)
async def test_what_is_not_right_is_named(small_world, wrong, status, code, subject):
    reply = await add(small_world, **wrong)
    assert (reply.status, reply.code, reply.body["subject"]) == (status, code, subject)


async def test_four_signatories_and_no_fifth(small_world):
    async def company(number, count):
        data = {
            "registration_number": number,
            "name": "T",
            "responsible_person": "W",
            "signatories": [f"S{n}" for n in range(count)],
        }
        return (await small_world.ask("POST", "/v1/companies", data, role=Role.ADMIN)).status

    assert await company("BR-4", 4) == 201
    assert await company("BR-5", 5) == 400
    assert await company("BR-4", 0) == 409
