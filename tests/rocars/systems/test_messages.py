"""Messages of many orders over HTTP: taken once, worked off in order, every order told of."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from rocars.cargo.own_cargo import Wanted
from rocars.store.database import Database
from rocars.store.tables.cargo import Consignment
from rocars.store.tables.systems import BulkOrders
from rocars.systems.intake import Arrived, Intake
from rocars.systems.settings import SystemSettings
from rocars.systems.worker import MessageWorker
from tests.rocars.cargo.test_batch_files import GOOD
from tests.rocars.conftest import World
from tests.rocars.systems.conftest import system_of
from tests.support.pace import limit

pytestmark = pytest.mark.service


@pytest.fixture
def changes() -> dict[str, Any]:
    limits = SystemSettings(orders_at_once=3, max_orders=20, max_waiting=2, max_taking=4)
    return {"systems": limits}


async def held(world: World) -> int:
    async with world.running.service.database.reading() as session:
        return (await session.execute(select(func.count(Consignment.id)))).scalar_one()


async def stand_still(world: World) -> None:
    """Nothing is worked off any more; messages stay where they are."""
    world.running.service.message_worker.step = _nothing_to_do  # type: ignore[method-assign]


async def _nothing_to_do() -> bool:
    return False


async def test_orders_are_done_in_their_order(world: World) -> None:
    system = await system_of(world)
    sent = await system.send("m-1", [system.lodge(reference=f"PO-{n}") for n in range(7)])
    assert (sent.status, sent.body["orders"]) == (202, 7)
    first = await system.done("m-1")
    ccrns = [order["ccrn"] for order in first["results"]]
    assert [order["reference"] for order in first["results"]] == [f"PO-{n}" for n in range(7)]
    assert len(set(ccrns)) == await held(world) == 7
    await system.send(
        "m-2",
        [
            system.amend(ccrns[0], packages=5),
            {"do": "query", "ccrn": ccrns[0]},
            {"do": "withdraw", "ccrn": ccrns[0]},
            {"do": "query", "ccrn": ccrns[0]},
            system.amend(ccrns[0]),
            {"do": "query", "ccrn": "9" * 13},
            system.lodge(packages=0, reference="wrong"),
            system.lodge(reference="after"),
        ],
    )
    second = await system.done("m-2")
    assert [(order["result"], order["code"], order["state"]) for order in second["results"]] == [
        ("done", None, None),
        ("done", None, "free"),
        ("done", None, None),
        ("done", None, "withdrawn"),
        ("refused", "cargo_withdrawn", None),
        ("refused", "unknown_ccrn", None),
        ("wrong", None, None),
        ("done", None, None),
    ]
    assert [order["place"] for order in second["results"]] == list(range(1, 9))
    assert second["results"][6]["errors"][0]["item"] == "packages"
    record = await system.ask("GET", f"/v1/consignments/{ccrns[0]}")
    assert (record.body["state"], record.body["data"]["packages"]) == ("withdrawn", 5)
    async with world.running.service.database.reading() as session:
        assert (await session.execute(select(func.count(BulkOrders.message_id)))).scalar() == 0


async def test_the_portal_finds_the_senders_reference(small_world: World) -> None:
    system = await system_of(small_world)
    await system.send("m-1", [system.lodge(reference=f"PO-{n}") for n in range(3)])
    ccrn = (await system.done("m-1"))["results"][1]["ccrn"]
    service = small_world.running.service
    key = await service.company_keys.found(system.key)
    assert key is not None
    found, _ = await service.own_cargo.search(key.company_id, Wanted("PO-1"))
    assert [listed.ccrn for listed in found] == [ccrn]


async def test_a_query_tells_of_the_bundle(small_world: World) -> None:
    system = await system_of(small_world)
    await small_world.driver()
    ccrn = await small_world.lodge()
    await small_world.bundle(await small_world.session(), [ccrn])
    await system.send("m-1", [{"do": "query", "ccrn": ccrn}, system.amend(ccrn)])
    found, amended = (await system.done("m-1"))["results"]
    assert (found["state"], found["vehicle"]) == ("bundled", "AB1234")
    assert found["cross_from"]
    assert amended["code"] == "cargo_in_bundle"


async def test_a_message_counts_once(world: World) -> None:
    system = await system_of(world)
    orders = [system.lodge(reference=f"PO-{n}") for n in range(4)]
    replies = await asyncio.gather(*(system.send("m-1", orders) for _ in range(4)))
    assert {reply.status for reply in replies} == {202}
    before = await system.done("m-1")
    again = await system.send("m-1", orders)
    assert (again.status, again.body) == (202, before)
    assert await held(world) == 4
    other = await system.send("m-1", orders[:3])
    assert (other.status, other.code, other.body["subject"]) == (409, "message_reused", "m-1")
    await world.company("BR-2")
    theirs = await system_of(world, "BR-2")
    assert (await theirs.ask("GET", "/v1/messages/m-1")).code == "unknown_message"
    assert (await theirs.send("m-1", orders)).status == 202
    await theirs.done("m-1")
    assert await held(world) == 8


async def test_a_message_of_yesterday_is_still_the_same(small_world: World) -> None:
    system = await system_of(small_world)
    orders = [system.lodge()]
    await system.send("m-1", orders)
    before = await system.done("m-1")
    small_world.clock.forward(days=3)  # its date is past by now
    assert (await system.send("m-1", orders)).body == before


async def test_dates_are_judged_when_the_message_comes(small_world: World) -> None:
    system = await system_of(small_world)
    worker = small_world.running.service.message_worker
    step = worker.step
    await stand_still(small_world)
    await system.send("m-1", [system.lodge()])
    small_world.clock.forward(days=1)
    worker.step = step  # type: ignore[method-assign]
    assert (await system.done("m-1"))["results"][0]["result"] == "done"
    day = small_world.clock().date()
    await system.send("m-2", [system.lodge(expected_date=str(day + timedelta(days=15)))])
    (error,) = (await system.done("m-2"))["results"][0]["errors"]
    assert error["expected"] == f"a date from {day} to {day + timedelta(days=14)}"


def as_xml(orders: list[tuple[str, dict[str, str]]]) -> bytes:
    rows = "".join(
        f"<{do}>{''.join(f'<{name}>{text}</{name}>' for name, text in items.items())}</{do}>"
        for do, items in orders
    )
    return f'<message xmlns="urn:rocars:message:1">{rows}</message>'.encode()


async def test_xml_says_the_same_as_json(small_world: World) -> None:
    system = await system_of(small_world)
    due = small_world.clock().date().isoformat()
    cargo = {name: text for name, text in GOOD.items() if text} | {"expected_date": due}
    sent = await system.send("m-1", as_xml([("lodge", cargo)]), "application/xml")
    assert sent.status == 202, sent.body
    (lodged,) = (await system.done("m-1"))["results"]
    cargo.pop("reference")
    orders = [
        ("amend", {"ccrn": lodged["ccrn"], **cargo, "packages": "9"}),
        ("query", {"ccrn": lodged["ccrn"]}),
        ("withdraw", {"ccrn": "?"}),
        ("lodge", cargo | {"ccrn": "1"}),
        ("lodge", cargo | {"articles": "=1+1"}),
    ]
    await system.send("m-2", as_xml(orders), "application/xml")
    results = (await system.done("m-2"))["results"]
    assert [order["result"] for order in results] == ["done", "done", "wrong", "wrong", "wrong"]
    record = await system.ask("GET", f"/v1/consignments/{lodged['ccrn']}")
    assert record.body["data"]["packages"] == 9
    in_json = [system.lodge(articles="=1+1")]
    await system.send("m-3", in_json)
    assert (await system.done("m-3"))["results"][0]["errors"] == results[4]["errors"]


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "bad_json"),
        (b"[" * 50_000, "application/json", 400, "bad_json"),
        (b"[]", "application/json", 400, "invalid_request"),
        (b'{"orders": []}', "application/json", 400, "invalid_request"),
        (b'{"orders": [1], "x": 1}', "application/json", 400, "invalid_request"),
        (
            json.dumps({"orders": [{"do": "query", "ccrn": "1"}] * 21}).encode(),
            "application/json",
            400,
            "invalid_request",
        ),
        (b'<message xmlns="urn:rocars:message:1">', "application/xml", 400, "invalid_request"),
        (b'<message xmlns="urn:rocars:message:1"/>', "application/xml", 400, "invalid_request"),
        (
            b'<!DOCTYPE m [<!ENTITY a "a">]><message xmlns="urn:rocars:message:1"/>',
            "application/xml",
            400,
            "invalid_request",
        ),
        (as_xml([("query", {"ccrn": "1"})] * 21), "application/xml", 400, "invalid_request"),
        (b"a,b", "text/csv", 415, "media_type_refused"),
    ],
)
async def test_what_is_no_message(
    small_world: World, content: bytes, kind: str, status: int, code: str
) -> None:
    system = await system_of(small_world)
    reply = await system.send("m-1", content, kind)
    assert (reply.status, reply.code) == (status, code)
    assert (await system.ask("GET", "/v1/messages/m-1")).code == "unknown_message"


async def test_orders_that_are_none_are_told_of(small_world: World) -> None:
    system = await system_of(small_world)
    orders: list[Any] = [7, {"do": "sell"}, {"do": "query"}, {"do": "query", "ccrn": "1", "x": 2}]
    await system.send("m-1", orders)
    results = (await system.done("m-1"))["results"]
    assert [order["result"] for order in results] == ["wrong"] * 4
    assert [order["errors"][0]["item"] for order in results] == ["", "", "ccrn", "x"]


@pytest.mark.parametrize("message", ["a b", "x" * 65, "ä"])
async def test_ids_have_a_form(small_world: World, message: str) -> None:
    system = await system_of(small_world)
    assert (await system.send(message, [system.lodge()])).code == "invalid_request"


async def test_too_many_messages_wait(small_world: World) -> None:
    system = await system_of(small_world)
    await stand_still(small_world)
    for number in range(2):
        assert (await system.send(f"m-{number}", [system.lodge()])).status == 202
    refused = await system.send("m-2", [system.lodge()])
    assert (refused.status, refused.code) == (429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) > 0
    assert (await system.send("m-1", [system.lodge()])).status == 202


async def test_as_many_wait_as_may_of_those_that_come_together(world: World) -> None:
    system = await system_of(world)
    await stand_still(world)
    replies = await asyncio.gather(*(system.send(f"m-{n}", [system.lodge()]) for n in range(4)))
    assert sorted(reply.status for reply in replies) == [202, 202, 429, 429]


async def test_two_nodes_that_take_one_message_take_it_once(world: World) -> None:
    system = await system_of(world)
    await stand_still(world)
    service = world.running.service
    key = await service.company_keys.found(system.key)
    assert key is not None
    database = Database(service.settings.database_url, service.settings.database)
    settings = SystemSettings()
    nodes = [Intake(node, settings, accepted=lambda: None) for node in (service.database, database)]
    messages = [
        Arrived(key.company_id, f"m-{n}", key.id, "0" * 64, "json", service.clock(), [{"do": ""}])
        for n in range(8)
    ]
    try:
        taken = await asyncio.gather(
            *(node.take(message) for message in messages for node in nodes)
        )
    finally:
        await database.close()
    assert sum(taken) == len(messages)
    async with service.database.reading() as session:
        assert (await session.execute(select(func.count(BulkOrders.message_id)))).scalar() == 8


async def test_what_was_taken_stays_taken_whatever_its_key_may_now(small_world: World) -> None:
    system = await system_of(small_world)
    await system.send("m-1", [system.lodge()])
    before = await system.done("m-1")
    reading = await system_of(small_world, rights=["read"])
    again = await reading.send("m-1", [system.lodge()])
    assert (again.status, again.body) == (202, before)
    assert (await reading.send("m-2", [system.lodge()])).code == "right_missing"


async def test_too_many_messages_come_at_once(small_world: World) -> None:
    """They wait before the database, so that drivers do not wait behind them."""
    system = await system_of(small_world)
    taking = small_world.running.service.submissions.taking
    async with taking._turn, taking._turn:
        waiting = [asyncio.create_task(system.send("m-1", [system.lodge()])) for _ in range(4)]
        async with asyncio.timeout(limit(20)):
            while taking.inside < 4:
                await asyncio.sleep(0.01)
        refused = await system.send("m-9", [system.lodge()])
    assert (refused.status, refused.code) == (429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) > 0
    assert {reply.status for reply in await asyncio.gather(*waiting)} == {202}


async def test_companies_take_turns(small_world: World) -> None:
    """Nobody's long message holds up another company's short one."""
    await small_world.company("BR-2")
    first, other = await system_of(small_world), await system_of(small_world, "BR-2")
    worker = small_world.running.service.message_worker
    step = worker.step
    await stand_still(small_world)
    await first.send("long", [first.lodge() for _ in range(20)])
    await other.send("short", [other.lodge()])
    assert await step()
    assert await step()
    short = (await other.ask("GET", "/v1/messages/short")).body
    long = (await first.ask("GET", "/v1/messages/long")).body
    assert (short["state"], long["state"], long["worked_off"]) == ("done", "working", 3)


async def test_an_order_that_fails_unforeseen_holds_up_no_other(world: World) -> None:
    system = await system_of(world)
    consignments = world.running.service.consignments
    lodge = consignments.add

    async def fails_for_glass(session: Any, company_id: int, lots: Any, now: Any) -> Any:
        if any(lot.articles == "glass" for lot in lots):
            raise RuntimeError("nobody foresaw this")
        return await lodge(session, company_id, lots, now)

    consignments.add = fails_for_glass  # type: ignore[method-assign]
    await system.send("m-1", [system.lodge(articles=a) for a in ("a", "glass", "b", "c")])
    results = (await system.done("m-1"))["results"]
    assert [(order["result"], order["code"]) for order in results] == [
        ("done", None),
        ("refused", "internal"),
        ("done", None),
        ("done", None),
    ]
    assert await held(world) == 3


async def test_old_messages_are_forgotten_and_their_cargo_is_not(world: World) -> None:
    system = await system_of(world)
    await system.send("m-1", [system.lodge(reference="PO-1")])
    ccrn = (await system.done("m-1"))["results"][0]["ccrn"]
    world.clock.forward(days=181)
    await world.running.service.sweep()
    assert (await system.ask("GET", "/v1/messages/m-1")).code == "unknown_message"
    assert (await system.ask("GET", f"/v1/consignments/{ccrn}")).status == 200


async def test_of_a_long_message_only_what_is_next_is_read(world: World) -> None:
    """Whatever node took it in: that one had another number of orders for a turn."""
    system = await system_of(world)
    await stand_still(world)
    await system.send("m-1", [system.lodge(reference=f"PO-{n}") for n in range(8)])
    service = world.running.service
    async with service.database.writing() as session:
        rows = await session.execute(select(BulkOrders.first).order_by(BulkOrders.first))
        assert list(rows.scalars()) == [0, 3, 6]
        await session.execute(update(BulkOrders).where(BulkOrders.first == 6).values(orders=0))
    worker = service.message_worker
    limits = service.settings.systems.model_copy(update={"orders_at_once": 2})
    elsewhere = MessageWorker(
        service.database, service.clock, limits, worker._orders, finished=lambda: None
    )
    for _ in range(3):
        assert await elsewhere.step()
    status = (await system.ask("GET", "/v1/messages/m-1")).body
    assert status["worked_off"] == 6
    assert [order["reference"] for order in status["results"]] == [f"PO-{n}" for n in range(6)]
