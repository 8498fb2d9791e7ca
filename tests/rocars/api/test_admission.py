"""Keys, bodies and forms at the door; the OpenAPI description itself."""

from __future__ import annotations

import pytest
from openapi_spec_validator import validate
from sqlalchemy import text

from rocars.api.admission import CHANNELS
from rocars.api.table import endpoints
from rocars.counter.site import ROOT as DESK
from rocars.crossing.web.site import ROOT
from rocars.refusals import Code
from rocars.secrets.key_ring import Role

pytestmark = pytest.mark.service


async def test_the_description_is_openapi_and_covers_every_route(small_world):
    async with small_world.http.get(small_world.running.base_url + "/openapi.json") as response:
        description = await response.json()
    validate(description)
    assert description["openapi"].startswith("3.1")
    described = {
        (method.upper(), path) for path, item in description["paths"].items() for method in item
    }
    routed = {
        (route.method, route.resource.canonical)
        for route in small_world.running.runner.app.router.routes()
        if route.method != "HEAD"
        and route.resource.canonical != "/openapi.json"
        and not route.resource.canonical.startswith((ROOT, DESK))  # pages for people
    }
    assert described == routed
    assert not any(path.startswith("/demo") for _, path in described)


def test_what_each_role_does_came_through_a_channel():
    assert set(CHANNELS) == set(Role)


def test_every_problem_has_a_status():
    assert all(400 <= code.status < 600 for code in Code)


@pytest.mark.parametrize(
    "endpoint", [e for e in endpoints(demo=False) if e.guarded], ids=lambda e: e.operation
)
async def test_every_key_opens_its_own_doors_only(small_world, endpoint):
    path = endpoint.path.format(
        ccrn="1" * 13,
        ubr="1" * 10,
        user_id="20000001",
        key="k",
        name="wong",
        batch="1",
        company="BR-1",
        message="m-1",
        client="BR-1",
    )
    query = "&".join(f"{parameter.name}=1" for parameter in endpoint.query)
    address = f"{path}?{query}" if query else path
    for role in [None, *Role]:
        reply = await small_world.ask(
            endpoint.method, address, role=role, raw=b"{" if endpoint.body else None, key="k"
        )
        code = reply.body.get("code")
        if role is None:
            assert (reply.status, code) == (401, "api_key_unknown")
            assert reply.headers["WWW-Authenticate"].startswith("ApiKey ")
        else:
            assert (code != "api_key_refused") is (role in endpoint.roles)


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 400, "bad_json"),
        (b"{", 400, "bad_json"),
        (b"\xff\xfe", 400, "bad_json"),
        (b'{"user_id": "\\ud800", "pin": "", "code": ""}', 400, "bad_json"),
        (b"[]", 400, "invalid_request"),
        (b'{"user_id": 5, "pin": "1", "code": "1"}', 400, "invalid_request"),
        (b'{"user_id": "5", "pin": "1", "code": "1", "x": 1}', 400, "invalid_request"),
        (b'{"user_id": "\\u0000", "pin": "1", "code": "1"}', 400, "invalid_request"),
        (b" " * 70_000, 413, "too_large"),
        (b"[" * 60_000, 400, "bad_json"),
    ],
)
async def test_bad_bodies(small_world, raw, status, code):
    reply = await small_world.ask("POST", "/v1/log-in", raw=raw)
    assert (reply.status, reply.code) == (status, code)
    assert reply.headers["Content-Type"].startswith("application/problem+json")


async def test_what_was_keyed_is_not_said_back(small_world):
    reply = await small_world.ask(
        "POST", "/v1/log-in", {"user_id": "20000001", "pin": "8" * 40, "code": "777777"}
    )
    assert (reply.status, reply.body["subject"]) == (400, "pin")
    assert b"8888" not in reply.raw
    assert b"777777" not in reply.raw


async def test_ways_that_lead_nowhere(small_world):
    nowhere = await small_world.ask("GET", "/nowhere", described=False)
    assert (nowhere.status, nowhere.code) == (404, "not_found")
    wrong_way = await small_world.ask("DELETE", "/v1/log-in", described=False)
    assert (wrong_way.status, wrong_way.code) == (405, "method_not_allowed")
    assert wrong_way.headers["Allow"] == "POST"
    demo = await small_world.ask("GET", "/demo", role=Role.ADMIN, described=False)
    assert demo.status == 404


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 129])
async def test_idempotency_keys_are_visible_ascii(small_world, key):
    await small_world.driver()
    session = await small_world.session()
    reply = await small_world.bundle(session, ["1" * 13], key=key or " ")
    assert (reply.status, reply.code) == (400, "idempotency_key_missing")


async def test_health_needs_the_database(world):
    assert (await world.ask("GET", "/health", role=None)).status == 200
    database = world.running.service.database
    async with database.writing() as session:
        await session.execute(text("DROP TABLE alembic_version"))
    reply = await world.ask("GET", "/health", role=None)
    assert (reply.status, reply.code) == (503, "unavailable")
    assert reply.headers["Retry-After"] == "1"


@pytest.mark.parametrize("odd", ["%00", "%1F", "a%00b"])
async def test_control_characters_reach_no_database(world, odd):
    for method, path in [
        ("GET", f"/v1/drivers/{odd}"),
        ("POST", f"/v1/user-ids/{odd}/unlock"),
        ("GET", f"/v1/consignments/{odd}"),
    ]:
        reply = await world.ask(method, path, role=Role.ADMIN, described=False)
        assert (reply.status, reply.code) == (400, "invalid_request")


@pytest.mark.parametrize("odd", ["%FF", "%ED%A0%80", "%F0%9F%9A%9A", "..%2F..%2Fhealth", "%0A%0D"])
async def test_odd_paths_are_refused_in_order(world, odd):
    reply = await world.ask("GET", f"/v1/drivers/{odd}", role=Role.ADMIN, described=False)
    assert reply.status in (400, 404)
