"""Every route, for everybody: nobody reads or changes the cargo of another company."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from rocars.portal.app import ROOMS
from rocars.portal.app import portal as portal_application
from rocars.registry.companies import company_called
from rocars.secrets.key_ring import Role
from rocars.store.tables.applications import Agency
from rocars.store.tables.batches import FileReading
from tests.rocars.cargo.test_batch_files import GOOD, as_csv
from tests.rocars.portal.conftest import (
    DRIVER,
    OTHER_DRIVER,
    OTHER_SHIPPER,
    SHIPPER,
    Portal,
    Seen,
    Visit,
)

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

ROUTES = sorted({(route.method, route.path) for room in ROOMS for route in room.routes()})
OPEN = {
    *(("GET", "/login"), ("POST", "/login"), ("POST", "/language")),
    *((method, path) for method, path in ROUTES if path.startswith(("/register", "/learn"))),
}
"""Whoever applies for registration has no account; their code is tried in
`tests/rocars/counter/test_applying.py`."""
EVERYBODY = {("GET", "/"), ("GET", "/me"), ("POST", "/me/password"), ("POST", "/logout")}
NAMES = ("ccrn", "ubr", "batch", "agency", "client", "reading", "kept")
NOTHING = dict.fromkeys(NAMES, "1")
SECRET = "umbrellas nobody else is to know of"


def role_of(path: str) -> str:
    return "driver" if path.startswith("/bundles") else "shipper"


def owned(path: str) -> bool:
    """Whether the address names something of somebody's."""
    return "{" in path


def of_client(path: str) -> bool:
    """Whether it is a page of agents: see `test_agents.py`."""
    return path.startswith("/clients/")


async def try_it(visit: Visit, method: str, path: str, form: Any = None) -> Seen:
    if method == "GET":
        return await visit.go(path, allow_redirects=False)
    return await visit.send(path, form or {}, allow_redirects=False)


@pytest.fixture
def things(portal: Portal) -> Callable[[], Awaitable[dict[str, str]]]:
    """One of everything of BR-1 and of its driver; BR-9 says it is its agent."""
    world = portal.world

    async def make() -> dict[str, str]:
        ccrn = await world.lodge(articles=SECRET)
        bundled = await world.lodge(articles=SECRET)
        session = await world.session(DRIVER)
        ubr = (await world.bundle(session, [bundled])).body["ubr"]
        content = as_csv([GOOD | {"expected_date": "2010-05-18", "articles": SECRET + ccrn}])
        batch = await world.ask(
            "POST",
            "/v1/batches?company=BR-1&keep=all&again=no",
            raw=content,
            role=Role.SHIPPER,
        )
        assert batch.body["lodged"] == 1
        agency = await consent_of("BR-1", "BR-9")
        return {
            "ccrn": ccrn,
            "ubr": ubr,
            "batch": str(batch.body["batch"]),
            "agency": agency,
            "client": agency,
            "reading": await being_read("BR-1"),
            "kept": str(await kept_form()),
        }

    async def kept_form() -> int:
        forms = world.running.service.kept_forms
        await forms.keep(1, "draft", SECRET, {"articles": SECRET}, by=SHIPPER)
        return (await forms.of_company(1))[0].id

    async def being_read(company: str) -> str:
        now = world.clock()
        async with world.running.service.database.writing() as session:
            kept = FileReading(
                token=secrets.token_hex(8),
                company_id=await company_called(session, company),
                file_name=f"{SECRET}.csv",
                size=1,
                read=0,
                rows=0,
                begun_at=now,
                seen_at=now,
                state="reading",
                code="",
                subject="",
            )
            session.add(kept)
        return kept.token

    async def consent_of(client: str, agent: str) -> str:
        async with world.running.service.database.writing() as session:
            kept = Agency(
                agent_id=await company_called(session, agent),
                client_number=client,
                client_name="Kwun Tong Transport",
                consented_by="Wong Siu Ming",
                consented_on=world.clock().date(),
                recorded_at=world.clock(),
            )
            session.add(kept)
            await session.flush()
            return str(kept.id)

    return make


async def test_there_is_no_other_route(portal: Portal) -> None:
    """The matrix below sees all there are."""
    assert len(ROUTES) > 20
    assert all(role_of(path) in ("shipper", "driver") for _, path in ROUTES)


async def test_a_stranger_is_led_to_the_log_in(portal: Portal) -> None:
    stranger = await portal.stranger()
    for method, path in ROUTES:
        if (method, path) in OPEN:
            continue
        seen = await try_it(stranger, method, path.format(**NOTHING))
        assert seen.status == 303, path
        assert seen.headers["Location"].startswith("/login"), path


async def test_nobody_has_the_pages_of_the_other_role(portal: Portal) -> None:
    for method, path in ROUTES:
        if (method, path) in OPEN | EVERYBODY:
            continue
        visit = await portal.visit(SHIPPER if role_of(path) == "driver" else DRIVER)
        await visit.go("/me")
        seen = await try_it(visit, method, path.format(**NOTHING))
        assert seen.status == 403, path


