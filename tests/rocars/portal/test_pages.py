"""The pages as people use them, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

import tests.console
from rocars.portal.rendering import LANGUAGES
from tests.rocars.cargo.test_batch_files import GOOD, as_csv
from tests.rocars.portal.conftest import DRIVER, PASSWORD, SHIPPER, Portal
from tests.rocars.portal.test_shippers import lodged, send_file

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

FOCUSED = "document.activeElement.id"
ACCESSIBLE = (Path(tests.console.__path__[0]) / "accessible.js").read_text()


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser, portal: Portal) -> AsyncIterator[Page]:
    """A browser of somebody's own that fetches nothing from elsewhere and complains of nothing."""
    context = await chromium.new_context(locale="en-GB")
    opened = await context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: complaints.append(message.text) if _bad(message) else None)
    opened.on(
        "request",
        lambda asked: None if asked.url.startswith(portal.url) else complaints.append(asked.url),
    )
    opened.on("dialog", lambda dialog: dialog.accept())
    yield opened
    await context.close()
    assert complaints == []


def _bad(message) -> bool:
    return message.type == "error" and "status of 4" not in message.text


async def log_in(page: Page, portal: Portal, user_id: str) -> None:
    await page.goto(f"{portal.url}/login")
    await page.locator("[name=user_id]").fill(user_id)
    await page.locator("[name=password]").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/bundles" if user_id == DRIVER else "**/consignments")


async def test_from_the_form_to_the_bundle_by_keyboard_alone(page: Page, portal: Portal) -> None:
    await log_in(page, portal, SHIPPER)
    await page.keyboard.press("Tab")
    assert await page.locator(":focus").inner_text() == "To the content"
    await page.goto(f"{portal.url}/lodge")
    await page.get_by_label("Direction").focus()
    for typed in (
        *("outbound", "12", "Cartons", "Umbrellas", "A Ltd", "1 Road", "B Ltd", "2 Road"),
        *("2010-05-18", "TCLU1234567"),
    ):
        if "-" in typed:  # the order of day and month is that of the machine
            await page.get_by_label("Expected date").fill(typed)
        else:
            await page.keyboard.type(typed)
        await _next_field(page)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/consignments/*")
    ccrn = await page.locator(".reference strong").inner_text()
    assert len(ccrn) == 13

    await page.get_by_role("button", name="Log out").click()
    await log_in(page, portal, DRIVER)
    if await page.get_by_label("The code your token shows now").count():
        code = portal.world.tokens[DRIVER].next()
        await page.get_by_label("The code your token shows now").fill(code)
        await page.keyboard.press("Enter")
    await page.get_by_label("CCRNs").fill(ccrn)
    assert await page.get_by_label("Hong Kong registration mark").input_value() == "AB1234"
    await page.get_by_role("button", name="Bundle").press("Enter")
    await page.get_by_text("You may cross from 2010-05-17 09:31.").wait_for()
    await page.get_by_role("button", name="Unbundle").press("Enter")
    await page.get_by_text("Unbundled. The cargo may be bundled anew.").wait_for()


async def _next_field(page: Page) -> None:
    """Tab until another field has the focus: a date has several parts."""
    before = await page.evaluate(FOCUSED)
    for _ in range(6):
        await page.keyboard.press("Tab")
        if await page.evaluate(FOCUSED) != before:
            return


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_pages_are_legible_in_every_language_on_a_phone_and_a_desk(
    page: Page, portal: Portal, language: str
) -> None:
    ccrn = await lodged(portal)
    shipper = await portal.visit(SHIPPER)
    rows = [GOOD, GOOD | {"packages": "0", "reference": language}]
    batch = (await send_file(shipper, as_csv(rows), keep="good", again="yes")).path
    bundling = await portal.bundling()
    form = {"ccrns": ccrn, "vehicle": "AB1234", "key": (await bundling.go("/bundles")).key}
    bundled = await bundling.send("/bundles", form)
    assert bundled.status == 200
    url = portal.url
    await page.context.add_cookies(
        [{"name": "rocars_portal_language", "value": language, "url": url}]
    )
    pages = {
        "": ("/login",),
        SHIPPER: (
            *("/consignments", f"/consignments/{ccrn}", f"/consignments/{ccrn}/slip", "/lodge"),
            *("/upload", batch, "/me", "/consignments/1111111111111"),
        ),
        DRIVER: ("/bundles", bundled.path),
    }
    for user_id, paths in pages.items():
        if user_id:
            await log_in(page, portal, user_id)
        for path in paths:
            await page.goto(url + path)
            assert await page.locator("html").get_attribute("lang") == language
            for width, height in ((390, 844), (1280, 900)):
                await page.set_viewport_size({"width": width, "height": height})
                assert await page.evaluate(ACCESSIBLE) == [], (path, width)
        await page.context.clear_cookies(name="rocars_portal")


async def test_errors_are_led_to_and_described(page: Page, portal: Portal) -> None:
    await log_in(page, portal, SHIPPER)
    await page.goto(f"{portal.url}/lodge")
    await page.evaluate("document.querySelector('form.items').noValidate = true")
    await page.get_by_role("button", name="Lodge").click()
    alert = page.get_by_role("alert")
    assert await alert.get_by_role("link").count() == 9
    await alert.get_by_role("link", name="Articles in each package").click()
    field = page.get_by_label("Articles in each package")
    assert await field.get_attribute("aria-invalid") == "true"
    described = str(await field.get_attribute("aria-describedby")).split()
    assert [await page.locator(f"#{name}").count() for name in described] == [1, 1]
    assert await page.evaluate(ACCESSIBLE) == []


async def test_what_is_typed_is_still_there_in_another_language(page: Page, portal: Portal) -> None:
    await log_in(page, portal, SHIPPER)
    await page.goto(f"{portal.url}/lodge")
    await page.get_by_label("Direction").select_option("inbound")
    await page.get_by_label("Articles in each package").fill("雨傘")
    await page.get_by_label("Transhipment cargo").check()
    await page.get_by_role("button", name="繁體中文").click()
    await page.get_by_role("heading", name="呈交貨物資料").wait_for()
    assert await page.locator("#articles").input_value() == "雨傘"
    assert await page.locator("#direction").input_value() == "inbound"
    assert await page.locator("#transhipment").is_checked()
    await page.reload()
    assert await page.locator("#articles").input_value() == "", "once, and not for whoever is next"
