"""The kiosk as people use it: a touch screen of 1080 × 1920, a scanner, a wheelchair."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize

import tests.console
from rocars.kiosk.site import LANGUAGES, ROOT
from tests.rocars.conftest import PIN
from tests.rocars.portal.conftest import DRIVER, KIOSK, KIOSKS, PASSWORD, SHIPPER, Portal
from tests.support.pace import limit

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

ACCESSIBLE = (Path(tests.console.__path__[0]) / "accessible.js").read_text()
SCREEN = ViewportSize(width=1080, height=1920)
PHONE = ViewportSize(width=390, height=844)
SMALLEST_KEY = 44
"""CSS pixels; WCAG 2.2, 2.5.5 asks for as many at level AAA."""
TOUCHABLE = """() => [...document.querySelectorAll("button, a, input, textarea, summary, .chip")]
    .filter((each) => each.checkVisibility() && !each.classList.contains("skip")
        && each.type !== "hidden" && !each.closest(".chip > input"))
    .map((each) => each.getBoundingClientRect())
    .map(({ top, height }) => [Math.round(top), Math.round(height)])"""


@pytest_asyncio.fixture(loop_scope="session")
async def kiosk(chromium: Browser, portal: Portal) -> AsyncIterator[Page]:
    """A touch screen that was set up, on its first page; it fetches nothing from elsewhere."""
    context = await chromium.new_context(viewport=SCREEN, has_touch=True, locale="en-GB")
    page = await context.new_page()
    page.set_default_timeout(limit(10) * 1000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(portal.url) else complaints.append(asked.url),
    )
    await page.clock.install()
    await page.goto(f"{portal.url}{ROOT}/")
    await page.locator("[name=name]").fill(KIOSK)
    await page.locator("[name=key]").fill(KIOSKS[KIOSK])
    await page.locator("main button").click()
    await page.wait_for_url(f"**{ROOT}/")
    yield page
    await context.close()
    assert complaints == []


async def touch(page: Page, keys: Iterable[str]) -> None:
    for key in keys:
        await page.locator(f"#keypad [data-key='{key}']:visible").tap()


async def choose(page: Page, language: str, errand: str) -> None:
    await page.locator(f"button[value={language}]").tap()
    await page.wait_for_url("**/menu")
    await page.locator(f"a[href$='/{errand}']").tap()
    await page.wait_for_url(f"**/{errand}")


async def test_a_driver_bundles_by_touch_and_scanner_and_is_forgotten(
    kiosk: Page, portal: Portal
) -> None:
    ccrn = await portal.world.lodge()
    await kiosk.evaluate("window.print = () => { document.body.dataset.printed = 'yes'; }")
    await choose(kiosk, "en", "driver")
    await touch(kiosk, DRIVER)
    await touch(kiosk, ["Next"])
    await touch(kiosk, PIN)
    await touch(kiosk, ["Next"])
    await touch(kiosk, portal.world.tokens[DRIVER].next())
    await kiosk.get_by_role("button", name="Continue").tap()
    await kiosk.wait_for_url("**/bundle")
    await kiosk.locator("h1").evaluate("(heading) => { heading.tabIndex = -1; heading.focus(); }")
    await kiosk.keyboard.type(ccrn)  # a scanner types, wherever the focus is
    await kiosk.keyboard.press("Enter")
    assert (await kiosk.locator("#ccrns").input_value()).split() == [ccrn]
    await kiosk.get_by_label("Another registration mark").tap()
    await touch(kiosk, "FU89")
    await kiosk.locator("#keypad [data-key=Backspace]:visible").tap()
    await touch(kiosk, "8")
    await kiosk.get_by_role("button", name="Bundle", exact=True).tap()
    await kiosk.get_by_text("You may cross from 2010-05-17 09:31.").wait_for()
    assert await kiosk.locator("dd").first.inner_text() == "FU88"
    await kiosk.evaluate("window.print = () => { document.body.dataset.printed = 'yes'; }")
    await kiosk.get_by_role("button", name="Print the slip").tap()
    assert await kiosk.locator("body[data-printed=yes]").count() == 1

    await kiosk.clock.run_for(12_000)
    await kiosk.get_by_text("Are you still there?").wait_for()
    await kiosk.get_by_role("button", name="I am still here").tap()
    await kiosk.get_by_text("Are you still there?").wait_for(state="hidden")
    await kiosk.clock.run_for(31_000)
    await kiosk.wait_for_url(f"**{ROOT}/")
    await kiosk.goto(f"{portal.url}{ROOT}/bundle")
    assert kiosk.url == f"{portal.url}{ROOT}/"


async def test_a_shipper_in_a_wheelchair_lodges_by_touch(kiosk: Page, portal: Portal) -> None:
    await choose(kiosk, "en", "shipper")
    await kiosk.get_by_role("button", name="Everything lower").tap()
    await kiosk.wait_for_load_state()
    await kiosk.get_by_label("User ID").tap()
    await touch(kiosk, SHIPPER)
    await kiosk.get_by_label("Password").tap()
    for letter in PASSWORD:
        await touch(kiosk, [letter])
    await kiosk.get_by_role("button", name="Continue").tap()
    await kiosk.wait_for_url("**/lodge")
    await kiosk.get_by_text("outbound, from Hong Kong").tap()
    for name, text in (
        ("packages", "12"),
        ("package_description", "cartons"),
        ("articles", "umbrellas"),
        *(("consignor_name", "a ltd"), ("consignor_address", "1 road")),
        *(("consignee_name", "b ltd"), ("consignee_address", "2 road")),
    ):
        await kiosk.locator(f"#{name}").tap()
        await touch(kiosk, text)
        places = await kiosk.evaluate(TOUCHABLE)
        assert min(height for _, height in places) >= SMALLEST_KEY
        on_screen = await kiosk.locator("#keypad").bounding_box()
        assert on_screen is not None
        assert on_screen["y"] >= SCREEN["height"] / 2
    content = await kiosk.locator("main").bounding_box()
    assert content is not None
    assert content["y"] >= SCREEN["height"] / 2
    await kiosk.locator(".chip", has_text="05-18").tap()
    await kiosk.get_by_role("button", name="Lodge", exact=True).tap()
    await kiosk.wait_for_url("**/consignments/*")
    ccrn = await kiosk.locator(".reference strong").inner_text()
    assert len(ccrn) == 13
    await kiosk.get_by_role("button", name="Finish").tap()
    await kiosk.wait_for_url(f"**{ROOT}/")
    assert await kiosk.locator("body.low").count() == 0  # the next one may stand


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_pages_are_legible_in_every_language(
    kiosk: Page, portal: Portal, language: str
) -> None:
    assert await kiosk.evaluate(ACCESSIBLE) == []
    await kiosk.locator(f"button[value={language}]").tap()
    await kiosk.wait_for_url("**/menu")
    url = portal.url + ROOT
    await kiosk.goto(f"{url}/shipper")
    await kiosk.locator("[name=user_id]").fill(SHIPPER)
    await kiosk.locator("[name=password]").fill("wrong")
    await kiosk.locator("main button").tap()
    await kiosk.locator("[role=alert]:focus").wait_for()  # read out first
    await kiosk.locator("[name=password]").fill(PASSWORD)
    await kiosk.locator("main button").tap()
    await kiosk.wait_for_url("**/lodge")
    await kiosk.evaluate("document.querySelector('form.fields').noValidate = true")
    await kiosk.locator("form.fields > button").tap()
    await kiosk.locator("[role=alert]:focus").wait_for()
    for path in ("", "/menu", "/driver", "/lodge", "/consignments/1111111111111"):
        if path:
            await kiosk.goto(url + path)
        assert await kiosk.locator("html").get_attribute("lang") == language
        for size in (SCREEN, PHONE):
            await kiosk.set_viewport_size(size)
            assert await kiosk.evaluate(ACCESSIBLE) == [], (path, size)
