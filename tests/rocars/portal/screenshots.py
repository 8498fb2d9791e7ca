"""The pictures of docs/channels.md: `python -m tests.rocars.portal.screenshots docs/channels`."""

from __future__ import annotations

import asyncio
import base64
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pyotp
from playwright.async_api import Browser, Page, async_playwright

from rocars.clock import hong_kong_now
from rocars.server import RunningRocars, serve
from rocars.settings import (
    DemoSettings,
    KioskSettings,
    ListenSettings,
    PortalSettings,
    RocarsSettings,
)
from rocars.training.demo import OFFICERS, WEB_USERS, DemoData
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
                kiosk=KioskSettings(open=True),
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
            await _kiosk(browser, url, running, out)
            await _hotline(await browser.new_page(), running, free.ccrn, out)
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


async def _kiosk(browser: Browser, url: str, running: RunningRocars, out: Path) -> None:
    """A driver's pages on the screen of a kiosk, halved in size."""
    page = await browser.new_page(viewport={"width": 540, "height": 960}, has_touch=True)
    await page.goto(f"{url}/kiosk/")
    await page.locator("button[value=en]").tap()
    await page.locator("a[href$='/driver']").tap()
    demo = await DemoData(running.service).info()
    driver = demo.drivers[2]
    await page.locator("[name=user_id]").fill(driver.user_id)
    await page.locator("[name=pin]").fill(driver.pin)
    await page.locator("[name=code]").fill(driver.code)
    await page.locator("main button").tap()
    await page.wait_for_url("**/bundle")
    free = next(lot for lot in demo.cargo if lot.state == "free" and lot.crosses_immediately)
    await page.locator("#ccrns").fill(free.ccrn)
    await page.locator("[name=vehicle]").tap()
    for key in "TM88":
        await page.locator(f"#keypad [data-key='{key}']:visible").tap()
    await page.screenshot(path=out / "kiosk-bundle.png")
    await page.get_by_role("button", name="Bundle", exact=True).tap()
    await page.locator(".reference").wait_for()
    await page.get_by_role("button", name="Everything lower").tap()
    await page.locator("body.low").wait_for()
    await page.screenshot(path=out / "kiosk-low.png")


async def _hotline(page: Page, running: RunningRocars, ccrn: str, out: Path) -> None:
    """What happened to a consignment, as an officer of the hotline sees it."""
    officer = next(officer for officer in OFFICERS if officer.role == "hotline")
    seed = base64.b32encode(bytes.fromhex(officer.seed)).decode()
    await page.set_viewport_size({"width": 900, "height": 900})
    await page.goto(f"{running.base_url}/boundary/login")
    await page.locator("[name=name]").fill(officer.name)
    await page.locator("[name=password]").fill(officer.password)
    await page.locator("[name=code]").fill(pyotp.TOTP(seed).now())
    await page.locator("main button").click()
    await page.locator("[name=value]").fill(ccrn)
    await page.keyboard.press("Enter")
    await page.locator("table").wait_for()
    await page.screenshot(path=out / "hotline.png")


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
