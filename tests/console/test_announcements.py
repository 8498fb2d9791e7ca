"""Announcements of the day as people make them, in a real browser."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from playwright.async_api import expect

from ivr.records.roles import Role
from tests.console.conftest import Console
from tests.console.test_door import browser, token
from tests.console.test_pages import PLAY, Enter, enter
from tests.support.pace import limit

__all__ = ["enter"]

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

WORDS = {"Cantonese": "今日系統維護", "Putonghua": "今天系统维护", "English": "Works today"}


async def test_it_is_listened_to_announced_and_ended(console: Console, enter: Enter) -> None:
    reviewer = await enter(Role.REVIEWER)
    page = reviewer.page
    await reviewer.go("/announcements")
    await page.get_by_label("What it is").select_option("maintenance")
    for language, words in WORDS.items():
        await page.get_by_label(f"Words: {language}").fill(words)
    await reviewer.press("Listen first")
    draft = page.get_by_label("Draft English")
    await draft.evaluate(PLAY)
    assert await draft.evaluate("audio => audio.duration") > 0.3
    assert await console.site.announcements.newest() == []
    long_ago = "2020-01-01T10:00"
    await page.get_by_label("Until").fill(long_ago)
    await reviewer.press("Announce")
    await expect(page.get_by_role("alert")).to_have_text(
        "the end must come after the beginning, and after now"
    )
    assert await page.get_by_label("Until").input_value() == long_ago
    assert await page.get_by_label("Words: English").input_value() == "Works today"
    await page.get_by_label("Until").fill(f"{datetime.now() + timedelta(days=2):%Y-%m-%dT%H:%M}")
    await reviewer.press("Announce")
    assert "Announced." in await reviewer.notice()
    row = page.locator("tbody tr, table > tr").filter(has_text="Works today")
    await expect(row).to_contain_text("said now")
    await expect(row).to_contain_text("before the greeting")
    await row.get_by_label("1 English").evaluate(PLAY)
    await row.get_by_role("button", name="End").click()
    assert "Ended." in await reviewer.notice()
    await expect(page.get_by_text(f"ended by {console.names[Role.REVIEWER]}")).to_be_visible(
        timeout=limit(5) * 1000
    )


async def test_who_may_not_announce_sees_what_is_announced_and_no_form(
    console: Console, enter: Enter
) -> None:
    viewer = await enter(Role.VIEWER)
    await viewer.go("/announcements")
    await expect(viewer.page.get_by_text("Nothing was announced yet.")).to_be_visible()
    assert await viewer.page.get_by_role("button", name="Announce").count() == 0
    async with browser(console, Role.OPERATOR) as session:
        form = {"csrf": await token(session)}
        for path in ("/announcements", "/announcements/draft", "/announcements/1/end"):
            async with session.post(path, data=form) as answer:
                assert answer.status == 403
        async with session.get("/announcements/draft/en.wav?words=hello") as answer:
            assert answer.status == 403