async def test_another_company_is_answered_as_if_there_were_nothing(portal: Portal, things) -> None:
    made = await things()
    form = {"key": "k" * 20, **GOOD, "expected_date": "2010-05-18"}
    for method, path in ROUTES:
        if not owned(path) or (method, path) in OPEN:
            continue
        other = await portal.visit(OTHER_DRIVER if role_of(path) == "driver" else OTHER_SHIPPER)
        await other.go("/me")
        there = path.format(**made)
        nowhere = path.format(
            ccrn="1" * 13,
            ubr="1" * 10,
            reading="none",
            **dict.fromkeys(("batch", "agency", "client", "kept"), "999999"),
        )
        seen, missing = [await try_it(other, method, p, form) for p in (there, nowhere)]
        assert (seen.status, missing.status) == (404, 404), path
        assert SECRET not in seen.text, path
    record = await portal.world.ask("GET", f"/v1/consignments/{made['ccrn']}", role=Role.SHIPPER)
    assert (record.body["state"], record.body["amended_at"]) == ("free", None)


async def test_the_owner_reaches_all_of_it(portal: Portal, things) -> None:
    made = await things()
    for method, path in ROUTES:
        if not owned(path) or (method, path) in OPEN or of_client(path) or method != "GET":
            continue
        visit = await portal.visit(DRIVER if role_of(path) == "driver" else SHIPPER)
        assert (await try_it(visit, method, path.format(**made))).status == 200, path


async def test_lists_and_searches_have_ones_own_only(portal: Portal, things) -> None:
    made = await things()
    other = await portal.visit(OTHER_SHIPPER)
    for query in ("", f"?text={made['ccrn']}", "?text=umbrellas", "?state=free", "?before=999999"):
        seen = await other.go("/consignments" + query)
        assert f"/consignments/{made['ccrn']}" not in seen.text
        assert SECRET not in seen.text
    copied = await other.go(f"/lodge?copy={made['ccrn']}")
    assert (copied.status, SECRET in copied.text) == (404, False)
    kept = await other.go(f"/lodge?kept={made['kept']}")
    assert (kept.status, SECRET in kept.text) == (404, False)
    assert SECRET not in (await other.go("/lodge")).text
    bundles = await (await portal.visit(OTHER_DRIVER)).go("/bundles")
    assert made["ubr"] not in bundles.text


async def test_a_driver_sees_no_contents_of_cargo(portal: Portal, things) -> None:
    made = await things()
    driver = await portal.visit(DRIVER)
    for path in ("/bundles", f"/bundles/{made['ubr']}"):
        assert SECRET not in (await driver.go(path)).text


async def test_forms_of_other_sites_and_without_token_are_refused(portal: Portal, things) -> None:
    made = await things()
    shipper = await portal.visit(SHIPPER)
    path = f"/consignments/{made['ccrn']}/withdraw"
    await shipper.go("/me")
    foreign = await shipper.send(path, headers={"Sec-Fetch-Site": "cross-site"})
    without = await shipper.send(path, {"csrf": "guessed"})
    assert (foreign.status, without.status) == (403, 403)
    assert "This form was too old" in without.text
    page = await shipper.go(f"/consignments/{made['ccrn']}")
    assert "withdrawn" not in page.text


async def test_every_page_is_told_what_to_refuse(portal: Portal) -> None:
    seen = await (await portal.visit(SHIPPER)).go("/consignments")
    assert "default-src 'none'" in seen.headers["Content-Security-Policy"]
    assert seen.headers["Cache-Control"] == "no-store"
    assert seen.headers["X-Frame-Options"] == "DENY"


async def test_what_one_node_has_to_tell_another_tells(portal: Portal, things) -> None:
    """Nothing of a visit is kept in a process."""
    made = await things()
    runner = web.AppRunner(portal_application(portal.world.running.service), shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    shipper = await portal.visit(SHIPPER)
    try:
        here = f"/consignments/{made['ccrn']}"
        await shipper.go(here)
        await shipper.send(here + "/withdraw", allow_redirects=False)
        other = replace(shipper, url=f"http://127.0.0.1:{runner.addresses[0][1]}")
        assert "Nobody can bundle it any more." in (await other.go(here)).text
        assert "Nobody can bundle it any more." not in (await other.go(here)).text
        assert "Nobody can bundle it any more." not in (await shipper.go(here)).text
    finally:
        await runner.cleanup()


async def test_the_api_is_not_on_the_port_of_the_portal(portal: Portal) -> None:
    key = portal.world.running.keys.api_keys[Role.SHIPPER]
    async with (
        aiohttp.ClientSession(headers={"X-Api-Key": key}) as http,
        http.get(f"{portal.url}/v1/consignments/1111111111111") as response,
    ):
        assert response.status == 404
        assert response.content_type == "text/html"
