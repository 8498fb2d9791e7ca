"""A file that takes long: the page says how far it is, and nobody needs to stay on it."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

import tests.console
from rocars.cargo.batch.reading import read_file
from rocars.portal.rendering import LANGUAGES
from rocars.registry.companies import company_called
from rocars.store.tables.batches import FileReading
from tests.rocars.cargo.test_batch_files import GOOD, as_csv
from tests.rocars.portal.conftest import SHIPPER, Portal, Seen, Visit, browser_of
from tests.rocars.portal.test_shippers import send_file
from tests.support.pace import limit

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

ACCESSIBLE = (Path(tests.console.__path__[0]) / "accessible.js").read_text()


@pytest.fixture
def held(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Files are read, but the reading does not end before this is set; nobody waits for it."""
    goes_on = threading.Event()

    def slow(*given: Any) -> Any:
        reading = read_file(*given)
        assert goes_on.wait(limit(60))
        return reading

    monkeypatch.setattr("rocars.cargo.batches.read_file", slow)
    monkeypatch.setattr(portal.world.running.service.file_readings, "answer_within_s", 0)
    yield goes_on
    goes_on.set()


def rows(count: int) -> bytes:
    mark = secrets.token_hex(4)
    return as_csv([GOOD | {"reference": f"{mark}-{number}"} for number in range(count)])


async def until(visit: Visit, path: str, words: str) -> Seen:
    """The page, once it says so."""
    async with asyncio.timeout(limit(30)):
        while True:
            seen = await visit.go(path)
            if words in seen.text:
                return seen
            await asyncio.sleep(0.05)


async def test_how_far_it_is_and_then_what_came_of_it(
    portal: Portal, held: threading.Event
) -> None:
    visit = await portal.visit(SHIPPER)
    seen = await send_file(visit, rows(3))
    assert seen.path.startswith("/upload/reading/"), seen.text
    assert f'<a href="{seen.path}">See how far it is now</a>' in seen.text  # without script
    page = await until(visit, seen.path, "3 consignments so far, 100 % of the file.")
    assert page.path == seen.path
    again = await portal.stranger()  # another browser: the page was closed
    await again.log_in(SHIPPER)
    assert "being read, 100 %" in (await again.go("/upload")).text
    held.set()
    done = await until(again, seen.path, "3 of 3 consignments were lodged.")
    assert done.path.removeprefix("/upload/").isdecimal()
    asked = await visit.go(seen.path, headers={"HX-Request": "true"})
    assert (asked.text, asked.headers["HX-Redirect"]) == ("", seen.path)
    listed = (await visit.go("/upload")).text
    assert f'href="{done.path}"' in listed
    assert "being read, 100 %" not in listed


async def test_the_same_file_is_noticed_on_that_page_too(
    portal: Portal, held: threading.Event
) -> None:
    visit = await portal.visit(SHIPPER)
    held.set()
    content = rows(2)
    first = await send_file(visit, content)
    await until(visit, first.path, "2 of 2 consignments were lodged.")
    second = await send_file(visit, content)
    seen = await until(visit, second.path, "This very file was lodged before.")
    assert 'name="again"' in seen.text


async def test_a_file_whose_reader_died_is_told_of(portal: Portal) -> None:
    world, token = portal.world, secrets.token_hex(8)
    silent = world.clock() - timedelta(seconds=31)
    async with world.running.service.database.writing() as session:
        session.add(
            FileReading(
                token=token,
                company_id=await company_called(session, "BR-1"),
                file_name="lost.csv",
                size=100,
                read=50,
                rows=5,
                begun_at=silent,
                seen_at=silent,
                state="reading",
                code="",
                subject="",
            )
        )
    visit = await portal.visit(SHIPPER)
    listed = await visit.go("/upload")
    assert "interrupted, nothing was lodged" in listed.text
    seen = await visit.go(f"/upload/reading/{token}")
    assert (seen.status, "Nothing of it was lodged: send it again." in seen.text) == (422, True)


async def test_a_stop_waits_for_the_end_of_a_file(portal: Portal, held: threading.Event) -> None:
    visit = await portal.visit(SHIPPER)
    seen = await send_file(visit, rows(1))
    closing = asyncio.create_task(portal.world.running.service.file_readings.close())
    await asyncio.sleep(0)
    assert not closing.done()
    held.set()
    async with asyncio.timeout(limit(30)):
        await closing
    assert (await visit.go(seen.path)).path.removeprefix("/upload/").isdecimal()


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_the_page_asks_by_itself(
    chromium: Browser, portal: Portal, held: threading.Event, language: str
) -> None:
    visit = await portal.visit(SHIPPER)
    seen = await send_file(visit, rows(1))
    context = await browser_of(chromium, portal, visit, language)
    page = await context.new_page()
    await page.goto(portal.url + seen.path)
    assert await page.locator("html").get_attribute("lang") == language
    await page.locator("progress[value='100']").wait_for()
    assert await page.evaluate(ACCESSIBLE) == []
    held.set()
    await page.wait_for_url(lambda url: "/reading/" not in url)
    assert await page.evaluate(ACCESSIBLE) == []
    await page.goto(f"{portal.url}/upload")
    assert await page.evaluate(ACCESSIBLE) == []
    await context.close()
