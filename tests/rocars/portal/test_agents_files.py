"""Agents upload files for their clients: only with a consent in force, and both see who did it."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser
from sqlalchemy import func, select

import tests.console
from rocars.portal.rendering import LANGUAGES
from rocars.store.tables.batches import BatchedConsignment
from tests.rocars.portal.conftest import AGENT, SHIPPER, Portal, Seen, Visit, browser_of
from tests.rocars.portal.test_agents import said_by_the_agent
from tests.rocars.portal.test_files_being_read import held, rows, until  # noqa: F401
from tests.rocars.portal.test_shippers import notice

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

ACCESSIBLE = (Path(tests.console.__path__[0]) / "accessible.js").read_text()


async def upload(agent: Visit, agency: int, content: bytes) -> Seen:
    page = await agent.go(f"/clients/{agency}/upload")
    assert "You act for Kwun Tong Transport (BR-1)." in page.text
    form = aiohttp.FormData()
    form.add_field("csrf", agent.csrf)
    form.add_field("file", content, filename="theirs.csv", content_type="text/csv")
    return await agent.send(f"/clients/{agency}/upload", form)


async def lodged_by_files(portal: Portal) -> int:
    async with portal.world.running.service.database.reading() as session:
        return await session.scalar(select(func.count(BatchedConsignment.consignment_id))) or 0


async def test_an_agents_file_is_the_clients_and_both_see_who_sent_it(
    portal: Portal, agency: int
) -> None:
    agent, client = await portal.visit(AGENT), await portal.visit(SHIPPER)
    seen = await upload(agent, agency, rows(3))
    assert notice(seen) == "3 of 3 consignments were lodged."
    here = re.fullmatch(rf"/clients/{agency}/upload/([0-9]+)", seen.path)
    assert here is not None
    batch = here[1]
    links = re.findall(rf'href="/clients/{agency}/consignments/([0-9]{{13}})"', seen.text)
    assert len(links) == 3
    for visit, base in ((agent, f"/clients/{agency}"), (client, "")):
        page = await visit.go(f"{base}/consignments/{links[0]}")
        assert "lodged\n" in page.text
        assert "(agent1 of the agent Kwun Tong Transport)" in " ".join(page.text.split())
        deeds = await visit.go(f"/agents/{agency}")
        assert f'href="{base}/upload/{batch}"' in deeds.text
        assert (await visit.go(f"{base}/upload/{batch}/ccrns.csv")).text.count(links[0]) == 1
        assert f'href="{base}/upload/{batch}"' in (await visit.go(f"{base}/upload")).text
    assert (await agent.go(f"/upload/{batch}")).status == 404, "it is no file of the agent's own"


async def test_a_consent_that_is_taken_back_while_a_file_is_read_lodges_nothing(
    portal: Portal,
    held: threading.Event,  # noqa: F811
) -> None:
    agency = await said_by_the_agent(portal)
    agent, client = await portal.visit(AGENT), await portal.visit(SHIPPER)
    await client.go("/agents")
    await client.send(f"/agents/{agency}/confirm")
    before = await lodged_by_files(portal)
    seen = await upload(agent, agency, rows(2))
    assert seen.path.startswith(f"/clients/{agency}/upload/reading/")
    await client.go("/agents")
    await client.send(f"/agents/{agency}/end")
    held.set()
    own = seen.path.removeprefix(f"/clients/{agency}")
    ended = await until(client, own, "nor of an agent with its consent")
    assert ended.status == 403
    assert await lodged_by_files(portal) == before
    assert (await agent.go(seen.path)).status == 404
    assert "lodged" not in (await client.go(f"/agents/{agency}")).text


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_pages_of_a_clients_files_are_legible(
    chromium: Browser, portal: Portal, agency: int, language: str
) -> None:
    agent = await portal.visit(AGENT)
    uploaded = await upload(agent, agency, rows(2))
    context = await browser_of(chromium, portal, agent, language)
    page = await context.new_page()
    for path in (f"/clients/{agency}/upload", uploaded.path, f"/agents/{agency}"):
        await page.goto(portal.url + path)
        assert await page.locator("html").get_attribute("lang") == language, path
        for width, height in ((390, 844), (1280, 900)):
            await page.set_viewport_size({"width": width, "height": height})
            assert await page.evaluate(ACCESSIBLE) == [], (path, width)
    await context.close()
