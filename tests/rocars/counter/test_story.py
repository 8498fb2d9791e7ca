"""From the application to the log-in of a driver, in a real browser, and by the API as by phone."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, Page
from pypdf import PdfReader

import tests.console
from rocars.counter.site import LANGUAGES, ROOT
from tests.rocars.conftest import KeyedToken
from tests.rocars.counter.conftest import Office
from tests.rocars.crossing.conftest import PASSWORD, code_at
from tests.support.pace import limit

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

ACCESSIBLE = (Path(tests.console.__path__[0]) / "accessible.js").read_text()


@pytest_asyncio.fixture(loop_scope="session")
async def context(chromium: Chromium, office: Office) -> AsyncIterator[BrowserContext]:
    """A browser that fetches nothing from elsewhere and complains of nothing."""
    context = await chromium.new_context(locale="en-GB")
    context.set_default_timeout(limit(10) * 1000)
    ours = (office.world.running.base_url, office.portal_url)
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("dialog", lambda dialog: dialog.accept())
    context.on(
        "request",
        lambda asked: complaints.append(asked.url) if _elsewhere(asked.url, ours) else None,
    )
    yield context
    await context.close()
    assert complaints == []


def _elsewhere(url: str, ours: tuple[str, ...]) -> bool:
    """What shows a PDF is a page of the browser's own."""
    return url.startswith("http") and not url.startswith(ours)


async def log_in(page: Page, office: Office, name: str = "hoi") -> None:
    """As a registrar."""
    office.world.clock.forward(seconds=31)
    await page.goto(f"{office.world.running.base_url}{ROOT}/login")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_label("Code of your token").fill(code_at(office.world))
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/queue")


async def apply(page: Page, office: Office) -> str:
    """By keyboard alone; gives the reference."""
    await page.goto(f"{office.portal_url}/login")
    await page.get_by_role("link", name="Apply for registration").press("Enter")
    typed = {
        "Kind of registrant": "company",
        "Name of the company, organisation or person": "Harbour Lanterns",
        "Registration number": "STORY-1",
        "Responsible person": "Wong Siu Ming",
        "Telephone": "23456789",
        "Address": "1 Hung To Road",
        "Signatory 1": "Lee Ka Yan",
    }
    for label, text in typed.items():
        await page.get_by_label(label).first.focus()
        await page.keyboard.type(text)
    await page.get_by_label("To lodge cargo data").press("Space")
    first = page.get_by_role("group", name="Trucker 1")
    await first.get_by_label("Name").fill("Cheung Ho Yin")
    await first.get_by_label("Hong Kong registration marks").fill("AB 1234")
    await page.get_by_label("Registration counter").focus()
    await page.keyboard.type("Kwun Tong")
    await first.get_by_label("Name").press("Enter")  # sends, and asks for no more rows
    await page.get_by_role("heading", name="Your application is sent").wait_for()
    return await page.locator("#reference").inner_text()


async def print_pack(page: Page, name: str) -> str:
    """The text of the sheet that the button prints."""
    form = page.get_by_role("region").filter(has_text=name).locator("form").first
    fields: dict[str, str | float | bool] = {
        "csrf": await form.locator("[name=csrf]").input_value()
    }
    sheet = await page.request.post(
        page.url.split(ROOT)[0] + str(await form.get_attribute("action")), form=fields
    )
    assert sheet.headers["content-type"] == "application/pdf"
    assert sheet.headers["cache-control"] == "no-store"
    return PdfReader(io.BytesIO(await sheet.body())).pages[0].extract_text()


def on_sheet(text: str, form: str) -> str:
    found = re.search(form, text, re.MULTILINE)
    assert found is not None, text
    return found[0]


async def hand_over(page: Page, name: str, device: str = "") -> None:
    await page.reload()
    pack = page.get_by_role("region").filter(has_text=name)
    await pack.get_by_text("Hand over").click()
    if device:
        await pack.get_by_label("Serial number of the device").fill(device)
    await pack.get_by_label("I have seen proof of identity").check()
    await pack.get_by_role("button", name="It is handed over").click()
    await page.get_by_role("status").filter(has_text="may log in now").wait_for()


