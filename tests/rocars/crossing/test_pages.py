"""Boards, the panel and officers' pages in a real Chromium, in three languages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from rocars.crossing.risk import Condition
from rocars.hotline.subjects import Kind, Subject
from tests.rocars.conftest import make_world, settings_for
from tests.rocars.crossing.conftest import IN, OUT, PASSWORD, Boundary, code_at
from tests.support.pace import limit

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

CHROMIUM = "/usr/bin/chromium"
ACCESSIBLE = (Path(__file__).parents[2] / "console" / "accessible.js").read_text()
LANGUAGES = ("en", "zh-Hant", "zh-Hans")
ELSEWHERE = "192.0.2.7"

expect.set_options(timeout=60_000)  # a limit, no expectation: a page may be slow to come
A_PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA"
    "60e6kgAAAABJRU5ErkJggg=="
)

Open = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Boundary]:
    """One boundary for all tests of this file; each uses lanes of its own."""
    crossing = {"random_share": 0, "logins_per_minute": 1000, "board_turn_s": 1}
    settings = settings_for(tmp_path_factory.mktemp("boundary"), crossing=crossing)
    async for world in make_world(settings):
        boundary = Boundary(world)
        await boundary.officer("wong")
        await boundary.officer("lam", "analyst")
        await boundary.officer("hoi", "hotline")
        yield boundary


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(chromium: Browser, at: Boundary) -> AsyncIterator[Open]:
    """A page in a browser of its own. Whatever is fetched comes from ROCARS, and no page may have
    complained at the end."""
    url = at.world.running.base_url
    complaints: list[str] = []
    async with AsyncExitStack() as leaving:

        async def go(
            path: str, *, officer: str = "", language: str = "en", display: bool = False, **how: Any
        ) -> Page:
            context = await chromium.new_context(base_url=url, locale=language, **how)
            leaving.push_async_callback(context.close)
            page = await context.new_page()
            page.set_default_timeout(limit(10) * 1000)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on(
                "request",
                lambda sent: None if sent.url.startswith(url) else complaints.append(sent.url),
            )
            await context.add_cookies(
                [{"name": "boundary_language", "value": language, "url": url}]
            )
            if officer:
                at.world.clock.forward(seconds=31)  # no code twice
                await page.goto("/boundary/login")
                await page.locator("[name=name]").fill(officer)
                await page.locator("[name=password]").fill(PASSWORD)
                await page.locator("[name=code]").fill(code_at(at.world))
                await page.locator("main button").click()
                await page.wait_for_url(re.compile("/(lanes|enquiries)$"))
            if display:
                await page.goto(f"/boundary/display?next={path}")
                await page.locator("[name=key]").fill(
                    at.world.running.keys.api_keys["display"]  # type: ignore[index]
                )
                await page.locator("main button").click()
                await page.wait_for_url(f"**{path}")
            else:
                await page.goto(path)
            return page

        yield go
        assert complaints == []


async def must_be_accessible(page: Page) -> None:
    assert await page.evaluate(ACCESSIBLE) == [], page.url


async def test_the_board_hears_within_a_moment_and_turns_three_languages(
    at: Boundary, open_page: Open
) -> None:
    await at.bundled("AB1234")
    page = await open_page(f"/boundary/boards/{OUT}", display=True)
    await expect(page.locator("#plate")).to_have_text("")
    assert (await at.read("AB1234")).body["instruction"] == "proceed"
    await expect(page.locator("#plate")).to_have_text("AB1234", timeout=limit(3) * 1000)
    assert await page.locator("body").get_attribute("data-tone") == "go"
    for words in ("請前行", "请前行", "Proceed", "請前行"):
        await expect(page.locator("#texts > div.shown strong")).to_have_text(words)
    await page.locator("#turning").press("Enter")  # or all at once, by keyboard
    for words in ("請前行", "请前行", "Proceed"):
        await expect(page.get_by_text(words, exact=True)).to_be_visible()
    await must_be_accessible(page)


async def test_a_board_that_hears_nothing_says_so_until_it_hears_again(
    at: Boundary, open_page: Open
) -> None:
    page = await open_page(f"/boundary/boards/{IN}", display=True)
    await at.read("FU88", IN)
    await expect(page.locator("#plate")).to_have_text("FU88")
    await expect(page.locator("#stale")).to_be_hidden()
    database = at.world.running.service.lanes
    views, database.views = database.views, _away  # type: ignore[method-assign]
    try:
        await expect(page.locator("#stale")).to_be_visible()
        await expect(page.locator("#plate")).to_be_hidden()
        await must_be_accessible(page)
    finally:
        database.views = views  # type: ignore[method-assign]
    await expect(page.locator("#stale")).to_be_hidden()
    await expect(page.locator("#plate")).to_have_text("FU88")


async def test_a_board_without_scripts_is_out_of_order(at: Boundary, open_page: Open) -> None:
    page = await open_page(f"/boundary/boards/{IN}", display=True, java_script_enabled=False)
    await expect(page.get_by_text("Board out of order")).to_be_visible()
    await expect(page.locator("#instruction")).to_be_hidden()


async def _away() -> Any:
    raise OSError("the database is away")


async def test_the_button_for_unladen_vehicles(at: Boundary, open_page: Open) -> None:
    lane = "MKT-OUT-1"
    assert await at.instructed("FV2468", lane) == "no_bundle"
    page = await open_page(
        f"/boundary/panels/{lane}", display=True, viewport={"width": 1080, "height": 1920}
    )
    await must_be_accessible(page)
    button = page.get_by_role("button")
    for words in ("空車", "空车", "Unladen vehicle"):
        assert words in await button.inner_text()
    box = await button.bounding_box()
    assert box is not None
    assert box["y"] > 960  # within reach of a driver's arm
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Received. Look at the board.")).to_be_visible()
    await must_be_accessible(page)
    assert (await at.board(lane))["instruction"] == "proceed_unladen"


async def test_an_officer_sees_all_lanes_live_and_decides_with_a_reason(
    at: Boundary, open_page: Open
) -> None:
    lane = "STK-OUT-1"
    ubr = await at.bundled("FW77", wait=False)
    page = await open_page("/boundary/lanes", officer="wong")
    row = page.locator("tr", has_text=lane)
    picture = {"content_type": "image/png", "data": A_PIXEL}
    alternatives = [{"plate": "FV77", "confidence": 0.4}]
    reply = await at.read("FW77", lane, confidence=0.4, picture=picture, alternatives=alternatives)
    await row.filter(has_text="Please wait").first.wait_for()
    await page.get_by_role("link", name=str(reply.body["passage"]), exact=True).click()
    assert await page.locator("main img").evaluate("image => image.naturalWidth") == 1
    await must_be_accessible(page)
    await page.get_by_label("Reason").fill("papers seen")
    await page.get_by_role("button", name="Let pass").click()
    await expect(page.get_by_text("Decided, and written down.")).to_be_visible()
    assert await at.status(ubr, "FW77") == "crossed"
    await page.goto(f"/boundary/passages/{reply.body['passage']}")
    await expect(page.get_by_text("wong: let pass. papers seen")).to_be_visible()
    assert await page.get_by_role("button", name="Let pass").count() == 0


async def test_an_officer_closes_a_lane_and_its_board_says_so(
    at: Boundary, open_page: Open
) -> None:
    lane = "SZB-IN-1"
    board = await open_page(f"/boundary/boards/{lane}", display=True)
    page = await open_page(f"/boundary/lanes/{lane}", officer="wong")
    await page.get_by_label("Reason").fill("oil on the road")
    await page.get_by_role("button", name="Close the lane").click()
    await expect(page.locator("tr", has_text=lane)).to_contain_text("oil on the road")
    await expect(board.locator("body")).to_have_attribute("data-tone", "stop")
    await page.goto(f"/boundary/lanes/{lane}")
    await page.get_by_label("Reason").fill("cleaned")
    await page.get_by_role("button", name="Open the lane").click()
    await expect(board.locator("body")).to_have_attribute("data-tone", "free")


async def test_an_analyst_writes_a_profile_and_withdraws_it(at: Boundary, open_page: Open) -> None:
    page = await open_page("/boundary/profiles", officer="lam")
    await page.locator("[name=name]").fill("Glass")
    await page.locator("[name=item1]").select_option("packages")
    await page.locator("[name=value1]").fill("many")
    await page.get_by_label("Reason").last.fill("a tip")
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.get_by_role("alert")).to_have_text("expected a whole number: many")
    assert await page.locator("[name=name]").input_value() == "Glass"  # nothing typed is lost
    await page.locator("[name=value1]").fill("12")
    await page.get_by_role("button", name="Keep it").click()
    kept = page.get_by_role("region", name="Glass")
    await expect(kept).to_contain_text("0 hits")
    await at.bundled("FX9")
    assert await at.instructed("FX9", "HYW-OUT-1") == "examine"
    await page.reload()
    await expect(kept).to_contain_text("1 hits")
    await kept.get_by_label("Reason").fill("found nothing")
    await kept.get_by_role("button", name="Withdraw").click()
    await expect(kept).to_contain_text("withdrawn by lam")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_is_accessible_in_each_language(
    at: Boundary, open_page: Open, language: str
) -> None:
    profile = await at.profile(Condition("vehicle", "is", "ZZ1"))
    reply = await at.read("FY5", "HZMB-OUT-1")
    page = await open_page("/boundary/lanes", officer="lam", language=language)
    passage = reply.body["passage"]
    for path in ("lanes", f"lanes/{OUT}", f"passages/{passage}", "profiles", "login", "display"):
        await page.goto(f"/boundary/{path}")
        assert await page.locator("html").get_attribute("lang") == language
        await must_be_accessible(page)
        await page.set_viewport_size({"width": 360, "height": 640})
        if path in ("login", "display", "profiles"):  # tables of lanes may scroll by themselves
            await must_be_accessible(page)
        await page.set_viewport_size({"width": 1280, "height": 720})
    await at.world.running.service.profiles.withdraw("lam", profile, "only a test")


async def test_the_pages_know_who_may_see_them(at: Boundary, open_page: Open) -> None:
    page = await open_page("/boundary/profiles", officer="wong")
    await expect(page.get_by_role("heading", name="You may not do that")).to_be_visible()
    stranger = await open_page("/boundary/lanes")
    await stranger.wait_for_url(re.compile(r"/boundary/login\?next="))
    for path in (f"boards/{OUT}", f"boards/{OUT}/events", f"panels/{OUT}"):
        await stranger.goto(f"/boundary/{path}")
        await stranger.wait_for_url(re.compile(r"/boundary/display\?next="))
    await stranger.locator("[name=key]").fill("not the key")
    await stranger.locator("main button").click()
    await expect(stranger.get_by_role("alert")).to_contain_text("not the key of displays")
    missing = await open_page("/boundary/lanes/NONE", officer="wong")
    await expect(missing.get_by_role("heading", name="There is no such page")).to_be_visible()


async def test_a_code_counts_once_and_guessing_locks(at: Boundary, open_page: Open) -> None:
    await at.officer("chan")
    officers = at.world.running.service.officers
    at.world.clock.forward(seconds=31)
    code = code_at(at.world)
    assert await officers.log_in("chan", PASSWORD, code, ELSEWHERE) is not None
    assert await officers.log_in("chan", PASSWORD, code, ELSEWHERE) is None
    at.world.clock.forward(seconds=31)
    assert await officers.log_in("chan", "wrong", code_at(at.world), ELSEWHERE) is None
    page = await open_page("/boundary/login")
    for _ in range(6):
        await page.locator("[name=name]").fill("chan")
        await page.locator("[name=password]").fill("a guess")
        await page.locator("[name=code]").fill("123456")
        await page.locator("main button").click()
    await expect(page.get_by_role("alert")).to_contain_text("Too many log-ins of this name")
    at.world.clock.forward(seconds=31)
    code = code_at(at.world)
    assert await officers.log_in("chan", PASSWORD, code, ELSEWHERE), "strangers lock nobody out"


async def test_another_site_can_press_no_button(at: Boundary) -> None:
    http, url = at.world.http, at.world.running.base_url
    headers = {
        "Cookie": f"boundary_display={'0' * 64}",
        "Sec-Fetch-Site": "cross-site",
    }
    async with http.post(
        f"{url}/boundary/panels/{OUT}",
        data={"key": "k" * 20},
        headers=headers,
        allow_redirects=False,
    ) as answer:
        assert answer.status == 303  # to the key of displays
        assert "/boundary/display" in answer.headers["Location"]
    async with http.get(f"{url}/boundary/login") as answer:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_hotline_follows_a_caller_by_keyboard_in_every_language(
    at: Boundary, open_page: Open, language: str
) -> None:
    ubr = await at.bundled(f"HL{LANGUAGES.index(language) + 1}")
    page = await open_page("/boundary/", officer="hoi", language=language)
    await page.wait_for_url("**/enquiries")
    await page.locator("[name=kind]").select_option("ubr")
    await page.locator("[name=value]").fill(f" {ubr[:4]} {ubr[4:]}")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/enquiries/ubr/{ubr}")
    await must_be_accessible(page)
    await expect(page.locator("main")).not_to_contain_text("Chan Tai Man")
    await page.locator("form[action$=show] [name=reason]").fill("asked for by the caller")
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text("Chan Tai Man")
    await must_be_accessible(page)
    page.once("dialog", lambda dialog: dialog.accept())
    await page.locator("form[action$=unbundle] [name=reason]").fill("bundled with the wrong one")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_be_visible()
    assert await at.status(ubr, f"HL{LANGUAGES.index(language) + 1}") == "unbundled"
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 900})
        await must_be_accessible(page)


async def test_who_answers_for_the_hotline_sees_what_it_looked_at(
    at: Boundary, open_page: Open
) -> None:
    service = at.world.running.service
    await service.enquiries.look("hoi", Subject(Kind.USER, "20000001"), reason="lost their token")
    page = await open_page("/boundary/looks", officer="lam")
    await expect(page.get_by_role("row").nth(1)).to_contain_text("lost their token")
    await must_be_accessible(page)
