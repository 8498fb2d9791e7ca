"""One story through every channel: cargo is lodged, bundled, and crosses; the hotline follows it.

It begins when company, shipper and drivers have been registered: those of the demonstration are.
What registers them comes before the first of `STEPS`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from playwright.async_api import Browser, Page, ViewportSize, expect

from rocars.clock import hong_kong_now
from tests.rocars.cargo.test_batch_files import as_csv
from tests.story.stage import DRIVER, OTHER_DRIVER, SHIPPER, Stage, cargo
from tests.story.telling import Telling
from tests.support.pace import limit

DESK = ViewportSize(width=1000, height=800)
KIOSK = ViewportSize(width=1080, height=1920)
LANE, NEXT_LANE = "LMC-OUT-1", "LMC-OUT-2"
VEHICLE, KIOSK_VEHICLE, EMPTY_VEHICLE = "AB1234", "TM88", "HX700"


class Telephone(Protocol):
    async def bundle(self, stage: Stage, ccrn: str) -> str:
        """The driver bundles this with the first vehicle on their file; how, in a few words."""
        ...


@dataclass
class Story:
    """What is known so far. `ccrns` are by the way they were lodged."""

    stage: Stage
    browser: Browser
    telling: Telling
    telephone: Telephone
    ccrns: dict[str, str] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)

    async def play(self) -> None:
        """All steps. Raises AssertionError, and what playwright raises, where one fails."""
        for step in STEPS:
            await step(self)

    async def page(self, who: str, size: ViewportSize = DESK) -> Page:
        """A browser of somebody's own."""
        if who not in self.pages:
            touch = size is KIOSK
            opened = await self.browser.new_page(viewport=size, has_touch=touch, locale="en-GB")
            opened.set_default_timeout(limit(15) * 1000)
            opened.on("dialog", lambda dialog: dialog.accept())
            self.pages[who] = opened
        return self.pages[who]

    async def on_portal(self, user_id: str) -> Page:
        """Somebody logged in to the portal."""
        if user_id in self.pages:
            return self.pages[user_id]
        page = await self.page(user_id)
        await page.goto(f"{self.stage.portal}/login")
        await page.locator("[name=user_id]").fill(user_id)
        await page.locator("[name=password]").fill(await self.stage.password(user_id))
        await page.keyboard.press("Enter")
        await page.locator("nav").wait_for()
        return page


async def lodged_by_form(story: Story) -> None:
    page = await story.on_portal(SHIPPER)
    await page.goto(f"{story.stage.portal}/lodge")
    for name, value in cargo("Umbrellas").items():
        if name == "direction":
            await page.locator("#direction").select_option(value)
        else:
            await page.locator(f"#{name}").fill(value)
    await page.locator("form.items > button").click()
    await page.wait_for_url("**/consignments/*")
    ccrn = await page.locator(".reference strong").inner_text()
    story.ccrns["form"] = ccrn
    await story.telling.tell(f"A shipper lodges by form: CCRN {ccrn}", page)


async def lodged_by_file(story: Story) -> None:
    page = await story.on_portal(SHIPPER)
    rows = [cargo("Lanterns"), cargo("Kites")]
    await page.goto(f"{story.stage.portal}/upload")
    await page.locator("[name=file]").set_input_files(
        {"name": "today.csv", "mimeType": "text/csv", "buffer": as_csv(rows)}
    )
    if await page.locator("[name=again]").count():
        await page.locator("[name=again]").check()
    await page.locator("form.stack button").click()
    await page.wait_for_url(re.compile("/upload/[0-9]+$"))
    ccrn = await page.locator("tbody a").first.inner_text()
    story.ccrns["file"] = ccrn
    await story.telling.tell(f"They lodge two more by file, the first is CCRN {ccrn}", page)


async def lodged_by_machine(story: Story) -> None:
    data = cargo("Fans") | {"company": "DEMO-0001"}
    body = {**data, "packages": int(data["packages"])}
    lodged = await story.stage.ask("POST", "/v1/consignments", "shipper", json=body)
    story.ccrns["machine"] = str(lodged["ccrn"])
    await story.telling.tell(f"Their system lodges one over HTTP: CCRN {lodged['ccrn']}")


async def bundled_by_telephone(story: Story) -> None:
    how = await story.telephone.bundle(story.stage, story.ccrns["form"])
    page = await story.on_portal(DRIVER)
    await page.goto(f"{story.stage.portal}/bundles")
    row = page.get_by_role("row").filter(has_text=story.ccrns["form"])
    await expect(row).to_contain_text("live")
    await expect(row).to_contain_text(VEHICLE)
    text = f"A driver bundles it with {VEHICLE} {how}, and sees it on the web"
    await story.telling.tell(text, page)


