"""An agent's system acts for a client: with a key of the agent, the client named in each request,
only while the client consents, and both see who did it."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from sqlalchemy import select

from rocars.api.table import endpoints
from rocars.secrets.key_ring import Role
from rocars.store.tables.applications import AgentDeed
from tests.rocars.cargo.test_batch_files import GOOD, as_csv
from tests.rocars.conftest import World
from tests.rocars.systems.conftest import System, system_of

pytestmark = pytest.mark.service

RIGHTS = ["lodge", "change", "read", "bundle"]
UMBRELLAS = "umbrellas nobody else is to know of"


async def consent(world: World, client: str = "BR-1", agent: str = "BR-9") -> int:
    """Given by the client; the number of its record."""
    agencies = world.running.service.agencies
    await agencies.give("shipper1", "Wong Siu Ming", client, agent)
    return next(agency.id for agency in await agencies.of_company(0, client) if agency.in_force)


async def take_back(world: World, agency: int) -> None:
    assert await world.running.service.agencies.end("shipper1", "BR-1", agency)


async def agent_of(world: World) -> System:
    """The system of BR-9, which is nobody's agent yet."""
    await world.company("BR-9")
    return await system_of(world, "BR-9", rights=RIGHTS)


async def send_for(agent: System, client: str, message: str, *orders: dict[str, Any]) -> Any:
    body = {"client": client, "orders": list(orders)}
    return await agent.ask("PUT", f"/v1/messages/{message}", body)


async def signed(world: World, ccrn: str) -> list[tuple[str, str, str]]:
    """The history of a consignment of BR-1: deed, who did it, of which agent."""
    service = world.running.service
    found = await service.own_cargo.get(1, ccrn)
    return [(deed.deed, deed.by, deed.agent) for deed in found.history]


async def deeds(world: World, agency: int) -> list[tuple[str, str, str, str]]:
    async with world.running.service.database.reading() as session:
        rows = await session.execute(
            select(AgentDeed).where(AgentDeed.agency_id == agency).order_by(AgentDeed.id)
        )
        return [(deed.user_id, deed.deed, deed.about, deed.subject) for deed in rows.scalars()]


async def test_a_message_for_a_client_and_both_see_it(world: World) -> None:
    agent = await agent_of(world)
    agency = await consent(world)
    await send_for(agent, "BR-1", "m-1", agent.lodge(reference="PO-1"))
    ccrn = (await agent.done("m-1"))["results"][0]["ccrn"]
    record = await agent.ask("GET", f"/v1/consignments/{ccrn}")
    assert record.body["data"]["company"] == "BR-1"
    world.clock.forward(minutes=1)
    await send_for(
        agent,
        "BR-1",
        "m-2",
        *(agent.amend(ccrn, packages=7), {"do": "query", "ccrn": ccrn}),
        {"do": "withdraw", "ccrn": ccrn},
    )
    results = (await agent.done("m-2"))["results"]
    assert [order["result"] for order in results] == ["done"] * 3
    who, name = agent.key_id, "Kwun Tong Transport"
    assert await signed(world, ccrn) == [
        ("lodged", who, name),
        ("amended", who, name),
        ("withdrawn", who, name),
    ]
    assert await deeds(world, agency) == [
        (who, "sent", "msg", "m-1"),
        (who, "sent", "msg", "m-2"),
        (who, "amended", "ccrn", ccrn),
        (who, "withdrawn", "ccrn", ccrn),
    ]
    own = await agent.send("m-3", [agent.lodge(), {"do": "query", "ccrn": ccrn}])
    assert own.status == 202
    lodged, asked = (await agent.done("m-3"))["results"]
    assert asked["code"] == "unknown_ccrn", "a message without client is about the sender's own"
    record = await agent.ask("GET", f"/v1/consignments/{lodged['ccrn']}")
    assert record.body["data"]["company"] == "BR-9"


async def test_the_same_in_xml(small_world: World) -> None:
    agent = await agent_of(small_world)
    await consent(small_world)
    ccrn = await small_world.lodge()
    message = (
        '<message xmlns="urn:rocars:message:1" client="{}"><query><ccrn>{}</ccrn></query></message>'
    )
    sent = await agent.send("x-1", message.format("BR-1", ccrn).encode(), "application/xml")
    assert sent.status == 202, sent.body
    assert (await agent.done("x-1"))["results"][0]["state"] == "free"
    other = await agent.send("x-2", message.format("BR-2", ccrn).encode(), "application/xml")
    assert (other.status, other.code) == (403, "company_refused")
    wrong = await agent.send("x-3", message.format("&#10;", ccrn).encode(), "application/xml")
    assert (wrong.code, wrong.body["subject"]) == ("invalid_request", "client")


