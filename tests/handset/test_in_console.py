"""The telephone of the console: who may call from it, what is noted of it, who cannot get at it."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from ivr.caller.scenario.reading import read
from ivr.handset.dialler import Dialler
from ivr.handset.messages import PlaceCall, State, Told
from ivr.handset.placed_call import PlacedCall
from ivr.observe.metrics import MeteredRecords
from ivr.records.call_book import CallBook
from ivr.records.database import Database, RecordsUnavailable
from ivr.records.prompt_tables import Source
from ivr.records.prompt_versions import NewVersion, PromptVersions
from ivr.records.roles import Role
from ivr.settings.service import Settings
from ivr.studio.draft_calls import HEADER, DraftKey
from ivr.telephony.settings import TelephonySettings
from ivr.telephony.telephone import Telephone
from prompts.library import RECORDINGS
from prompts.script import clips
from speech.languages.language import Language
from tests.console.conftest import NAMES, Visit
from tests.handset.conftest import (
    Socket,
    console_socket,
    logged_in,
    page_socket,
    token_of,
)
from tests.handset.test_attacks import PLACE, shaken
from tests.handset.test_handset import ACCESSIBLE
from tests.support.pace import limit
from tests.support.service import Service

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="session")]

CALLER = "+85291230077"
OPERATOR = NAMES[Role.OPERATOR]


def noted(service: Service, caller: str, deed: str = "test call") -> list[tuple[str, str]]:
    """Who called which number as this caller, by the audit log."""
    rows = service.query(
        "SELECT who, subject, detail FROM audit WHERE action = ? ORDER BY entry_id", deed
    )
    return [
        (who, subject)
        for who, subject, received in rows
        if json.loads(received)["caller"] == caller
    ]


async def test_an_operator_calls_from_the_console(
    chromium: Browser,
    service: Service,
    console_url: str,
    people: dict[Role, str],
) -> None:
    context = await chromium.new_context(locale="en", viewport={"width": 320, "height": 900})
    visit = Visit(await context.new_page(), console_url)
    page = visit.page
    await visit.log_in(OPERATOR, people[Role.OPERATOR])
    await page.get_by_role("navigation").get_by_role("link", name="Telephone").click()
    await page.locator("#call summary").click()
    assert await page.evaluate(ACCESSIBLE) == []
    assert await page.locator("#trial").count() == 0
    await page.get_by_role("button", name="中文").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("致電本服務")
    await page.get_by_role("button", name="English").click()
    await page.locator("#call summary").click()
    await page.locator("[name=caller]").fill(CALLER)
    await page.get_by_role("button", name="Call", exact=True).click()
    await expect(page.locator("#state")).to_have_text("Connected. Key or speak.")
    await expect(page.locator("#transcript .service").first).to_be_visible()
    assert noted(service, CALLER) == [(OPERATOR, "3902")]
    await expect(page.locator("#choices dt")).to_have_text(["1", "2", "3"])
    await expect(page.locator("#keypad .possible")).to_have_count(3)
    await page.keyboard.press("3")
    await expect(page.locator("#digits")).to_contain_text("digits")
    assert await page.evaluate(ACCESSIBLE) == []
    await page.get_by_role("button", name="Hang up").click()
    await expect(page.locator("#state")).to_have_text("The call is over.")
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Save as test").click()
    scenario = await (await downloading.value).path()
    (step, *_) = read(scenario).scenario.all_calls()[0].steps
    assert step.title() == "dial 3902"
    (call_id,), *_ = service.query(
        "SELECT call_id FROM calls WHERE caller_e164 = ? ORDER BY offered_at DESC", CALLER
    )
    await visit.go(f"/calls/{call_id}")
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Save as test").click()
    assert (await (await downloading.value).path()).read_text() == scenario.read_text()
    assert visit.complaints == []
    await context.close()
    service.until_idle()


async def test_who_is_not_of_the_role_gets_nothing(
    console_url: str, people: dict[Role, str]
) -> None:
    async with aiohttp.ClientSession(console_url) as stranger:
        for path in ("/telephone", "/telephone/line"):
            async with stranger.get(path, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"][:6]) == (303, "/login")
    async with logged_in(console_url, Role.VIEWER, people[Role.VIEWER]) as viewer:
        for path in ("/telephone", "/telephone/line"):
            async with viewer.get(path) as answer:
                assert answer.status == 403
        async with viewer.get("/live") as page:
            assert "/telephone" not in await page.text()


async def test_another_sites_page_opens_no_line(console_url: str, people: dict[Role, str]) -> None:
    """The cookie of the session comes along, as a browser sends it; that is not enough."""
    async with logged_in(console_url, Role.OPERATOR, people[Role.OPERATOR]) as http:
        here = {
            "Origin": console_url,
            "Sec_WebSocket_Protocol": f"handset, {await token_of(http, '/telephone')}",
            "Cookie": "; ".join(f"{kept.key}={kept.value}" for kept in http.cookie_jar),
        }
    url = f"{console_url}/telephone"
    assert await shaken(url, **here) == 101
    for wrong in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": console_url.replace("http:", "https:")},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_WebSocket_Protocol": "handset"},
        {"Sec_WebSocket_Protocol": "handset, wrong"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ):
        assert await shaken(url, **here | wrong) in (403, 421), wrong


async def test_what_no_page_of_ours_sends_closes_the_line(
    console_url: str, people: dict[Role, str]
) -> None:
    async with (
        logged_in(console_url, Role.OPERATOR, people[Role.OPERATOR]) as http,
        console_socket(http, console_url) as page,
    ):
        await page.wish(do="transfer", to="sip:evil@example.net")
        assert await page.closed() == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_who_is_logged_out_is_hung_up(
    service: Service, console_url: str, people: dict[Role, str]
) -> None:
    async with (
        logged_in(console_url, Role.OPERATOR, people[Role.OPERATOR]) as http,
        console_socket(http, console_url) as page,
    ):
        await page.wish(**PLACE)
        await page.until(tell="state", state="talking")
        form = {"csrf": await token_of(http, "/telephone")}
        async with http.post("/logout", data=form, allow_redirects=False) as answer:
            assert answer.status == 303
        assert await page.closed() == aiohttp.WSCloseCode.GOING_AWAY
    service.until_idle()


GREETING = "welcome.greeting"


async def greeted(page: Socket, caller: str, **wish: object) -> str:
    """All that is said in a call until the language is asked for."""
    before = len(page.received)
    await page.wish(**PLACE | {"caller": caller} | wish)
    await page.until(tell="step", step="asked", name="welcome.language")
    await page.wish(do="hang_up")
    await page.until(tell="written")
    return " ".join(
        received["text"] for received in page.received[before:] if received["tell"] == "step"
    )


async def test_drafts_are_heard_by_their_author_alone_and_when_asked_for(
    service: Service, url: str, console_url: str, people: dict[Role, str]
) -> None:
    records = Database(service.settings.records_url, service.settings.records)
    versions = PromptVersions(records)
    for language in Language:
        clip = next(clip for clip in clips(language) if clip.name == GREETING)
        sound = (RECORDINGS / language / f"{GREETING}.flac").read_bytes()
        words = f"A draft in {language}."
        draft = NewVersion(
            language, GREETING, words, clip.digest, sound, 1.0, None, Source.UPLOADED
        )
        await versions.add(OPERATOR, draft)
    await records.close()
    for role, linked in ((Role.OPERATOR, True), (Role.REVIEWER, False)):
        async with logged_in(console_url, role, people[role]) as http:
            async with http.get("/prompts/en/1001") as prompt:
                assert ('href="/telephone?drafts"' in await prompt.text()) is linked
            async with console_socket(http, console_url) as page:
                greeting = await greeted(page, "+85291230081", drafts=True)
                assert ("A draft in" in greeting) is (role is Role.OPERATOR)
                assert "A draft in" not in await greeted(page, "+85291230082")
    async with page_socket(url) as page:  # of a trial: nobody knows whose
        assert "A draft in" not in await greeted(page, "", drafts=True)
    callers = [(OPERATOR, "3902"), (NAMES[Role.REVIEWER], "3902")]
    assert noted(service, "+85291230081", "test call with drafts") == callers
    service.until_idle()


async def test_a_stranger_has_no_drafts_played(service: Service) -> None:
    """Sealed with a key of their own, straight into the front from this machine."""
    caller = "+85291230085"
    seal = DraftKey.new().seal(OPERATOR, caller, "3902")
    telephone = Telephone(TelephonySettings.model_validate({"sip_port": 0, "rtp_port_first": 0}))
    await telephone.start()
    try:
        call = await telephone.dial(service.uri, from_user=caller, headers={HEADER: seal})
        await call.answered()
        async with asyncio.timeout(limit(30)):
            while not (received := texts_of(service, caller)):
                await asyncio.sleep(0.1)
        await call.hang_up()
    finally:
        await telephone.stop()
    assert "A draft in" not in " ".join(received)
    assert "not a test call of ours" in service.log.read_text()
    service.until_idle()


def texts_of(service: Service, caller: str) -> list[str]:
    rows = service.query(
        "SELECT text FROM steps JOIN calls USING (call_id) WHERE caller_e164 = ?"
        " AND kind IN ('said', 'asked') ORDER BY sequence",
        caller,
    )
    return [str(text) for (text,) in rows]


async def test_a_call_that_cannot_be_noted_is_not_placed() -> None:
    received: list[Told] = []

    async def tell(what: Told) -> None:
        received.append(what)

    async def nowhere(_: PlaceCall) -> None:
        raise RecordsUnavailable("away")

    async def hear(_: bytes) -> None:
        raise AssertionError("nothing can be heard")

    settings = Settings()
    dialler = Dialler("sip:127.0.0.1:9", ("3902",), settings.telephony, 1)
    book = CallBook(settings.records_url, settings.records, MeteredRecords())
    wish = PlaceCall(do="call", number="3902", caller=CALLER)
    await PlacedCall(wish, dialler, book, (), nowhere, tell, hear).run()
    assert received == [State("not_placed", "no_records")]
    with dialler.one_of_them():
        pass  # its place is free again


async def test_it_is_nobodys_unless_it_is_set_and_never_a_viewers() -> None:
    assert Settings().handset.console_role is None
    with pytest.raises(ValueError, match="expected operator, reviewer or administrator"):
        Settings.model_validate({"handset": {"console_role": "viewer"}})
    trunk = {"name": "trunk", "networks": ["192.0.2.1/32"]}
    local = {"name": "local", "networks": ["127.0.0.1/32"]}
    for peers in ([trunk], [trunk, local | {"username": "a", "password": "b"}]):
        with pytest.raises(ValueError, match=r"127\.0\.0\.1 may not call"):
            Settings.model_validate(
                {"handset": {"console_role": "operator"}, "sip": {"peers": peers}}
            )
    settings = {"handset": {"console_role": "operator"}, "sip": {"peers": [trunk, local]}}
    assert Settings.model_validate(settings).has_handset
