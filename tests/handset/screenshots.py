"""The picture of docs/browser-telephone.md, of a call in progress (`make screenshots`)."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.handset.conftest import browser
from tests.handset.test_handset import at_handset, demo_of
from tests.support.service import Service


async def take(directory: Path) -> None:
    with tempfile.TemporaryDirectory() as data:
        service = Service(Path(data), {"handset": {"enabled": True}})
        service.start()
        try:
            await _picture(service, directory)
        finally:
            service.stop()


async def _picture(service: Service, directory: Path) -> None:
    driver = (await demo_of(service)).drivers[0]
    async with browser() as chromium:
        url = f"http://127.0.0.1:{service.handset_port}"
        somebody = await at_handset(chromium, service, url, "en", "+85291234567")
        await somebody.call()
        for question, keys in (
            ("welcome.language", "3"),
            ("login.user_id", driver.user_id),
            ("login.pin", driver.pin),
            ("login.code", driver.code),
            ("main_menu", "1"),
        ):
            await somebody.until(question)
            await somebody.type(keys)
        await somebody.until("ccrn")
        await somebody.type("202")
        await somebody.page.locator("#transcript").get_by_text("ROCARS").first.wait_for()
        await somebody.page.locator("#call details").evaluate("details => details.open = false")
        await somebody.page.screenshot(path=directory / "handset.png")
        await somebody.page.locator("#hang-up").click()


if __name__ == "__main__":
    asyncio.run(take(Path(sys.argv[1])))