async def test_what_waits_when_the_consent_ends_is_not_done(world: World) -> None:
    agent = await agent_of(world)
    agency = await consent(world)
    ccrn = await world.lodge()
    worker = world.running.service.message_worker
    step = worker.step

    async def nothing() -> bool:
        return False

    worker.step = nothing  # type: ignore[method-assign]
    orders = [agent.lodge(reference="PO-1"), {"do": "withdraw", "ccrn": ccrn}]
    assert (await send_for(agent, "BR-1", "m-1", *orders)).status == 202
    assert (await agent.send("m-2", [agent.lodge()])).status == 202
    await take_back(world, agency)
    worker.step = step  # type: ignore[method-assign]
    worker.accepted()
    done = (await agent.done("m-1"))["results"]
    assert [(order["result"], order["code"]) for order in done] == [
        ("refused", "company_refused")
    ] * 2
    assert done[0]["reference"] == "PO-1"
    assert (await agent.done("m-2"))["results"][0]["result"] == "done", "the agent's own is"
    assert (await send_for(agent, "BR-1", "m-3", *orders)).code == "company_refused"
    again = await send_for(agent, "BR-1", "m-1", *orders)
    assert (again.status, again.body["results"]) == (202, done), "taken before, answered alike"
    record = await world.ask("GET", f"/v1/consignments/{ccrn}", role=Role.SHIPPER)
    assert record.body["state"] == "free"


async def test_bundling_for_a_named_driver(world: World) -> None:
    agent = await agent_of(world)
    agency = await consent(world)
    driver = await world.driver()
    ccrn = await world.lodge()
    key, path = {"Idempotency-Key": secrets.token_hex(8)}, "/v1/clients/BR-1/bundles"
    body = {"ccrns": [ccrn], "vehicle": "AB1234", "driver": driver}
    made = await agent.ask("POST", path, body, extra=key)
    assert (made.status, made.body["driver"], made.body["ccrns"]) == (201, driver, [ccrn])
    assert (await agent.ask("POST", path, body, extra=key)).body == made.body, "sent twice, once"
    session = await world.session(driver)
    theirs = (await world.ask("GET", "/v1/bundles", session=session)).body["bundles"]
    assert [bundle["ubr"] for bundle in theirs] == [made.body["ubr"]]
    here = f"{path}/{made.body['ubr']}"
    assert (await agent.ask("GET", here)).body["state"] == "live"
    undone = await agent.ask("POST", f"{here}/unbundle", extra=key | {"Idempotency-Key": "u" * 9})
    assert (undone.status, undone.body["state"]) == (200, "unbundled")
    ubr = made.body["ubr"]
    assert await deeds(world, agency) == [
        (agent.key_id, "bundled", "ubr", ubr),
        (agent.key_id, "unbundled", "ubr", ubr),
    ]
    stranger = await agent.ask("POST", path, body | {"driver": "29999999"}, extra=key)
    assert stranger.code == "unknown_driver"
    await world.company("BR-2")
    theirs = await world.lodge(company="BR-2")
    refused = await agent.ask(
        "POST", path, body | {"ccrns": [theirs]}, extra={"Idempotency-Key": secrets.token_hex(8)}
    )
    assert refused.code == "unknown_ccrn", "another company's cargo"


def opened_by_a_companys_key() -> set[tuple[str, str]]:
    return {(each.method, each.path) for each in endpoints(demo=False) if each.rights}


