"""Agents act for clients: only with a consent in force, and both see who did what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser

import tests.console
from rocars.portal.rendering import LANGUAGES
from rocars.registry.companies import company_called
from rocars.secrets.key_ring import Role
from rocars.store.tables.applications import Agency
from tests.rocars.cargo.test_batch_files import GOOD
from tests.rocars.conftest import PIN
from tests.rocars.portal.conftest import (
    AGENT,
    DRIVER,
    OTHER_SHIPPER,
    SHIPPER,
    Portal,
    Visit,
    browser_of,
    in_force,
)
from tests.rocars.portal.test_access import NOTHING, ROUTES, of_client, try_it
from tests.rocars.portal.test_shippers import notice

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

ITEMS = {name: text for name, text in GOOD.items() if name != "reference"}
OF_CLIENTS = [(method, path) for method, path in ROUTES if of_client(path)]
ACCESSIBLE = (Path(tests.console.__path__[0]) / "accessible.js").read_text()


async def said_by_the_agent(portal: Portal) -> int:
    """A consent that the agent named in its application, as an officer approved it."""
    world = portal.world
    async with world.running.service.database.writing() as session:
        kept = Agency(
            agent_id=await company_called(session, "BR-9"),
            client_number="BR-1",
            client_name="Kwun Tong Transport",
            consented_by="Wong Siu Ming",
            consented_on=world.clock().date(),
            recorded_at=world.clock(),
        )
        session.add(kept)
        await session.flush()
        return kept.id


async def lodged_for(agent: Visit, agency: int, **changed: str) -> str:
    """Through the form, by the agent; gives the CCRN."""
    page = await agent.go(f"/clients/{agency}/lodge")
    assert "You act for Kwun Tong Transport (BR-1)." in page.text
    seen = await agent.send(f"/clients/{agency}/lodge", {**ITEMS, **changed, "key": page.key})
    found = re.fullmatch(rf"/clients/{agency}/consignments/([0-9]{{13}})", seen.path)
    assert found is not None, seen.text
    return found[1]


async def bundle_for(agent: Visit, agency: int, ccrns: str, driver: str = DRIVER):
    page = await agent.go(f"/clients/{agency}/bundles")
    form = {"ccrns": ccrns, "driver": driver, "vehicle": "AB1234", "key": page.key}
    return await agent.send(f"/clients/{agency}/bundles", form)


async def test_an_agent_lodges_amends_and_bundles_and_both_see_it(
    portal: Portal, agency: int
) -> None:
    world, agent = portal.world, await portal.visit(AGENT)
    ccrn = await lodged_for(agent, agency)
    record = await world.ask("GET", f"/v1/consignments/{ccrn}", role=Role.SHIPPER)
    assert record.body["data"]["company"] == "BR-1"
    here = f"/clients/{agency}/consignments/{ccrn}"
    await agent.go(f"{here}/amend")
    seen = await agent.send(f"{here}/amend", {**ITEMS, "packages": "77"})
    assert seen.path == here
    bundled = await bundle_for(agent, agency, ccrn)
    assert notice(bundled) == "Bundled."
    ubr = bundled.path.rpartition("/")[2]
    reply = await world.key_in(DRIVER, PIN, world.tokens[DRIVER].next())
    listed = await world.ask("GET", "/v1/bundles", session=str(reply.body["session"]))
    assert [ccrn] in [found["ccrns"] for found in listed.body["bundles"] if found["ubr"] == ubr]

    client = await portal.visit(SHIPPER)
    for visit, base in ((client, ""), (agent, f"/clients/{agency}")):
        page = await visit.go(f"{base}/consignments/{ccrn}")
        history = re.findall(r"<li>\s*[0-9: -]+: ([^<]+?)\s*(?:<ul>|</li>)", page.text)
        assert [" ".join(deed.split()) for deed in history] == [
            f"{deed} (agent1 of the agent Kwun Tong Transport)"
            for deed in ("lodged", "amended", "bundled with a vehicle")
        ]
        deeds = (await visit.go(f"/agents/{agency}")).text
        assert deeds.count("<td>agent1</td>") == 3
    undone = await agent.send(
        f"{bundled.path}/unbundle", {"key": (await agent.go(bundled.path)).key}
    )
    assert notice(undone) == "Unbundled. The cargo may be bundled anew."
    assert "unbundled" in (await client.go(f"/agents/{agency}")).text


async def test_what_an_agent_says_of_a_consent_opens_nothing(portal: Portal) -> None:
    agency = await said_by_the_agent(portal)
    ccrn = await portal.world.lodge()
    names = {**NOTHING, "client": str(agency), "ccrn": ccrn}
    agent, client = await portal.visit(AGENT), await portal.visit(SHIPPER)
    assert len(OF_CLIENTS) >= 20
    form = {"key": "k" * 20, **ITEMS, "expected_date": "2010-05-18"}
    await agent.go("/agents")
    for method, path in OF_CLIENTS:
        assert (await try_it(agent, method, path.format(**names), form)).status == 404, path
    assert (await agent.send(f"/agents/{agency}/confirm")).status == 404, "not theirs to confirm"
    await client.go("/agents")
    assert notice(await client.send(f"/agents/{agency}/confirm")).startswith("They may act")
    for method, path in OF_CLIENTS:
        if method == "GET" and not re.search(r"{(ubr|batch|reading)}", path):
            assert (await try_it(agent, method, path.format(**names))).status == 200, path
    other = await portal.visit(OTHER_SHIPPER)
    for visit in (other, client):  # nobody else, and the client not as an agent of itself
        await visit.go("/agents")
        for method, path in OF_CLIENTS:
            assert (await try_it(visit, method, path.format(**names), form)).status == 404, path
    assert (await agent.send(f"/agents/{agency}/end")).status == 404, "not theirs to take back"
    await client.send(f"/agents/{agency}/end")
    assert await in_force(portal) == []


async def test_a_consent_that_is_taken_back_ends_all_of_it_at_once(
    portal: Portal, agency: int
) -> None:
    again = await said_by_the_agent(portal)
    agent, client = await portal.visit(AGENT), await portal.visit(SHIPPER)
    ccrn = await lodged_for(agent, agency)
    page = await agent.go(f"/clients/{agency}/consignments/{ccrn}/amend")
    assert page.status == 200
    await client.go("/agents")
    await client.send(f"/agents/{agency}/confirm")  # the other record as well
    assert await in_force(portal) == [agency, again]
    await client.send(f"/agents/{again}/end")
    assert await in_force(portal) == []
    names = {**NOTHING, "client": str(agency), "ccrn": ccrn}
    form = {"key": "k" * 20, **ITEMS}
    for method, path in OF_CLIENTS:
        assert (await try_it(agent, method, path.format(**names), form)).status == 404, path
    record = await portal.world.ask("GET", f"/v1/consignments/{ccrn}", role=Role.SHIPPER)
    assert (record.body["state"], record.body["amended_at"]) == ("free", None)
    assert "Taken back on" in (await agent.go("/agents")).text
    deeds = await portal.world.running.service.registration_log.deeds("BR-1")
    assert {(deed.who, deed.deed) for deed in deeds} == {
        (SHIPPER, "consent_given"),
        (SHIPPER, "consent_ended"),
    }


async def test_an_agent_has_the_cargo_of_its_client_and_drivers_of_both(
    portal: Portal, agency: int
) -> None:
    world, agent = portal.world, await portal.visit(AGENT)
    theirs = await world.lodge(company="BR-2")
    assert (await agent.go(f"/clients/{agency}/consignments/{theirs}")).status == 404
    refused = await bundle_for(agent, agency, theirs)
    assert (refused.status, f"No such CCRN. ({theirs})" in refused.text) == (422, True)
    ours = await world.lodge()
    for user_id, company in (("21000002", "BR-2"), ("21000003", "BR-9")):
        added = await world.ask(
            "POST",
            "/v1/drivers",
            {
                "user_id": user_id,
                "company": company,
                "name": "Li",
                "pin": PIN,
                "token": {"seed": "31" * 20},
            },
            role=Role.ADMIN,
        )
        assert added.status == 201, added.body
    stranger = await bundle_for(agent, agency, ours, "21000002")
    assert (stranger.status, "No such driver is registered." in stranger.text) == (422, True)
    assert ours in stranger.text, "what was typed is kept"
    bundled = await bundle_for(agent, agency, ours, "21000003")
    assert notice(bundled) == "Bundled."
    by_phone = await world.lodge()
    ubr = (await world.bundle(await world.session(DRIVER), [by_phone])).body["ubr"]
    assert (await agent.go(f"/clients/{agency}/bundles/{ubr}")).status == 404, "not the agent's"
    assert (
        await agent.send(f"/clients/{agency}/bundles/{ubr}/unbundle", {"key": "k" * 20})
    ).status == 404


@pytest.mark.parametrize("number", ["BR-1", "NOBODY", ""])
async def test_to_whom_no_consent_can_be_given(portal: Portal, number: str) -> None:
    client = await portal.visit(SHIPPER)
    await client.go("/agents")
    seen = await client.send("/agents", {"number": number})
    assert (seen.status, "No such company is registered." in seen.text) == (422, True)


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_pages_of_agents_are_legible(
    chromium: Browser, portal: Portal, agency: int, language: str
) -> None:
    agent = await portal.visit(AGENT)
    ccrn = await lodged_for(agent, agency)
    ubr = (await bundle_for(agent, agency, ccrn)).path.rpartition("/")[2]
    context = await browser_of(chromium, portal, agent, language)
    page = await context.new_page()
    base = f"/clients/{agency}"
    for path in (
        *("/agents", f"/agents/{agency}", f"{base}/bundles", f"{base}/bundles/{ubr}"),
        f"{base}/consignments/{ccrn}",
    ):
        await page.goto(portal.url + path)
        assert await page.locator("html").get_attribute("lang") == language, path
        for width, height in ((390, 844), (1280, 900)):
            await page.set_viewport_size({"width": width, "height": height})
            assert await page.evaluate(ACCESSIBLE) == [], (path, width)
    await context.close()
