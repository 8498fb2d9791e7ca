"""The pictures of docs/channels/registration.md:
`python -m tests.rocars.counter.screenshots docs/channels`."""

from __future__ import annotations

import asyncio
import base64
import secrets
import sys
import tempfile
from pathlib import Path

import pyotp
from playwright.async_api import async_playwright

from rocars.server import serve
from rocars.settings import DemoSettings, ListenSettings, PortalSettings, RocarsSettings
from rocars.training.demo import OFFICERS
from tests.console.conftest import CHROMIUM
from tests.rocars.registry.conftest import application


async def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    registrar = next(officer for officer in OFFICERS if officer.role == "registrar")
    with tempfile.TemporaryDirectory() as folder:
        running = await serve(
            RocarsSettings(
                data_dir=Path(folder),
                listen=ListenSettings(port=0),
                portal=PortalSettings(enabled=True, port=0),
                demo=DemoSettings(enabled=True, free_ccrns=2),
            )
        )
        assert running.portal is not None
        await running.service.applications.send(
            application(name="Kwun Tong Umbrellas", trucker1_name="Chan Tai Man"),
            secrets.token_hex(16),
        )
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox"]
            )
            page = await browser.new_page()
            await page.set_viewport_size({"width": 900, "height": 760})
            await page.goto(f"{running.portal.url}/register")
            await page.screenshot(path=out / "register.png")
            await page.goto(f"{running.base_url}/registration/login")
            await page.locator("[name=name]").fill(registrar.name)
            await page.locator("[name=password]").fill(registrar.password)
            seed = base64.b32encode(bytes.fromhex(registrar.seed)).decode()
            await page.locator("[name=code]").fill(pyotp.TOTP(seed).now())
            await page.keyboard.press("Enter")
            await page.locator("tbody a").first.click()
            await page.get_by_role("heading", name="Decide").wait_for()
            await page.screenshot(path=out / "desk.png", full_page=True)
            await browser.close()
        await running.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
