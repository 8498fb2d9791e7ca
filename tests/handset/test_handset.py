"""The telephone as people use it, in a real browser: keyed calls to a UBR, and a spoken answer."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.async_api import Browser, Locator, Page, expect

from backend_client.client import RocarsClient
from backend_client.office import Demo, RocarsOffice
from backend_client.types import BundleState
from speech.languages.language import Language
from tests.console.conftest import Visit
from tests.handset.conftest import browser
from tests.support.pace import limit
from tests.support.service import Service
from tests.support.speaking import digits, spoken

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="session")]

ACCESSIBLE = (Path(__file__).parents[1] / "console" / "accessible.js").read_text()

WORDS = {
    "en": {"call": "Call", "hang_up": "Hang up", "user_id": "Key user ID", "code": "Key code"},
    "zh-Hant": {
        "call": "致電",
        "hang_up": "掛線",
        "user_id": "按出用戶號碼",
        "code": "按出一次性代碼",
    },
    "zh-Hans": {
        "call": "拨打",
        "hang_up": "挂断",
        "user_id": "按出用户号码",
        "code": "按出一次性代码",
    },
}
LINES = (
    (Language.ENGLISH, "en", "+85291230001", "10000001"),
    (Language.CANTONESE, "zh-Hant", "+85291230002", "10000004"),
    (Language.PUTONGHUA, "zh-Hans", "+85291230003", "10000002"),
)


@dataclass
class AtHandset:
    """Somebody at the page, calling from a number of their own."""

    visit: Visit
    service: Service
    number: str
    words: dict[str, str]
    asked: int = 0

    @property
    def page(self) -> Page:
        return self.visit.page

    async def call(self, language: Language | None = None) -> None:
        form = self.page.locator("#call")
        await form.locator("summary").click()
        await form.locator("[name=caller]").fill(self.number)
        if language is not None:
            await form.locator("[name=language]").select_option(language)
        await self.button("call").click()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=self.words[name], exact=True)

    async def until(self, question: str) -> None:
        """Until this is asked, after what was waited for before, and the page knows of it."""
        async with asyncio.timeout(limit(40)):
            while question not in (names := self.steps("asked"))[self.asked :]:
                await asyncio.sleep(0.1)
        self.asked = names.index(question, self.asked) + 1
        display = self.page.locator("#display")  # the page learns it a little later
        await expect(display).to_have_attribute("data-question", question)

    def steps(self, kind: str) -> list[str]:
        rows = self.service.query(
            "SELECT steps.name FROM steps JOIN calls USING (call_id)"
            " WHERE caller_e164 = ? AND kind = ? ORDER BY sequence",
            self.number,
            kind,
        )
        return [str(name) for (name,) in rows]

    async def type(self, keys: str) -> None:
        """On the keyboard, wherever the focus is."""
        for key in keys:
            await self.page.keyboard.press(key)


async def at_handset(
    chromium: Browser, service: Service, url: str, tag: str, number: str, width: int = 1280
) -> AtHandset:
    context = await chromium.new_context(locale=tag, viewport={"width": width, "height": 900})
    visit = Visit(await context.new_page(), url)
    await visit.go("/")
    somebody = AtHandset(visit, service, number, WORDS[tag])
    await expect(somebody.page.locator("#drivers li")).to_have_count(4)
    return somebody


async def demo_of(service: Service) -> Demo:
    async with RocarsOffice(service.rocars("demo")) as office:
        return await office.demo()


async def bundled(
    somebody: AtHandset, service: Service, language: Language, user_id: str, ccrn: str
) -> str:
    """Key a call to its UBR, by buttons of the list, the keypad and the keyboard; gives the UBR."""
    driver = next(
        driver for driver in (await demo_of(service)).drivers if driver.user_id == user_id
    )
    page, words = somebody.page, somebody.words
    await somebody.call(language)
    await somebody.until("login.user_id")
    await page.get_by_role("button", name=f"{words['user_id']} {user_id}").click()
    await somebody.until("login.pin")
    await somebody.type(driver.pin)
    await expect(page.locator("#display")).to_have_text("•" * len(driver.pin))
    await somebody.until("login.code")
    await page.locator(f"[data-driver='{user_id}'] [data-keys=code]").click()
    await somebody.until("main_menu")
    await page.locator("[data-key='1']").click()
    await somebody.until("ccrn")
    await somebody.type(f"{ccrn}#")
    for question in ("ccrn.more", "vehicle.which", "bundle.one_cargo"):
        await somebody.until(question)
        await somebody.type("1")
    await somebody.until("bundle.after")
    (asked,), *_ = service.query(
        "SELECT text FROM steps JOIN calls USING (call_id)"
        " WHERE caller_e164 = ? AND steps.name = 'bundle.after' AND kind = 'asked'"
        " ORDER BY offered_at DESC",
        somebody.number,
    )
    # The page shows a step a moment after it was written.
    await expect(page.locator("#transcript .service").last).to_contain_text(asked)
    transcript = " ".join(await page.locator("#transcript .service").all_inner_texts())
    found = re.findall(r"[0-9]{3,4}(?: [0-9]{3,4})+", transcript)
    await somebody.type("3")
    await expect(somebody.button("call")).to_be_visible()
    return str(found[-1]).replace(" ", "")


async def test_keyed_to_a_reference_in_three_languages_at_once(
    chromium: Browser, service: Service, url: str
) -> None:
    demo = await demo_of(service)
    ccrns = [*demo.free_ccrns(immediately=True), *demo.free_ccrns(immediately=False)]
    people = [await at_handset(chromium, service, url, tag, number) for _, tag, number, _ in LINES]
    ubrs = await asyncio.gather(
        *(
            bundled(somebody, service, language, user_id, ccrn)
            for somebody, (language, _, _, user_id), ccrn in zip(people, LINES, ccrns, strict=False)
        )
    )
    vehicles = {driver.user_id: driver.vehicles for driver in demo.drivers}
    async with RocarsClient(service.rocars("ivr")) as rocars:
        for ubr, (_, _, _, user_id), ccrn in zip(ubrs, LINES, ccrns, strict=False):
            receipt = await rocars.status(ubr, vehicles[user_id][0])
            assert (receipt.state, receipt.ccrns) == (BundleState.LIVE, (ccrn,))
    for somebody in people:
        assert somebody.visit.complaints == []
        assert re.search(r"[0-9]+", await somebody.page.locator("#delay").inner_text())
        ladder = somebody.page.locator("#ladder > li")
        assert await ladder.filter(has_text="INVITE").count() >= 1
        assert await ladder.filter(has_text="BYE").count() >= 1
        await somebody.page.context.close()
    written = b"".join(
        path.read_bytes()
        for path in service.directory.rglob("*")
        if path.is_file() and path.suffix != ".key"
    )
    for driver in demo.drivers:
        assert driver.pin.encode() not in written


async def test_accessible_at_320_pixels_and_by_keyboard_alone(
    chromium: Browser, service: Service, url: str
) -> None:
    for tag in WORDS:
        somebody = await at_handset(chromium, service, url, tag, "+85291230009", width=320)
        await somebody.page.locator("details").first.evaluate("details => details.open = true")
        assert await somebody.page.evaluate(ACCESSIBLE) == []
        assert await somebody.page.locator("html").get_attribute("lang") == tag
        if tag == "en":
            await somebody.page.locator("#place").focus()
            await somebody.page.keyboard.press("Enter")
            await expect(somebody.page.locator("#hang-up")).to_be_focused()
            await expect(somebody.page.get_by_role("status")).to_have_text(
                "Connected. Key or speak."
            )
            await somebody.page.keyboard.press("Space")
            await expect(somebody.page.get_by_role("status")).to_have_text("The call is over.")
            await expect(somebody.page.locator("#place")).to_be_focused()
        assert somebody.visit.complaints == []
        await somebody.page.context.close()


@dataclass
class AtMicrophone:
    """Chromium's microphone is a file, which it reads anew whenever the microphone is switched on,
    and again and again until it is switched off."""

    somebody: AtHandset
    file: Path

    async def says(self, words: str, then: str) -> None:
        """Say it until the next question is asked."""
        pcm = np.frombuffer(spoken(Language.ENGLISH, words, variant="m7", speed=130), "<i2")
        sound = np.concatenate((np.zeros(8000, "<i2"), pcm, np.zeros(8000 * 8, "<i2")))
        soundfile.write(self.file, sound, 8000, subtype="PCM_16")
        microphone = self.somebody.page.get_by_role("button", name="Microphone")
        await expect(microphone).to_have_attribute("aria-pressed", "false")
        await microphone.click()
        await expect(microphone).to_have_attribute("aria-pressed", "true")
        await self.somebody.until(then)
        await microphone.click()
        await expect(microphone).to_have_attribute("aria-pressed", "false")
        await expect(self.somebody.page.locator("#level")).to_have_js_property("value", 0)


@pytest.mark.real_time
async def test_a_driver_logs_in_by_voice(service: Service, url: str, tmp_path: Path) -> None:
    """Language, user ID, PIN and code; no key is pressed."""
    driver = next(
        driver for driver in (await demo_of(service)).drivers if driver.user_id == "10000001"
    )
    microphone_file = tmp_path / "microphone.wav"
    async with browser(
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone_file}",
    ) as chromium:
        somebody = await at_handset(chromium, service, url, "en", "+85291230010")
        await somebody.call()
        await somebody.until("welcome.language")
        microphone = AtMicrophone(somebody, microphone_file)
        await microphone.says("English", "login.user_id")
        understood = somebody.page.locator("#transcript .caller")
        await expect(understood.first).to_contain_text("understood: 3")
        assert re.search(r"\([0-9]+ % sure\)", await understood.first.inner_text())
        for number, question in (
            (driver.user_id, "login.pin"),
            (driver.pin, "login.code"),
            (driver.code, "main_menu"),
        ):
            apart = digits(Language.ENGLISH, number).replace(" ", ", ")
            await microphone.says(apart, question)
        shown = await somebody.page.locator("#transcript").inner_text()
        for secret in (driver.pin, driver.code):
            assert secret not in shown
            assert " ".join(secret) not in shown
        assert somebody.visit.complaints == []
    service.until_idle()
    keys, *_ = service.query(
        "SELECT keys FROM calls WHERE caller_e164 = ? ORDER BY offered_at DESC", somebody.number
    )
    assert keys == (0,)
