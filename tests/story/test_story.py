"""The story in its short form: all but the telephone call itself, which has tests of its own."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import async_playwright

from rocars.secrets.key_ring import Role
from rocars.server import serve
from tests.console.conftest import CHROMIUM
from tests.rocars.conftest import settings_for
from tests.story.stage import Stage
from tests.story.story import STEPS, Story
from tests.story.telephone import OverTheInterface
from tests.story.telling import Telling

pytestmark = pytest.mark.service


async def test_from_lodging_to_crossing_through_every_channel(tmp_path: Path) -> None:
    settings = settings_for(
        tmp_path,
        portal={"enabled": True, "port": 0},
        kiosk={"open": True},
        demo={"enabled": True, "free_ccrns": 2},
        rules={"lead_minutes": 0},
        crossing={"open_displays": True, "random_share": 0},
    )
    reported: list[str] = []
    running = await serve(settings)
    try:
        assert running.portal is not None
        async with aiohttp.ClientSession() as http, async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox"]
            )
            stage = Stage(
                running.base_url,
                running.portal.url,
                key=lambda role: running.keys.api_keys[Role(role)],
                http=http,
            )
            telling = Telling(None, reported.append)
            await Story(stage, browser, telling, OverTheInterface()).play()
            await browser.close()
    finally:
        await running.close()
    assert len(reported) >= len(STEPS)
