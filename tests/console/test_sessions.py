"""Sessions are seen and ended by whose they are, and prolonged by who answers the warning."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from aiohttp import ClientSession, CookieJar
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect
from sqlalchemy import select, update

from ivr.console.device import device
from ivr.records import audit
from ivr.records.facts import now
from ivr.records.people_tables import WebSession
from ivr.records.roles import Role
from tests.console.conftest import NAMES, PASSWORDS, Console, Visit
from tests.console.test_door import browser, token

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)


@asynccontextmanager
async def browser_of(console: Console, role: Role, agent: str) -> AsyncIterator[ClientSession]:
    jar = CookieJar(unsafe=True)
    async with ClientSession(console.url, cookie_jar=jar, headers={"User-Agent": agent}) as session:
        form = {"name": console.names[role], "password": PASSWORDS[role]}
        async with session.post("/login", data=form, allow_redirects=False) as answer:
            assert answer.status == 303
        yield session


async def is_in(session: ClientSession) -> bool:
    async with session.get("/live", allow_redirects=False) as answer:
        return answer.status == 200


async def page_after(session: ClientSession, path: str, form: dict[str, str]) -> str:
    async with session.post(path, data=form) as answer:
        return await answer.text()


async def in_the_log(console: Console, action: str) -> list[tuple[str, str]]:
    entries = await audit.read(console.site.records)
    return [(entry.who, entry.subject) for entry in entries if entry.action == action]


@pytest.mark.parametrize(
    ("agent", "called"),
    [
        (FIREFOX, "Firefox, Windows"),
        (IPHONE, "Safari, iPhone"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
            "Edge, Linux",
        ),
        ("curl/8.14.1", "curl/8.14.1"),
        ("", ""),
    ],
)
async def test_browsers_are_called_as_people_call_them(agent: str, called: str) -> None:
    assert device(agent) == called


async def test_one_sees_where_one_is_logged_in_and_ends_it(console: Console) -> None:
    mine = console.names[Role.VIEWER]
    async with (
        browser_of(console, Role.VIEWER, FIREFOX) as desk,
        browser_of(console, Role.VIEWER, IPHONE) as phone,
        browser(console, Role.OPERATOR) as other,
    ):
        form = {"csrf": await token(desk)}
        async with desk.get("/me") as answer:
            page = await answer.text()
        assert "Firefox, Windows" in page
        assert "Safari, iPhone" in page
        assert page.count("127.0.0.1") == 2
        assert page.count("this one") == 1
        sessions = {
            device(open_.agent): open_.name for open_ in await console.site.people.sessions.of(mine)
        }
        theirs = (await console.site.people.sessions.of(console.names[Role.OPERATOR]))[0].name
        page = await page_after(desk, "/me/sessions/end", form | {"session": theirs})
        assert "has ended already" in page  # it is nobody's of this account
        assert await is_in(other)
        page = await page_after(
            desk, "/me/sessions/end", form | {"session": sessions["Safari, iPhone"]}
        )
        assert "Done." in page
        assert (await is_in(phone), await is_in(desk)) == (False, True)
        page = await page_after(desk, "/me/sessions/end-all", form)
        assert "Log in" in page
        assert (await is_in(desk), await is_in(other)) == (False, True)
    assert await in_the_log(console, "session ended") == [(mine, mine)]
    assert await in_the_log(console, "logged out everywhere") == [(mine, mine)]


async def test_administrators_end_the_sessions_of_others(console: Console) -> None:
    theirs, mine = console.names[Role.OPERATOR], console.names[Role.ADMINISTRATOR]
    path = f"/people/{theirs}/sessions"
    async with (
        browser_of(console, Role.OPERATOR, FIREFOX) as operator,
        browser(console, Role.ADMINISTRATOR) as administrator,
    ):
        async with operator.get(f"/people/{mine}/sessions") as answer:
            assert answer.status == 403
        form = {"csrf": await token(administrator)}
        async with administrator.get(path) as answer:
            assert "Firefox, Windows" in await answer.text()
        async with administrator.get("/people/nobody/sessions") as answer:
            assert answer.status == 404
        assert "Logged in nowhere" in await page_after(administrator, f"{path}/end-all", form)
        assert (await is_in(operator), await is_in(administrator)) == (False, True)
        page = await page_after(administrator, f"{path}/end", form | {"session": "x"})
        assert "has ended already" in page
    assert await in_the_log(console, "logged out everywhere") == [(mine, theirs)]


async def unused_for(console: Console, minutes: float) -> None:
    """As if nobody had used any session for so long."""
    async with console.site.records.writing() as session:
        seen_at = now() - timedelta(minutes=minutes)
        await session.execute(update(WebSession).values(seen_at=seen_at))


async def last_use(console: Console) -> datetime:
    """Of the only session there is."""
    async with console.site.records.reading() as session:
        return (await session.scalars(select(WebSession.seen_at))).one()


async def begun_before(console: Console, hours: float) -> None:
    async with console.site.records.writing() as session:
        await session.execute(update(WebSession).values(began_at=now() - timedelta(hours=hours)))


async def left_s(session: ClientSession) -> float:
    async with session.get("/session") as answer:
        lasting = await answer.json()
    return float(lasting["left_s"])


async def test_to_ask_how_long_is_no_use_and_to_answer_is(console: Console) -> None:
    idle_s = console.site.rules.idle_minutes * 60
    async with browser(console, Role.VIEWER) as session:
        form = {"csrf": await token(session)}
        await unused_for(console, console.site.rules.idle_minutes - 1)
        assert 0 < await left_s(session) <= 60
        assert await left_s(session) <= 60
        async with session.post("/session", data=form) as answer:
            assert (await answer.json())["prolongable"]
        assert await left_s(session) > idle_s - 120
        await begun_before(console, console.site.rules.session_hours - 0.01)
        async with session.post("/session", data=form) as answer:
            lasting = await answer.json()
        assert lasting["left_s"] <= 36
        assert not lasting["prolongable"]


async def test_whoever_is_warned_stays_logged_in_by_keyboard(
    chromium: Browser, console: Console
) -> None:
    """Without an answer they are logged out, and what they typed stays."""
    context = await chromium.new_context(locale="en")
    visit = Visit(await context.new_page(), console.url)
    page, warning = visit.page, visit.page.get_by_role("alertdialog")
    await page.clock.install()
    await visit.log_in(NAMES[Role.VIEWER], PASSWORDS[Role.VIEWER])
    await visit.go("/calls")
    await page.get_by_label("CCRN").fill("1234567890123")
    await expect(warning).to_be_hidden()

    # Another window was used meanwhile: no warning, for there is nothing to warn of.
    async with page.expect_response("**/session") as asked:
        await page.clock.fast_forward("59:00")
        await page.clock.run_for(1000)
    assert (await (await asked.value).json())["left_s"] > 3000
    await expect(warning).to_be_hidden()

    await unused_for(console, 59)
    await page.clock.fast_forward("59:00")
    await page.clock.run_for(1000)
    await expect(warning).to_be_visible()
    await expect(warning).to_contain_text("You will soon be logged out")
    await expect(warning.get_by_role("timer")).to_contain_text("left")
    await expect(page.get_by_role("button", name="Stay logged in")).to_be_focused()
    assert await last_use(console) < now() - timedelta(minutes=50)  # the warning is no use
    seen = await Axe().run(page)
    assert seen.violations_count == 0, seen.generate_report()
    await page.keyboard.press("Enter")
    await expect(warning).to_be_hidden()
    assert await last_use(console) > now() - timedelta(minutes=10)

    await unused_for(console, 61)
    await page.clock.fast_forward("59:00")
    await page.clock.run_for(1000)
    await expect(warning).to_contain_text("You are logged out")
    await page.get_by_role("button", name="Back to the page").press("Enter")
    await expect(page.get_by_label("CCRN")).to_have_value("1234567890123")
    assert visit.complaints == []
    await context.close()


async def test_the_warning_speaks_chinese_and_says_when_it_cannot_be_put_off(
    chromium: Browser, console: Console
) -> None:
    context = await chromium.new_context(locale="zh-HK")
    page = await context.new_page()
    await page.clock.install()
    await page.goto(f"{console.url}/login")
    await page.locator("input[name=name]").fill(NAMES[Role.VIEWER])
    await page.locator("input[name=password]").fill(PASSWORDS[Role.VIEWER])
    await page.locator("input[name=password]").press("Enter")
    await page.wait_for_url("**/live")
    await begun_before(console, console.site.rules.session_hours - 0.02)
    await page.goto(f"{console.url}/me")
    await page.clock.run_for(1000)
    warning = page.get_by_role("alertdialog")
    await expect(warning).to_contain_text("你即將被登出")
    await expect(warning).to_contain_text("最長時限")
    assert not re.search(r"[A-Za-z]{2}", await warning.inner_text())
    await page.get_by_role("button", name="知道了").press("Enter")
    await expect(warning).to_be_hidden()
    await context.close()
