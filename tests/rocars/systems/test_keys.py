"""Keys of companies: what each opens, how one follows another, and what is written down."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.secrets.key_ring import Role
from rocars.store.database import Database
from rocars.systems.keys import CompanyKeys
from rocars.systems.settings import SystemSettings
from tests.rocars.conftest import World
from tests.rocars.systems.conftest import issue, system_of

pytestmark = pytest.mark.service


@pytest.fixture
def changes() -> dict[str, Any]:
    return {"systems": SystemSettings(requests_per_minute=40, refused_per_minute=3)}


async def test_a_key_opens_what_its_rights_say(small_world: World) -> None:
    system = await system_of(small_world, rights=["read"])
    lodged = await system.ask("POST", "/v1/consignments", small_world.cargo_data())
    assert (lodged.status, lodged.code) == (403, "right_missing")
    ccrn = await small_world.lodge()
    read = await system.ask("GET", f"/v1/consignments/{ccrn}")
    assert (read.status, read.body["ccrn"]) == (200, ccrn)
    session = await system.ask("GET", f"/v1/cargo/{ccrn}")
    assert (session.status, session.code) == (403, "api_key_refused")
    sent = await system.send("m-1", [system.lodge()])
    assert (sent.status, sent.code, sent.body["subject"]) == (403, "right_missing", "order 1")


async def test_a_key_sees_and_touches_its_own_company_alone(small_world: World) -> None:
    await small_world.company("BR-2")
    other = await system_of(small_world, "BR-2")
    ccrn = await small_world.lodge()
    read = await other.ask("GET", f"/v1/consignments/{ccrn}")
    assert (read.status, read.code) == (404, "unknown_ccrn")
    data = small_world.cargo_data()
    for method, path, body in (
        ("POST", "/v1/consignments", data),
        ("PUT", f"/v1/consignments/{ccrn}", data),
        ("POST", f"/v1/consignments/{ccrn}/withdraw?company=BR-1", None),
        ("GET", "/v1/batches/1?company=BR-1", None),
    ):
        reply = await other.ask(method, path, body)
        assert (reply.status, reply.code) == (403, "company_refused")
    batch = await small_world.ask(
        "POST",
        "/v1/batches?company=BR-1&keep=all&again=no",
        raw=b"",
        role=None,
        extra={"X-Api-Key": other.key},
    )
    assert batch.code == "company_refused"
    await other.send("m-1", [other.amend(ccrn), {"do": "query", "ccrn": ccrn}])
    results = (await other.done("m-1"))["results"]
    assert [order["code"] for order in results] == ["unknown_ccrn", "unknown_ccrn"]


async def test_a_key_that_is_replaced_counts_for_a_while(world: World) -> None:
    old = await system_of(world)
    new = await system_of(world, replaces=old.key_id, overlap_hours=2)
    for system in (old, new):
        assert (await system.ask("GET", "/v1/messages/none")).code == "unknown_message"
    world.clock.forward(hours=2)
    late = await old.ask("GET", "/v1/messages/none")
    assert (late.status, late.code) == (401, "api_key_unknown")
    assert (await new.ask("GET", "/v1/messages/none")).status == 404


async def test_a_key_that_is_revoked_opens_nothing_more(small_world: World) -> None:
    system = await system_of(small_world)
    path = f"/v1/companies/BR-1/keys/{system.key_id}/revoke"
    revoked = await small_world.ask("POST", path, role=Role.ADMIN)
    assert revoked.body["revoked_at"]
    reply = await system.ask("GET", "/v1/messages/none")
    assert (reply.status, reply.code) == (401, "api_key_unknown")
    assert reply.headers["WWW-Authenticate"] == 'ApiKey realm="rocars"'
    await small_world.company("BR-2")
    elsewhere = await small_world.ask("POST", path.replace("BR-1", "BR-2"), role=Role.ADMIN)
    assert (elsewhere.status, elsewhere.code) == (404, "unknown_key")


@dataclass
class Watch:
    """Seconds, as they are set."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class CountingDatabase:
    """The same database, which counts how often it is read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.read = 0

    def reading(self) -> AbstractAsyncContextManager[AsyncSession]:
        self.read += 1
        return self._database.reading()


async def test_on_another_node_a_revoked_key_ends_within_a_second(world: World) -> None:
    system = await system_of(world)
    service, watch = world.running.service, Watch()
    elsewhere = CompanyKeys(service.database, service.clock, 1.0, monotonic=watch)
    assert await elsewhere.found(system.key) is not None
    await service.company_keys.revoke("BR-1", system.key_id)
    watch.now = 0.99
    assert await elsewhere.found(system.key) is not None
    other = system.key[:-1] + ("A" if system.key[-1] != "A" else "B")
    assert await elsewhere.found(other) is None  # the secret is still compared
    watch.now = 1.0
    assert await elsewhere.found(system.key) is None


async def test_however_many_come_with_a_key_it_is_looked_up_once(small_world: World) -> None:
    system = await system_of(small_world)
    service, watch = small_world.running.service, Watch()
    counting: Any = CountingDatabase(service.database)
    keys = CompanyKeys(counting, service.clock, 1.0, monotonic=watch)
    found = await asyncio.gather(*(keys.found(system.key) for _ in range(30)))
    assert {key.id for key in found if key is not None} == {system.key_id}
    assert (None in found, counting.read) == (False, 1)
    watch.now = 1.0
    await keys.found(system.key)
    assert counting.read == 2


async def test_a_key_ends_on_its_day(small_world: World) -> None:
    system = await system_of(small_world, valid_days=1)
    assert (await system.ask("GET", "/v1/messages/none")).status == 404
    small_world.clock.forward(days=1)
    assert (await system.ask("GET", "/v1/messages/none")).status == 401


async def test_no_key_is_in_the_database(small_world: World) -> None:
    system = await system_of(small_world)
    await system.send("m-1", [system.lodge()])
    await system.done("m-1")
    async with small_world.running.service.database.reading() as session:
        tables = (
            await session.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        ).scalars()
        rows = [
            repr(tuple(row))
            for table in tables
            for row in await session.execute(text(f'SELECT * FROM "{table}"'))
        ]
    secret = system.key.split("_", 2)[2]
    assert any(system.key_id in row for row in rows)
    assert not any(secret in row for row in rows)


async def test_what_a_key_did_is_written_down(small_world: World) -> None:
    system = await system_of(small_world)
    await small_world.company("BR-2")
    lodged = await system.ask("POST", "/v1/consignments", small_world.cargo_data())
    ccrn = lodged.body["ccrn"]
    await system.ask("PUT", f"/v1/consignments/{ccrn}", small_world.cargo_data(packages=3))
    await system.ask("POST", "/v1/consignments", small_world.cargo_data(company="BR-2"))
    uses = await small_world.ask(
        "GET", f"/v1/companies/BR-1/keys/{system.key_id}/uses", role=Role.ADMIN
    )
    assert [
        (use["operation"], use["status"], use["subject"]) for use in reversed(uses.body["uses"])
    ] == [("lodge", 201, ccrn), ("amend", 200, ccrn), ("lodge", 403, "")]
    keys = await small_world.ask("GET", "/v1/companies/BR-1/keys", role=Role.ADMIN)
    (record,) = keys.body["keys"]
    assert record["last_used_at"]
    assert "key" not in record
    service = small_world.running.service
    async with service.database.reading() as session:
        company_id = (await session.execute(text("SELECT company_id FROM company_key"))).scalar()
    history = (await service.own_cargo.get(int(company_id or 0), ccrn)).history
    assert [(deed.deed, deed.by) for deed in history] == [
        ("lodged", ""),
        ("amended", system.key_id),
    ]


async def test_too_many_requests_are_told_when_to_come_again(small_world: World) -> None:
    system = await system_of(small_world)
    other = await system_of(small_world)
    replies = [await system.ask("GET", "/v1/messages/none") for _ in range(41)]
    assert {reply.status for reply in replies[:-1]} == {404}
    assert (replies[-1].status, replies[-1].code) == (429, "too_many_requests")
    assert 1 <= int(replies[-1].headers["Retry-After"]) <= 61
    assert (await other.ask("GET", "/v1/messages/none")).status == 404


async def test_who_guesses_keys_is_slowed_down_and_nobody_else(small_world: World) -> None:
    system = await system_of(small_world)
    statuses = []
    for guess in ("", "x" * 60, system.key[:-1] + "!", system.key[:-1], "rocars_"):
        reply = await small_world.ask(
            "GET", "/v1/messages/none", role=None, extra={"X-Api-Key": guess}
        )
        statuses.append(reply.status)
    assert statuses == [401, 401, 401, 429, 429]
    assert (await system.ask("GET", "/v1/messages/none")).status == 404


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"replaces": "nobody"}, "unknown_key"),
        ({"public_key": "c2hvcnQ="}, "invalid_registration"),
        ({"rights": []}, "invalid_request"),
        ({"rights": ["everything"]}, "invalid_request"),
    ],
)
async def test_keys_that_are_not_issued(small_world: World, data: Any, code: str) -> None:
    assert (await issue(small_world, **data)).code == code


async def test_nobody_issues_keys_with_a_key_of_a_company(small_world: World) -> None:
    system = await system_of(small_world)
    body = {"name": "More", "rights": ["lodge"]}
    reply = await system.ask("POST", "/v1/companies/BR-1/keys", body)
    assert (reply.status, reply.code) == (403, "api_key_refused")
