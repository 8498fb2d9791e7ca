"""Who logs out of the console is logged out at the OpenID provider too, and whom that has logged
out is logged out here."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from aiohttp import ClientSession
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect
from yarl import URL

from ground.web.throttle import Throttle
from ivr.console.oidc_client import OidcClient
from ivr.records import audit
from ivr.records.roles import Role
from tests.console.conftest import Console, Visit
from tests.console.test_door import browser, token
from tests.console.test_oidc import NAME, a_browser, provider, settings_for, use
from tests.support.openid_provider import OpenIdProvider, new_key

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

__all__ = ["provider"]


async def logged_in(session: ClientSession) -> None:
    async with session.get("/login/provider", params={"next": "/me"}) as answer:
        assert (answer.status, answer.url.path) == (200, "/me")


async def is_in(session: ClientSession) -> bool:
    async with session.get("/live", allow_redirects=False) as answer:
        return answer.status == 200


async def leaving(session: ClientSession) -> tuple[str, URL | None]:
    """The page after a log-out, and where it leads by itself."""
    form = {"csrf": await token(session)}
    async with session.post("/logout", data=form) as answer:
        page = await answer.text()
    there = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)
    return page, URL(unescape(there[1])) if there is not None else None


async def told_after(session: ClientSession, there: URL) -> str:
    async with session.get(there) as answer:
        assert answer.url.path == "/login"
        return await answer.text()


async def test_in_a_browser_and_in_chinese(
    console: Console, provider: OpenIdProvider, chromium: Browser
) -> None:
    context = await chromium.new_context(locale="zh-HK")
    visit = Visit(await context.new_page(), console.url)
    await visit.go("/login/provider?next=/live")
    await visit.page.wait_for_url("**/live")
    await visit.page.get_by_role("button", name="登出", exact=True).click()
    await visit.page.wait_for_url("**/login")
    await expect(visit.page.locator("main > .notice")).to_have_text("你已登出控制台和 Staff ID。")
    assert provider.left == ["1001"]
    assert visit.complaints == []
    await visit.go("/live")
    await expect(visit.page.get_by_role("heading", level=1)).to_have_text("登入")
    await context.close()


async def test_the_page_between_can_be_read(
    console: Console, provider: OpenIdProvider, chromium: Browser
) -> None:
    """By who has switched off that pages lead on by themselves."""
    async with a_browser(console) as session:
        await logged_in(session)
        page, _ = await leaving(session)
    context = await chromium.new_context(locale="en")
    shown = await context.new_page()
    await shown.set_content(re.sub(r"<(meta http-equiv|script)[^>]*>", "", page))
    await expect(shown.get_by_role("link", name="Go on to Staff ID")).to_be_visible()
    seen = await Axe().run(shown)
    assert seen.violations_count == 0, seen.generate_report()
    await context.close()


async def test_only_what_was_begun_in_this_browser_says_so(
    console: Console, provider: OpenIdProvider
) -> None:
    async with a_browser(console) as session:
        await logged_in(session)
        _, there = await leaving(session)
        assert there is not None
        assert not await is_in(session)
        back = URL(f"{console.url}/login/provider/out")
        for state in ("x", "", "\u00e9"):
            assert "of Staff ID too" not in await told_after(session, back.with_query(state=state))
        assert "of Staff ID too" not in await told_after(session, there)  # its cookie is gone
        await logged_in(session)
        _, there = await leaving(session)
        assert there is not None
        assert "of Staff ID too" in await told_after(session, there)


async def test_where_the_provider_offers_none_it_is_a_log_out_of_the_console(
    console: Console, provider: OpenIdProvider
) -> None:
    for offered, setting in (
        (None, True),
        ("https://id.elsewhere.example/leave", True),
        ("javascript:alert(1)", True),
        (f"{provider.issuer}/leave", False),
    ):
        provider.metadata = {"end_session_endpoint": offered}
        use(console, settings_for(provider, log_out_there=setting))
        async with a_browser(console) as session:
            await logged_in(session)
            _, there = await leaving(session)
            assert there is None, offered
            assert not await is_in(session)
    async with browser(console, Role.VIEWER) as session:  # of a local account
        use(console, settings_for(provider))
        provider.metadata = {}
        assert (await leaving(session))[1] is None
    assert provider.left == []


async def test_a_token_too_long_for_an_address_stays_here(
    console: Console, provider: OpenIdProvider
) -> None:
    provider.claims["groups"] = ["ivr-reviewers", *(f"group {n}" * 9 for n in range(100))]
    async with a_browser(console) as session:
        await logged_in(session)
        _, there = await leaving(session)
        assert there is not None
        assert "of Staff ID too" in await told_after(session, there)
    assert provider.left == [None]


async def test_while_the_provider_is_away_one_is_told_that_one_may_be_logged_in_there(
    console: Console, provider: OpenIdProvider
) -> None:
    async with a_browser(console) as session:
        await logged_in(session)
        await provider.stop()
        console.site.provider = OidcClient(console.site.rules.oidc)
        page, there = await leaving(session)
        assert there is None
        assert "Staff ID does not answer: there you may be logged in still." in page
        assert not await is_in(session)


async def test_whom_the_provider_has_logged_out_is_logged_out_here(
    console: Console, provider: OpenIdProvider
) -> None:
    path = "/login/provider/ended"
    async with (
        a_browser(console) as desk,
        a_browser(console) as phone,
        a_browser(console) as other,
        browser(console, Role.VIEWER) as local,
        ClientSession(console.url) as stranger,
    ):
        for session, sid in ((desk, "at the desk"), (phone, "on the phone")):
            provider.claims["sid"] = sid
            await logged_in(session)
        provider.claims |= {"sub": "1002", "preferred_username": "lee", "sid": "of lee"}
        await logged_in(other)

        async def sent(**claims: Any) -> int:
            form = {"logout_token": provider.logout_token(**claims)}
            async with stranger.post(path, data=form) as answer:
                assert answer.headers["Cache-Control"] == "no-store"
                return answer.status

        wrong: list[dict[str, Any]] = [
            {},
            {"sub": "1001", "events": None},
            {"sub": "1001", "events": {"another": {}}},
            {"sub": "1001", "events": "all of them"},
            {"sub": "1001", "nonce": "of a log-in"},
            {"sub": "1001", "aud": "another client"},
            {"sub": "1001", "iss": "http://127.0.0.1/another"},
            {"sub": "1001", "exp": 1_700_000_000},
            {"sub": "1001", "exp": None},
            {"sub": ["1001"]},
        ]
        assert [await sent(**claims) for claims in wrong] == [400] * len(wrong)
        provider.signs_with = new_key("first")
        assert await sent(sub="1001") == 400
        provider.signs_with = None
        for odd in ("", "x", "a.b.c", "\u00e9" * 9000):
            async with stranger.post(path, data={"logout_token": odd}) as answer:
                assert answer.status == 400
        assert [await is_in(session) for session in (desk, phone, other, local)] == [True] * 4

        assert await sent(sid="of nobody") == 200
        assert await sent(sub="1002", sid="on the phone") == 200  # not theirs
        assert await sent(sid="on the phone") == 200
        assert [await is_in(session) for session in (desk, phone, other)] == [True, False, True]
        assert await sent(sub="1001") == 200
        assert [await is_in(session) for session in (desk, other, local)] == [False, True, True]
        console.site.ended_throttle = Throttle(1)
        assert [await sent(sub="1003"), await sent(sub="1002")] == [200, 429]
        assert await is_in(other)
    entries = await audit.read(console.site.records, who="(identity provider)")
    ended = [entry.subject for entry in entries if entry.action == "session ended"]
    assert ended == [NAME] * 2


async def test_without_a_setting_there_is_none(console: Console) -> None:
    async with ClientSession(console.url) as session:
        async with session.get("/login/provider/out") as answer:
            assert answer.status == 404
        async with session.post("/login/provider/ended", data={"logout_token": "x"}) as answer:
            assert answer.status == 404