async def bundled_at_a_kiosk(story: Story) -> None:
    page = await story.page("kiosk", KIOSK)
    driver = await story.stage.driver(OTHER_DRIVER)
    await page.goto(f"{story.stage.portal}/kiosk/")
    await page.locator("button[value=en]").tap()
    await page.locator("a[href$='/driver']").tap()
    for name in ("user_id", "pin", "code"):
        await page.locator(f"[name={name}]").tap()
        await _touch(page, driver[name])
    await page.locator("main button").tap()
    await page.wait_for_url("**/bundle")
    await page.keyboard.type(story.ccrns["machine"])  # as the scanner of the slip does
    await page.locator("[name=vehicle]").tap()
    await _touch(page, KIOSK_VEHICLE)
    await page.locator("form.fields > button").tap()
    ubr = await page.locator(".reference strong").inner_text()
    text = f"Another driver bundles at a kiosk by touch and scanner: UBR {ubr}"
    await story.telling.tell(text, page)


async def _touch(page: Page, keys: str) -> None:
    for key in keys:
        await page.locator(f"#keypad [data-key='{key}']:visible").tap()


async def told_to_proceed(story: Story) -> None:
    board = await story.page("board")
    await board.goto(f"{story.stage.api}/boundary/boards/{LANE}")
    misread = VEHICLE.replace("B", "8")
    instruction = await _read(story.stage, LANE, misread)
    assert instruction == "proceed"
    await expect(board.locator("#plate")).to_have_text(VEHICLE)
    await expect(board.locator("body")).to_have_attribute("data-tone", "go")
    await story.telling.tell(f"The camera reads {misread}; the board: {VEHICLE}, proceed", board)


async def told_to_stop_and_declared_unladen(story: Story) -> None:
    board, panel = await story.page("next board"), await story.page("panel")
    await board.goto(f"{story.stage.api}/boundary/boards/{NEXT_LANE}")
    assert await _read(story.stage, NEXT_LANE, EMPTY_VEHICLE) == "no_bundle"
    await expect(board.locator("body")).to_have_attribute("data-tone", "stop")
    text = f"In the next lane {EMPTY_VEHICLE} has no bundle; the board: stop"
    await story.telling.tell(text, board)
    await panel.goto(f"{story.stage.api}/boundary/panels/{NEXT_LANE}")
    await panel.locator("form button").click()
    await panel.locator("#told").wait_for()
    await expect(board.locator("body")).to_have_attribute("data-tone", "go")
    await story.telling.tell("Its driver presses Unladen vehicle; the board: proceed", panel)


async def _read(stage: Stage, lane: str, plate: str) -> str:
    """What the camera is answered."""
    body = {
        "lane": lane,
        "plate": plate,
        "confidence": 0.97,
        "taken_at": hong_kong_now().isoformat(),
    }
    key = {"Idempotency-Key": secrets.token_hex(8)}
    answer = await stage.ask("POST", "/v1/readings", "camera", json=body, headers=key)
    return str(answer["instruction"])


async def crossed_for_everybody(story: Story) -> None:
    shipper = await story.on_portal(SHIPPER)
    await shipper.goto(f"{story.stage.portal}/consignments/{story.ccrns['form']}")
    await expect(shipper.locator(".state")).to_have_text("crossed")
    await story.telling.tell("The shipper reads: crossed", shipper)
    driver = await story.on_portal(DRIVER)
    await driver.reload()
    row = driver.get_by_role("row").filter(has_text=story.ccrns["form"])
    await expect(row).to_contain_text("crossed")
    await story.telling.tell("And so does the driver", driver)


async def followed_by_the_hotline(story: Story) -> None:
    page = await story.page("hotline")
    officer = await story.stage.officer("hotline")
    await page.goto(f"{story.stage.api}/boundary/login")
    for name in ("name", "password", "code"):
        await page.locator(f"[name={name}]").fill(officer[name])
    await page.locator("main button").click()
    await page.wait_for_url("**/enquiries")
    await page.locator("[name=value]").fill(story.ccrns["form"])
    await page.keyboard.press("Enter")
    happened = page.locator("tbody tr")
    await expect(happened.last).to_contain_text("Proceed")
    deeds = await page.locator("tbody tr td:nth-child(3)").all_inner_texts()
    assert deeds == ["lodged", "bundled", "crossed", "Proceed"], deeds
    await story.telling.tell("The hotline sees what happened: " + ", ".join(deeds), page)


STEPS: tuple[Callable[[Story], Awaitable[None]], ...] = (
    lodged_by_form,
    lodged_by_file,
    lodged_by_machine,
    bundled_by_telephone,
    bundled_at_a_kiosk,
    told_to_proceed,
    told_to_stop_and_declared_unladen,
    crossed_for_everybody,
    followed_by_the_hotline,
)