async def test_who_may_what_with_a_key(world: World) -> None:
    """Every route that the key of a company opens, tried for a company's cargo: by an agent with
    its consent, by one who only says so, by a stranger, and after the consent ended."""
    agent = await agent_of(world)
    driver = await world.driver()
    tried: set[tuple[str, str]] = set()

    async def ask_all(system: System) -> dict[str, tuple[int, str]]:
        ccrn, free = [await world.lodge(articles=UMBRELLAS) for _ in range(2)]
        content = as_csv([GOOD | {"articles": UMBRELLAS, "reference": secrets.token_hex(4)}])
        answers: dict[str, tuple[int, str]] = {}
        data = world.cargo_data(articles=UMBRELLAS)

        async def ask(method: str, path: str, there: str, body: Any = None, **more: Any) -> Any:
            headers = {"X-Api-Key": system.key, "Idempotency-Key": secrets.token_hex(8)}
            reply = await world.ask(
                method, there, body, role=None, extra=headers | more.pop("extra", {}), **more
            )
            tried.add((method, path))
            code = reply.code if reply.status >= 400 else ""
            answers[f"{method} {path}"] = (reply.status, code)
            if reply.status >= 400:
                assert UMBRELLAS not in reply.raw.decode()
            return reply

        await ask("POST", "/v1/consignments", "/v1/consignments", data)
        consignment = "/v1/consignments/{ccrn}"
        await ask("GET", consignment, f"/v1/consignments/{ccrn}")
        await ask("PUT", consignment, f"/v1/consignments/{ccrn}", data)
        bundles = "/v1/clients/{client}/bundles"
        request = {"ccrns": [ccrn], "vehicle": "AB1234", "driver": driver}
        made = await ask("POST", bundles, "/v1/clients/BR-1/bundles", request)
        ubr = made.body.get("ubr", "1" * 10)
        await ask("GET", bundles + "/{ubr}", f"/v1/clients/BR-1/bundles/{ubr}")
        there = f"/v1/clients/BR-1/bundles/{ubr}/unbundle"
        await ask("POST", bundles + "/{ubr}/unbundle", there)
        there = f"/v1/consignments/{free}/withdraw?company=BR-1"
        await ask("POST", consignment + "/withdraw", there)
        query = "company=BR-1&keep=all&again=no"
        csv = {"Content-Type": "text/csv"}
        batch = await ask("POST", "/v1/batches", f"/v1/batches?{query}", raw=content, extra=csv)
        number = batch.body.get("batch", 1)
        await ask("GET", "/v1/batches/{batch}", f"/v1/batches/{number}?company=BR-1")
        message = secrets.token_hex(4)
        orders = {"client": "BR-1", "orders": [{"do": "query", "ccrn": ccrn}]}
        sent = "/v1/messages/{message}"
        taken = await ask("PUT", sent, f"/v1/messages/{message}", orders)
        if taken.status == 202:
            assert (await system.done(message))["results"][0]["state"] in ("free", "bundled")
        await ask("GET", sent, f"/v1/messages/{message}")
        return answers

    refused = (403, "company_refused")
    nothing = {
        **{f"{method} {path}": refused for method, path in opened_by_a_companys_key()},
        "GET /v1/consignments/{ccrn}": (404, "unknown_ccrn"),
        "GET /v1/messages/{message}": (404, "unknown_message"),
    }
    assert await ask_all(agent) == nothing
    assert tried == opened_by_a_companys_key(), "the matrix has every route"
    agency = await consent(world)
    allowed = await ask_all(agent)
    assert {status for status, _ in allowed.values()} <= {200, 201, 202}, allowed
    assert {user_id for user_id, _, _, _ in await deeds(world, agency)} == {agent.key_id}
    await world.company("BR-2")
    stranger = await system_of(world, "BR-2", rights=RIGHTS)
    assert await ask_all(stranger) == nothing, "the consent is to one agent"
    reading = await system_of(world, "BR-9", rights=["read"])
    only_reads = await ask_all(reading)
    assert {call for call, (status, _) in only_reads.items() if status < 300} == {
        *("GET /v1/consignments/{ccrn}", "GET /v1/batches/{batch}"),
        *("PUT /v1/messages/{message}", "GET /v1/messages/{message}"),
    }
    await take_back(world, agency)
    assert await ask_all(agent) == nothing, "from the moment on that it is taken back"


async def test_the_log_of_a_key_says_for_what_it_was_used(small_world: World) -> None:
    agent = await agent_of(small_world)
    await consent(small_world)
    driver = await small_world.driver()
    ccrn = await small_world.lodge()
    body = {"ccrns": [ccrn], "vehicle": "AB1234", "driver": driver}
    made = await agent.ask(
        "POST", "/v1/clients/BR-1/bundles", body, extra={"Idempotency-Key": "k" * 8}
    )
    uses = await small_world.running.service.key_uses.of("BR-9", agent.key_id)
    assert [(use.operation, use.subject) for use in uses.uses] == [
        ("bundleForClient", made.body["ubr"])
    ]
