"""The pictures of docs/channels.md: `python -m tests.rocars.portal.screenshots docs/channels`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Page, async_playwright

from rocars.clock import hong_kong_now
from rocars.server import serve
from rocars.settings import DemoSettings, ListenSettings, PortalSettings, RocarsSettings
from rocars.training.demo import WEB_USERS, DemoData
from tests.console.conftest import CHROMIUM
from tests.rocars.cargo.test_batch_files import GOOD, as_csv


async def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
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
        url = running.portal.url
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox"]
            )
            page = await _entered(await browser.new_page(), url, "shipper1")
            await page.goto(f"{url}/lodge")
            await page.screenshot(path=out / "lodge.png")
            page = await _entered(await browser.new_page(), url, "shipper1")
            await page.locator("tbody a").last.click()
            await page.screenshot(path=out / "consignment.png")
            await _upload(page, url)
            await page.screenshot(path=out / "upload.png")
            page = await _entered(await browser.new_page(), url, "10000001")
            demo = await DemoData(running.service).info()
            await page.locator("[name=code]").fill(demo.drivers[0].code)
            await page.keyboard.press("Enter")
            free = next(lot for lot in demo.cargo if lot.state == "free")
            await page.locator("[name=ccrns]").fill(free.ccrn)
            await page.locator("main button").first.click()
            await page.wait_for_url("**/bundles/*")
            await page.screenshot(path=out / "bundle.png")
            await browser.close()
        await running.close()


async def _entered(page: Page, url: str, user_id: str) -> Page:
    await page.set_viewport_size({"width": 900, "height": 640})
    password = next(user.password for user in WEB_USERS if user.user_id == user_id)
    await page.goto(f"{url}/login")
    await page.locator("[name=user_id]").fill(user_id)
    await page.locator("[name=password]").fill(password)
    await page.keyboard.press("Enter")
    await page.wait_for_load_state()
    await page.locator("nav").wait_for()
    return page


async def _upload(page: Page, url: str) -> None:
    due = (hong_kong_now().date() + timedelta(days=2)).isoformat()
    good = GOOD | {"expected_date": due}
    rows = [good, good | {"packages": "a dozen"}, good | {"consignee_name": "=A1"}, good]
    await page.goto(f"{url}/upload")
    await page.locator("[name=file]").set_input_files(
        {"name": "tuesday.csv", "mimeType": "text/csv", "buffer": as_csv(rows)}
    )
    await page.locator("[value=good]").check()
    await page.locator("form.stack button").click()
    await page.wait_for_url("**/upload/*")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
