"""The whole story with a real call: `python -m tests.story FOLDER` (`make story`)."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import aiohttp
from playwright.async_api import async_playwright

from tests.console.conftest import CHROMIUM
from tests.story.stage import Stage
from tests.story.story import Story
from tests.story.telephone import ScriptedCall
from tests.story.telling import Telling
from tests.support.service import Service


async def tell(service: Service, folder: Path) -> None:
    settings = service.settings
    rocars = settings.node.data / "rocars"
    host = settings.embedded_rocars.host

    def key(role: str) -> str:
        return (rocars / f"{role}.key").read_text().strip()

    async with aiohttp.ClientSession() as http, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        stage = Stage(
            api=f"http://{host}:{(rocars / 'port').read_text().strip()}",
            portal=f"http://{host}:{(rocars / 'portal_port').read_text().strip()}",
            key=key,
            http=http,
        )
        call = ScriptedCall(service.config, folder)
        await Story(stage, browser, Telling(folder), call).play()
        await browser.close()


def main(folder: Path) -> None:
    # Nobody waits half an hour here: what was lodged a moment ago may cross at once.
    os.environ["ROCARS_RULES__LEAD_MINUTES"] = "0"
    with tempfile.TemporaryDirectory(prefix="story-") as directory:
        service = Service(Path(directory), {"pool": {"workers": 1}})
        print("    The service starts.", flush=True)
        service.start()
        try:
            asyncio.run(tell(service, folder))
        finally:
            service.stop()
    print(f"    Told. The pictures are in {folder}/.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
