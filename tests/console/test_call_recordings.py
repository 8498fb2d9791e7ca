"""Recordings of calls: heard by listeners who say why, by nobody else, and not for ever."""

from __future__ import annotations

import io
import re
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import soundfile
from aiohttp import ClientSession
from axe_playwright_python.async_playwright import Axe
from cryptography.fernet import Fernet
from playwright.async_api import Browser

from ivr.console.pages.call_recording import HEARD_FOR_S, Hearing, Hearings
from ivr.recorded_calls.sealed import SealedFile
from ivr.recorded_calls.settings import CallRecordingSettings
from ivr.recorded_calls.shelf import RecordedCalls
from ivr.recorded_calls.sound import packed
from ivr.records import audit
from ivr.records.facts import now
from ivr.records.roles import Role
from tests.console.conftest import PASSWORDS, Console, Visit
from tests.console.test_door import browser, token
from tests.support.past_calls import past_call

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

KEY = Fernet.generate_key().decode()
REASON = "Complaint 4711: the driver says the reference was wrong."
CALLER = np.random.default_rng(1).normal(0, 2000, 16000).astype("<i2").tobytes()
SERVICE = np.random.default_rng(2).normal(0, 2000, 16000).astype("<i2").tobytes()


@pytest_asyncio.fixture(loop_scope="session")
async def recorded(console: Console) -> Console:
    """A console whose node records calls."""
    rules = CallRecordingSettings.model_validate({"enabled": True, "keys": [KEY]})
    console.site.settings = console.settings.model_copy(update={"call_recording": rules})
    return console


async def a_call(console: Console, at: datetime | None = None, *, whole: bool = True) -> str:
    """One that was recorded for two seconds; gives its id."""
    at = at or now()
    call_id = await past_call(console.book, at=at)
    with shelf_of(console).new(call_id, at.date()) as file:
        sealed = SealedFile(file, call_id, [KEY])
        sealed.write(packed(CALLER, SERVICE))
        if whole:
            sealed.finish()
    return call_id


def shelf_of(console: Console) -> RecordedCalls:
    return RecordedCalls(console.settings.recorded_calls)


async def hear(session: ClientSession, call_id: str, reason: str = REASON) -> str:
    """Give a reason; gives the page that comes of it."""
    form = {"csrf": await token(session), "reason": reason}
    async with session.post(f"/calls/{call_id}/recording", data=form) as page:
        assert page.status in (200, 422)
        return await page.text()


def sound_on(page: str) -> str:
    found = re.search(r'src="(/calls/[^"]+\.wav)"', page)
    assert found is not None, page
    return found[1]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.LISTENER])
async def test_no_other_role_hears_it(recorded: Console, role: Role) -> None:
    call_id = await a_call(recorded)
    async with browser(recorded, role) as session:
        async with session.get(f"/calls/{call_id}") as page:
            assert "/recording" not in await page.text()
        async with session.get(f"/calls/{call_id}/recording") as page:
            assert page.status == 403
        form = {"csrf": await token(session), "reason": REASON}
        async with session.post(f"/calls/{call_id}/recording", data=form) as page:
            assert page.status == 403
    deeds = [entry.action for entry in await audit.read(recorded.site.records)]
    assert "recording heard" not in deeds


async def test_a_listener_says_why_and_each_hearing_is_written_down(recorded: Console) -> None:
    call_id = await a_call(recorded)
    async with browser(recorded, Role.LISTENER) as session:
        async with session.get(f"/calls/{call_id}") as page:
            assert f"/calls/{call_id}/recording" in await page.text()
        page_text = await hear(session, call_id, "curious")
        assert "8 characters" in page_text
        assert 'value="curious"' in page_text
        assert ".wav" not in page_text
        for times in (1, 2):
            path = sound_on(await hear(session, call_id))
            async with session.get(path) as answer:
                assert answer.headers["Cache-Control"] == "no-store"
                both, _ = soundfile.read(io.BytesIO(await answer.read()), dtype="int16")
            assert (both[:, 0].tobytes(), both[:, 1].tobytes()) == (CALLER, SERVICE)
            async with session.get(path, headers={"Range": "bytes=0-43"}) as answer:
                assert (answer.status, len(await answer.read())) == (206, 44)
            entries = await audit.read(recorded.site.records, who=recorded.names[Role.LISTENER])
            found = [entry for entry in entries if entry.action == "recording heard"]
            assert [entry.subject for entry in found] == [call_id] * times
            assert found[0].detail["reason"] == REASON
        elsewhere = path.replace(call_id, await a_call(recorded))
        async with session.get(elsewhere) as answer:
            assert answer.status == 404, "the reason was for another call"


async def test_a_hearing_is_one_persons_for_a_while() -> None:
    at = 1000.0
    hearings = Hearings(lambda: at)
    given = hearings.begin(Hearing("call", "lee", REASON, b"", True, at + HEARD_FOR_S))
    assert hearings.of(given, "call", "lee") is not None
    assert hearings.of(given, "call", "chan") is None
    at += HEARD_FOR_S
    assert hearings.of(given, "call", "lee") is None


async def test_what_cannot_be_heard_is_said(recorded: Console) -> None:
    kept = recorded.settings.call_recording.keep_days
    expired = await a_call(recorded, now() - timedelta(days=kept + 2))
    broken_off = await a_call(recorded, whole=False)
    damaged = await a_call(recorded)
    never = await past_call(recorded.book)
    path = shelf_of(recorded).find(damaged)
    assert path is not None
    path.write_bytes(path.read_bytes()[:-40] + bytes(40))
    async with browser(recorded, Role.LISTENER) as session:
        for call_id, words in (
            (expired, "There is no recording of this call here"),
            (never, "There is no recording of this call here"),
            (damaged, "cannot be opened"),
            (broken_off, "broken off before the end"),
        ):
            assert words in await hear(session, call_id), words
        async with session.get("/calls/none/recording") as page:
            assert page.status == 404


@pytest.mark.parametrize(
    ("width", "language", "button"),
    [(1280, "English", "Hear the recording"), (390, "中文", "聆聽錄音")],
)
async def test_in_a_browser(
    recorded: Console, chromium: Browser, width: int, language: str, button: str
) -> None:
    call_id = await a_call(recorded)
    context = await chromium.new_context(viewport={"width": width, "height": 844})
    visit = Visit(await context.new_page(), recorded.url)
    await visit.log_in(recorded.names[Role.LISTENER], PASSWORDS[Role.LISTENER])
    if language != "English":
        await visit.press(language)
    await visit.go(f"/calls/{call_id}")
    await visit.page.get_by_role("link", name=button).click()
    await visit.page.locator("input[name=reason]").fill(REASON)
    await visit.press(button)
    player = visit.page.locator("audio")
    await player.evaluate(
        """audio => new Promise((heard) => {
            audio.addEventListener("timeupdate", () => { if (audio.currentTime > 0) heard(); });
            audio.play();
        })"""
    )
    assert await player.evaluate("audio => audio.duration") == pytest.approx(2.0)
    assert REASON in await visit.page.inner_text("main")
    script = Path(__file__).with_name("accessible.js").read_text()
    assert await visit.page.evaluate(script) == []
    seen = await Axe().run(visit.page)
    assert seen.violations_count == 0, seen.generate_report()
    assert visit.complaints == []
    await context.close()
