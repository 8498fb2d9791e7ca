"""Files of many consignments over HTTP: all or nothing, once only, and whose they are."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from rocars.cargo.settings import BatchSettings
from rocars.secrets.key_ring import Role
from rocars.store.tables.cargo import Consignment
from tests.rocars.cargo.test_batch_files import GOOD, as_csv, as_xml
from tests.rocars.conftest import Reply, World

pytestmark = pytest.mark.service


@pytest.fixture
def changes() -> dict[str, Any]:
    return {"batch": BatchSettings(max_bytes=100_000)}


def rows(world: World, count: int = 3, **spoilt: str) -> list[dict[str, str]]:
    """Good rows, and if something is spoilt, one more."""
    due = (world.clock().date() + timedelta(days=1)).isoformat()
    good = [GOOD | {"reference": f"PO-{n}", "expected_date": due} for n in range(count)]
    return [*good, good[0] | spoilt] if spoilt else good


async def send(
    world: World,
    content: bytes,
    *,
    company: str = "BR-1",
    keep: str = "all",
    again: str = "no",
    role: Role = Role.SHIPPER,
) -> Reply:
    query = urlencode({"company": company, "keep": keep, "again": again})
    return await world.ask("POST", f"/v1/batches?{query}", raw=content, role=role)


async def held(world: World) -> int:
    async with world.running.service.database.reading() as session:
        return (await session.execute(select(func.count(Consignment.id)))).scalar_one()


@pytest.mark.parametrize("form", [as_csv, as_xml])
async def test_a_file_is_lodged_and_every_ccrn_is_good(world: World, form) -> None:
    reply = await send(world, form(rows(world)))
    assert (reply.status, reply.body["lodged"], reply.body["errors"]) == (201, 3, [])
    for place, lot in enumerate(reply.body["consignments"]):
        assert lot["reference"] == f"PO-{place}"
        record = await world.ask("GET", f"/v1/consignments/{lot['ccrn']}", role=Role.SHIPPER)
        assert record.body["data"]["articles"] == "Umbrellas"
        assert record.body["state"] == "free"
    again = await world.ask(
        "GET", f"/v1/batches/{reply.body['batch']}?company=BR-1", role=Role.SHIPPER
    )
    assert again.body == reply.body


@pytest.mark.parametrize(("keep", "lodged"), [("all", 0), ("good", 3)])
async def test_a_file_with_an_error(small_world: World, keep: str, lodged: int) -> None:
    reply = await send(small_world, as_csv(rows(small_world, packages="none")), keep=keep)
    assert (reply.status, reply.body["rows"], reply.body["lodged"]) == (201, 4, lodged)
    (error,) = reply.body["errors"]
    assert error == {
        "line": 5,
        "column": 3,
        "item": "packages",
        "found": "none",
        "expected": "a whole number from 1 to 1000000",
    }
    assert await held(small_world) == lodged


async def test_a_file_that_breaks_off_lodges_nothing(small_world: World) -> None:
    reply = await send(small_world, as_xml(rows(small_world))[:-10], keep="good")
    assert (reply.body["rows"], reply.body["lodged"]) == (3, 0)
    assert await held(small_world) == 0


async def test_the_same_file_twice_is_noticed(small_world: World) -> None:
    content = as_csv(rows(small_world))
    first = await send(small_world, content)
    second = await send(small_world, content)
    assert (second.status, second.code) == (409, "file_repeated")
    assert second.body["subject"] == str(first.body["batch"])
    assert await held(small_world) == 3
    assert (await send(small_world, content, again="yes")).body["lodged"] == 3
    await small_world.company("BR-2")
    assert (await send(small_world, content, company="BR-2")).body["lodged"] == 3


async def test_the_same_file_sent_at_the_same_time_is_lodged_once(world: World) -> None:
    content = as_csv(rows(world))
    replies = await asyncio.gather(*(send(world, content) for _ in range(4)))
    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409]
    assert await held(world) == 3


async def test_a_file_that_was_refused_may_come_again(small_world: World) -> None:
    content = as_csv(rows(small_world, packages="none"))
    await send(small_world, content)
    assert (await send(small_world, content, keep="good")).body["lodged"] == 3


async def test_what_is_too_large_is_refused(small_world: World) -> None:
    reply = await send(small_world, b"x" * 100_001)
    assert (reply.status, reply.code) == (413, "too_large")


async def test_nobody_reads_the_batch_of_another_company(small_world: World) -> None:
    await small_world.company("BR-2")
    number = (await send(small_world, as_csv(rows(small_world)))).body["batch"]
    for path in (f"{number}?company=BR-2", "999?company=BR-1", "x?company=BR-1"):
        reply = await small_world.ask("GET", f"/v1/batches/{path}", role=Role.SHIPPER)
        assert (reply.status, reply.code) == (404, "unknown_batch")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"company": "BR-9"}, 422),
        ({"keep": "some"}, 400),
        ({"again": "perhaps"}, 400),
        ({"role": Role.IVR}, 403),
    ],
)
async def test_what_is_asked_wrongly(small_world: World, changed: Any, status: int) -> None:
    assert (await send(small_world, as_csv(rows(small_world)), **changed)).status == status
    assert await held(small_world) == 0
