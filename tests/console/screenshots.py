"""The pictures of docs/console.md, of a console with invented calls (`make screenshots`)."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from aiohttp import web
from playwright.async_api import ViewportSize, async_playwright
from sqlalchemy import func, select

from benchmarks.support.console_pages import a_console
from benchmarks.support.invented_calls import fill
from ivr.console.site import SITE, Site
from ivr.records.facts import now
from ivr.records.models import Call
from ivr.records.node_tables import NodeState
from ivr.records.outcome import CallOutcome
from ivr.records.prompt_tables import Source
from ivr.records.roles import Role
from speech.languages.language import Language
from tests.console.conftest import CHROMIUM, Visit, a_recording
from tests.support.pace import limit

CALLS = 8000
PASSWORD = "a secret for pictures"
SIZE: ViewportSize = {"width": 1180, "height": 760}


async def invent(site: Site) -> None:
    """Calls, counts, people and three versions of the greeting."""
    await fill(site.records, CALLS)
    for day in await site.tallies.due():
        await site.tallies.count(day)
    await site.people.accounts.add("pictures", "chan", "Chan Tai Man", Role.ADMINISTRATOR, PASSWORD)
    worker = {"state": "ready", "pid": 1, "lines": 4, "active": 3, "taken": 411}
    workers = [{"slot": slot, **worker} for slot in range(23)]
    state = NodeState(
        node="hk1", at=now(), lines=92, active=60, front_up=True, closed=False, workers=workers
    )
    await site.orders.say(state)
    clip = await site.studio.get(Language.ENGLISH, "welcome.greeting")
    assert clip is not None
    for gain, source in ((0.4, Source.UPLOADED), (0.6, Source.PHONE), (0.7, Source.BROWSER)):
        version = await site.intake.file("lee", clip, a_recording(gain=gain), source)
        if source is not Source.BROWSER:
            await site.versions.review("chan", version.version_id)
            await site.versions.make_live("chan", version.version_id)


async def take(directory: Path) -> None:
    with tempfile.TemporaryDirectory() as data:
        app = await a_console(Path(data))
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        site = app[SITE]
        await invent(site)
        async with site.records.reading() as session:
            completed = await session.scalar(
                select(func.max(Call.call_id)).where(Call.outcome == CallOutcome.COMPLETED)
            )
        pages = {
            "live": "/live",
            "prompt": "/prompts/en/1001",
            "call": f"/calls/{completed}",
            "figures": "/figures",
            "prompts": "/prompts",
            "audit": "/audit",
        }
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox"]
            )
            page = await browser.new_page(viewport=SIZE)
            page.set_default_timeout(limit(30) * 1000)
            somebody = Visit(page, f"http://127.0.0.1:{runner.addresses[0][1]}")
            await somebody.log_in("chan", PASSWORD)
            for name, path in pages.items():
                await somebody.go(path)
                await page.wait_for_load_state("networkidle")
                await page.screenshot(path=directory / f"{name}.png")
            await page.emulate_media(color_scheme="dark")
            await somebody.go("/figures")
            await page.wait_for_load_state("networkidle")
            await page.screenshot(path=directory / "dark.png")
            await page.emulate_media(color_scheme="light")
            await page.set_viewport_size({"width": 390, "height": 760})
            await somebody.go("/prompts/en/1001")
            await somebody.press("中文")
            await page.screenshot(path=directory / "telephone.png")
            await browser.close()
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(take(Path(sys.argv[1])))