async def test_from_the_application_to_the_log_in(context: BrowserContext, office: Office) -> None:
    device, _ = await office.desk.service.tokens.order_devices("hoi", 2)
    page = await context.new_page()
    reference = await apply(page, office)
    desk = await context.new_page()
    await log_in(desk, office)
    await desk.get_by_role("link", name=reference).click()
    await desk.get_by_label("Truckers get").select_option("device")
    await desk.get_by_role("button", name="Approve").click()
    await desk.get_by_text("Approved. Packs to be printed").wait_for()

    of_company = await print_pack(desk, "Harbour Lanterns (")
    of_driver = await print_pack(desk, "Cheung Ho Yin")
    password = r"\b(?:[2-9a-z]{4}-){3}[2-9a-z]{4}\b"
    user_id, first = on_sheet(of_company, r"\bR[0-9]{8}\b"), on_sheet(of_company, password)
    driver, pin = on_sheet(of_driver, r"\b[3-9][0-9]{7}\b"), on_sheet(of_driver, r"^[0-9]{6}$")
    token = KeyedToken(bytes.fromhex(device.seed))
    assert (await office.world.key_in(driver, pin, token.at(0))).status == 401
    mine = desk.get_by_role("region").filter(has_text="Harbour Lanterns (")
    await mine.get_by_text("You ordered it: another officer hands it over.").wait_for()
    assert await mine.get_by_text("It is handed over").count() == 0
    await log_in(desk, office, "mak")
    await desk.goto(f"{office.world.running.base_url}{ROOT}/packs")
    await hand_over(desk, "Harbour Lanterns (")
    await hand_over(desk, "Cheung Ho Yin", device.serial)
    assert (await office.world.key_in(driver, pin, token.next())).status == 200

    await page.goto(f"{office.portal_url}/login")
    await page.get_by_label("User ID").fill(user_id)
    await page.get_by_label("Password").fill(first)
    await page.keyboard.press("Enter")
    await page.get_by_text("Choose one of your own").wait_for()
    await page.goto(f"{office.portal_url}/consignments")
    assert page.url.endswith("/me"), "the first password opens nothing else"
    await page.get_by_label("Current password").fill(first)
    await page.get_by_label("New password").fill(first)
    await page.keyboard.press("Enter")
    await page.get_by_role("alert").filter(has_text="the password of today").wait_for()
    await page.get_by_label("Current password").fill(first)
    await page.get_by_label("New password").fill("lanterns above the harbour")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/login")
    await page.get_by_label("User ID").fill(user_id)
    await page.get_by_label("Password").fill("lanterns above the harbour")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/consignments")

    await desk.goto(f"{office.world.running.base_url}{ROOT}/log?subject={driver}")
    deeds = await desk.locator("tbody td:nth-child(3)").all_inner_texts()
    assert deeds == ["pack handed over", "pack printed"]


async def test_the_button_opens_the_sheet_in_another_tab(
    context: BrowserContext, office: Office
) -> None:
    await office.desk.approved(registration_number="TAB-1", name="Tab Company")
    page = await context.new_page()
    await log_in(page, office)
    await page.goto(f"{office.world.running.base_url}{ROOT}/packs")
    pack = page.get_by_role("region").filter(has_text="Tab Company (")
    async with context.expect_event(
        "response", lambda answer: answer.url.endswith("/print")
    ) as sheet:
        await pack.get_by_role("button", name="Print").click()
    answer = await sheet.value
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    await page.reload()
    await pack.get_by_role("button", name="Print again").wait_for()


async def test_a_driver_at_the_counter_is_helped(context: BrowserContext, office: Office) -> None:
    device, _ = await office.desk.service.tokens.order_devices("hoi", 2)
    _, driver = await office.desk.approved("device", registration_number="HELP-1")
    pin = (await office.desk.handed_over(driver, device.serial)).pin
    token = KeyedToken(bytes.fromhex(device.seed), counter=80)
    page = await context.new_page()
    await log_in(page, office)
    await page.get_by_role("link", name="Registrants").click()
    await page.get_by_label("User ID, name").fill(driver)
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name=driver).click()
    await page.get_by_label("Code of the token").fill(token.next())
    await page.get_by_label("The code after it").fill(token.next())
    await page.keyboard.press("Enter")
    await page.get_by_text("The token is in step again.").wait_for()
    for _ in range(6):
        refused = await office.world.key_in(driver, pin, "000000")
    assert refused.code == "login_locked"
    locked = page.locator("form").filter(has_text="Locked out")
    await locked.get_by_label("Reason").fill("came in person")
    await locked.get_by_role("button").click()
    await page.get_by_text("The lock-out is ended.").wait_for()
    assert (await office.world.key_in(driver, pin, token.next())).status == 200
    lost = page.locator("form").filter(has_text="Lost or stolen")
    await lost.get_by_label("Reason").fill("stolen")
    await lost.get_by_role("button").click()
    await page.get_by_text("The token opens nothing any more.").wait_for()
    assert (await office.world.key_in(driver, pin, token.next())).status == 401


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_pages_are_legible_in_every_language_on_a_phone_and_a_desk(
    context: BrowserContext, office: Office, language: str
) -> None:
    reference, code = await office.applied()
    number = await office.number_of(reference)
    _, driver = await office.desk.approved(registration_number=f"READ-{language}")
    page = await context.new_page()
    await log_in(page, office)
    base, portal = office.world.running.base_url + ROOT, office.portal_url
    await context.add_cookies(
        [
            {"name": name, "value": language, "url": url}
            for name, url in (
                ("registration_language", base),
                ("rocars_portal_language", portal),
            )
        ]
    )
    of_desk = (
        *("queue", f"applications/{number}", "packs", "registrants?text=READ", "tokens", "course"),
        "log",
    )
    paths = [
        *(f"{base}/{path}" for path in (*of_desk, f"registrants/{driver}", "login")),
        *(f"{portal}{path}" for path in ("/register", "/register/again", "/login")),
    ]
    for path in paths:
        await page.goto(path)
        await must_be_legible(page, language)
    await page.goto(f"{portal}/register/again")
    await page.locator("[name=reference]").fill(reference)
    await page.locator("[name=code]").fill(code)
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name=reference).wait_for()
    await must_be_legible(page, language)


async def must_be_legible(page: Page, language: str) -> None:
    assert await page.locator("html").get_attribute("lang") == language, page.url
    for width, height in ((390, 844), (1280, 900)):
        await page.set_viewport_size({"width": width, "height": height})
        assert await page.evaluate(ACCESSIBLE) == [], (page.url, width)
