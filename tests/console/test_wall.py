"""The board on a wall: for screens with a key, without anybody's data, compared with before."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from aiohttp import ClientSession, CookieJar
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from ground.web.throttle import Throttle
from ivr.console.board import board
from ivr.records.facts import now
from ivr.records.hong_kong import HONG_KONG, hong_kong_day
from ivr.records.measures import Counted, Measure
from ivr.records.outcome import CallOutcome
from ivr.records.token_tables import Scope
from tests.console.conftest import Console, Visit
from tests.support.past_calls import past_call

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

NOON = datetime(2026, 11, 18, 12, 20, tzinfo=HONG_KONG)
SOON = timedelta(days=30)


def of_day(days_ago: int, by_hour: dict[int, int], completed: int = 0) -> list[Counted]:
    day = hong_kong_day(NOON) - timedelta(days=days_ago)
    counts = [Counted(day, "", Measure.HOUR_CALLS, f"{hour:02d}", n) for hour, n in by_hour.items()]
    seconds = [
        Counted(day, "", Measure.HOUR_SECONDS, f"{hour:02d}", n * 60) for hour, n in by_hour.items()
    ]
    ended = [Counted(day, "", Measure.OUTCOME, CallOutcome.COMPLETED.value, completed)]
    return [*counts, *seconds, *ended]


async def test_today_is_compared_with_the_same_hours_and_days_with_those_before() -> None:
    seen = board(
        [
            *of_day(0, {9: 10, 11: 20, 12: 5}, completed=7),
            *of_day(7, {9: 8, 11: 12, 12: 90, 20: 100}),
            *of_day(1, {9: 4}, completed=1),
            *of_day(8, {9: 2}),
            *of_day(29, {9: 30}),
            *of_day(31, {9: 7}),
            *of_day(60, {9: 1}),
        ],
        NOON,
    )
    assert seen.until == 12
    today, week, month = seen.compared
    assert (today.calls, today.calls_before) == (30, 20)
    assert today.change == pytest.approx(0.5)
    assert today.now.completed == pytest.approx(7 / 35)
    assert today.now.mean_seconds == pytest.approx(60)
    assert (week.days, week.calls, week.calls_before) == (7, 214, 2)
    assert week.now.completed == pytest.approx(1 / 214)
    assert (month.days, month.calls, month.calls_before) == (30, 246, 8)
    assert [(hour.today, hour.before) for hour in seen.hours if hour.today] == [
        *((10, 8), (20, 12), (5, 90))
    ]
    assert seen.highest == 100


async def test_without_a_call_there_is_nothing_to_compare() -> None:
    seen = board([], NOON)
    assert seen.highest == 0
    assert {of.change for of in seen.compared} == {None}


async def a_key(console: Console, *scopes: Scope, name: str = "hall") -> tuple[int, str]:
    made = await console.site.tokens.make("chan", name, scopes, now() + SOON)
    return made.token.token_id, made.secret


async def test_only_a_key_for_it_opens_the_board(console: Console) -> None:
    number, key = await a_key(console, Scope.WALL_BOARD)
    _, other = await a_key(console, Scope.FIGURES, name="reports")
    await past_call(console.book, at=now() - timedelta(hours=1), caller="+85291234567")
    await console.site.tallies.count(hong_kong_day(now()))
    async with ClientSession(console.url, cookie_jar=CookieJar(unsafe=True)) as screen:
        for path, status in (("/wall", 200), ("/wall/now", 401)):
            async with screen.get(path) as answer:
                assert answer.status == status
                assert "Calls now" not in await answer.text()
        for wrong in ("", "x", other):
            async with screen.post("/wall", data={"key": wrong}) as answer:
                assert answer.status == 403
        foreign = {"Origin": "https://evil.example"}
        async with screen.post("/wall", data={"key": key}, headers=foreign) as answer:
            assert answer.status == 403
        async with screen.post("/wall", data={"key": key}, allow_redirects=False) as answer:
            cookie = answer.cookies["rocars_wall"]
            assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
        for path in ("/wall", "/wall/now"):
            async with screen.get(path) as answer:
                page = await answer.text()
                assert "Calls now" in page
                assert "4567" not in page
        async with screen.get("/figures", allow_redirects=False) as answer:
            assert answer.status == 303  # the key opens nothing else
        async with screen.get("/api/v1/figures", headers={"Authorization": f"Bearer {key}"}) as api:
            assert api.status == 403
        await console.site.tokens.revoke("chan", number)
        async with screen.get("/wall/now") as answer:
            assert (answer.status, answer.headers["HX-Redirect"]) == (401, "/wall")
        console.site.throttle = Throttle(1)
        statuses = []
        for _ in range(2):
            async with screen.post("/wall", data={"key": key}) as answer:
                statuses.append(answer.status)
        assert statuses == [403, 429]


@pytest.mark.parametrize(("locale", "title"), [("en", "Calls now"), ("zh-HK", "目前通話")])
async def test_a_screen_shows_it(
    chromium: Browser, console: Console, locale: str, title: str
) -> None:
    _, key = await a_key(console, Scope.WALL_BOARD)
    context = await chromium.new_context(locale=locale)
    visit = Visit(await context.new_page(), console.url)
    await visit.go("/wall")
    await visit.page.locator("input[name=key]").fill(key)
    await visit.page.locator("input[name=key]").press("Enter")
    await expect(visit.page.locator("h1")).to_contain_text(title)
    assert await visit.page.locator("svg.hours[role=img] rect").count() == 48
    seen = await Axe().run(visit.page)
    assert seen.violations_count == 0, seen.generate_report()
    assert visit.complaints == []
    await context.close()
