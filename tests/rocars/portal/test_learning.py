"""How it works: open to everybody, in three languages, in the words of the boards themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

import tests.console
from rocars.portal.pages.learning import TOPICS
from rocars.portal.rendering import LANGUAGES
from tests.rocars.portal.conftest import Portal, browser_of
from tests.support.pace import limit

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

ACCESSIBLE = (Path(tests.console.__path__[0]) / "accessible.js").read_text()


async def test_a_stranger_reads_it(portal: Portal) -> None:
    stranger = await portal.stranger()
    assert 'href="/learn"' in (await stranger.go("/login")).text
    contents = (await stranger.go("/learn")).text
    for name, topic in TOPICS.items():
        assert f'href="/learn/{name}">{topic.title}<' in contents
    assert "at most 14 days before" in (await stranger.go("/learn/shippers")).text
    assert "at least 30 minutes before" in (await stranger.go("/learn/drivers")).text
    assert (await stranger.go("/learn/nothing")).status == 404


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_pages_are_legible(chromium: Browser, portal: Portal, language: str) -> None:
    context = await browser_of(chromium, portal, await portal.stranger(), language)
    context.set_default_timeout(limit(20) * 1000)
    page = await context.new_page()
    for path in ("/learn", *(f"/learn/{name}" for name in TOPICS)):
        await page.goto(portal.url + path)
        assert await page.locator("html").get_attribute("lang") == language, path
        for width, height in ((390, 844), (1280, 900)):
            await page.set_viewport_size({"width": width, "height": height})
            assert await page.evaluate(ACCESSIBLE) == [], (path, width)
    proceed = {"en": "Proceed", "zh-Hant": "前行", "zh-Hans": "前行"}[language]
    assert proceed in await page.inner_text("dl")
    await context.close()
