"""Passkeys beside authenticators: a real browser makes them and logs in with them, on its virtual
security keys, and no proof is good twice or for anybody else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import pyotp
import pytest
import pytest_asyncio
from aiohttp import ClientSession
from axe_playwright_python.async_playwright import Axe
from cryptography.fernet import Fernet
from playwright.async_api import Browser, CDPSession, Locator, Page, Request, Route, expect
from pydantic import SecretStr

from ivr.records import audit
from ivr.records.facts import now
from ivr.records.roles import Role
from ivr.records.second_factor import SecondFactor, TicketUse
from tests.console.conftest import PASSWORDS, Console, Visit
from tests.console.test_door import browser, ruled, token
from tests.console.test_second_factor import forget_the_last_code

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

ROLE = Role.REVIEWER
KEY = Fernet.generate_key().decode()


class Holder(Visit):
    """Somebody at a browser with a security key."""

    def __init__(self, page: Page, url: str, cdp: CDPSession, name: str) -> None:
        super().__init__(page, url)
        self.cdp, self.name, self.key = cdp, name, ""

    async def take_a_key(self) -> None:
        """Another one, which is touched whenever it is asked; the one before is put away."""
        if self.key:
            await self.cdp.send(
                "WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.key}
            )
        options = {"protocol": "ctap2", "transport": "usb", "automaticPresenceSimulation": True}
        made = await self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.key = made["authenticatorId"]

    async def give_password(self) -> None:
        await self.go("/login")
        await self.page.locator("[name=name]").fill(self.name)
        await self.page.locator("[name=password]").fill(PASSWORDS[ROLE])
        await self.page.locator("main form button").click()

    async def set_up(self, label: str, password: str = PASSWORDS[ROLE]) -> None:
        """Until the browser is to make it."""
        await self.go("/me")
        form = self.page.locator("form[action='/me/passkeys/new']")
        await form.locator("[name=label]").fill(label)
        await form.locator("[name=old]").fill(password)
        await form.locator("button").click()

    async def make(self) -> None:
        await self.page.locator("form[data-passkey] button").click()

    async def set_up_an_authenticator(self) -> pyotp.TOTP:
        """Beside the passkey, which says that it is them."""
        await self.go("/me")
        form = self.page.locator("form[action='/me/second-factor/new']")
        await form.get_by_label("Current password").fill(PASSWORDS[ROLE])
        await form.get_by_role("button").click()
        await self.page.get_by_role("button", name="Use a passkey").click()
        totp = pyotp.TOTP(await self.page.locator("main code").inner_text())
        await self.page.get_by_label("Code").fill(totp.now())
        await self.page.get_by_label("Current password").fill(PASSWORDS[ROLE])
        await self.page.get_by_role("button", name="Set up").click()
        assert "code of your authenticator is asked for" in await self.notice()
        return totp


@pytest.fixture
def party(console: Console) -> str:
    """The address of the console by a name: browsers make no passkeys for an IP address."""
    ruled(console, second_factor_key=SecretStr(KEY))
    console.site.people.second_factor = console.site.passkeys.factor = SecondFactor(KEY)
    return console.url.replace("127.0.0.1", "localhost")


@pytest_asyncio.fixture(loop_scope="session")
async def holder(chromium: Browser, console: Console, party: str) -> AsyncIterator[Holder]:
    context = await chromium.new_context(locale="en")
    page = await context.new_page()
    cdp = await context.new_cdp_session(page)
    await cdp.send("WebAuthn.enable")
    somebody = Holder(page, party, cdp, console.names[ROLE])
    await somebody.take_a_key()
    await somebody.give_password()
    await page.wait_for_url("**/live")
    yield somebody
    await context.close()


async def deeds(console: Console) -> list[tuple[str, object]]:
    entries = await audit.read(console.site.records, who=console.names[ROLE])
    return [
        (entry.action, entry.detail.get("passkey") or entry.detail.get("why")) for entry in entries
    ]


async def remove_passkey(row: Locator) -> None:
    await row.get_by_text("Change").click()
    await row.get_by_label("Current password").fill(PASSWORDS[ROLE])
    await row.get_by_role("button", name="Remove").click()


async def test_from_setting_it_up_to_logging_in_and_taking_it_away(
    console: Console, holder: Holder
) -> None:
    page = holder.page
    await holder.set_up("blue key", password="wrong")
    assert "password of today is wrong" in await holder.notice()
    await expect(page.get_by_label("Name of the new passkey")).to_have_value("blue key")
    await holder.set_up("blue key")
    await holder.make()
    assert await holder.notice() == (
        "From now on a passkey is asked for at log-in, after the password."
    )
    row = page.get_by_role("row").filter(has_text="blue key")
    await expect(row).to_contain_text("never")
    await holder.set_up("the same again")
    await holder.make()  # first it says that it is them
    await page.get_by_role("heading", name="the same again").wait_for()
    await holder.make()
    await expect(page.get_by_role("alert")).to_have_text("That passkey is set up already.")

    await page.get_by_role("button", name="Log out", exact=True).click()
    await holder.give_password()
    await page.get_by_role("button", name="Log in with a passkey").click()
    await page.wait_for_url("**/live")
    await holder.go("/me")
    await expect(row).not_to_contain_text("never")

    ruled(console, second_factor_roles=(ROLE,))
    await row.get_by_text("Change").click()
    await row.get_by_label("Name").fill("  key of   the drawer ")
    await row.get_by_role("button", name="Set").click()
    row = page.get_by_role("row").filter(has_text="key of the drawer")
    await remove_passkey(row)
    assert await holder.notice() == "your role needs a second factor: set up another one first"
    totp = await holder.set_up_an_authenticator()  # with it the passkey may go
    await remove_passkey(row)
    seen = await Axe().run(page)
    assert seen.violations_count == 0, seen.generate_report()
    await forget_the_last_code(console)
    await page.get_by_label("Code").fill(totp.now())
    await page.get_by_role("button", name="Go on").click()
    assert await holder.notice() == "It is removed. Everywhere else you are logged out."
    await expect(row).to_have_count(0)
    await expect(page.get_by_role("listitem").filter(has_text="passkey removed")).to_have_count(1)
    assert holder.asked == ["Remove the passkey key of the drawer?"] * 2
    assert holder.complaints == []
    done = [deed for deed in await deeds(console) if "passkey" in deed[0]]
    assert done == [
        ("passkey removed", "key of the drawer"),
        ("passkey renamed", "key of the drawer"),
        ("passkey added", "blue key"),
    ]

    async with browser(console, Role.ADMINISTRATOR) as session:
        form = {"csrf": await token(session), "reason": "lost"}
        async with session.post(f"/people/{holder.name}/second-factor", data=form) as answered:
            assert "Done." in await answered.text()
    await holder.give_password()
    await page.wait_for_url("**/me")  # their role needs one: they set up another
    await expect(page.locator("main")).to_contain_text("Your role needs a second factor")


async def test_a_proof_is_good_once_and_for_its_own_ticket(
    console: Console, holder: Holder
) -> None:
    await holder.set_up("blue key")
    await holder.make()
    await holder.notice()
    await holder.page.get_by_role("button", name="Log out", exact=True).click()
    await holder.give_password()
    caught: list[Request] = []

    async def catch(route: Route) -> None:
        caught.append(route.request)
        await route.fulfill(body="caught")

    await holder.page.route("**/login/passkey", catch)
    await holder.make()
    await holder.page.wait_for_url("**/login/passkey")
    form = {name: values[0] for name, values in parse_qs(caught[0].post_data or "").items()}
    credential = json.loads(form["credential"])
    signed = credential["response"]

    def altered(**response: str) -> str:
        return json.dumps(credential | {"response": signed | response})

    other = SecondFactor(KEY).ticket(holder.name, now())
    wrong: list[dict[str, str]] = [
        {"ticket": other},
        {"ticket": SecondFactor(KEY).ticket(console.names[Role.VIEWER], now())},
        *(
            {"ticket": SecondFactor(KEY).ticket(holder.name, now(), use, "to be made")}
            for use in (TicketUse.MAKE_PASSKEY, TicketUse.CHANGE_FACTORS)
        ),
        {"credential": altered(signature=signed["clientDataJSON"])},
        {"credential": altered(authenticatorData="AAAA")},
        {"credential": json.dumps(credential | {"rawId": "AAAA", "id": "AAAA"})},
        *(
            {"credential": odd}
            for odd in ("", "{}", "[]", "null", "1e999", '"\\ud800"', "x" * 9000, "[" * 5000)
        ),
        *({"credential": altered(clientDataJSON=odd)} for odd in ("", "AA", "bnVsbA", "é")),
    ]
    async with ClientSession(holder.url) as session:
        for at, change in enumerate(wrong):
            async with session.post("/login/passkey", data=form | change) as answer:
                assert answer.status in (403, 429), (at, change)
            await console.site.people.accounts.unlock("test", holder.name)
        for status in (303, 403):
            async with session.post("/login/passkey", data=form, allow_redirects=False) as answer:
                assert answer.status == status
    assert ("log-in failed", "passkey") in await deeds(console)


async def test_in_chinese_and_without_a_name_or_a_key(
    chromium: Browser, console: Console, party: str, holder: Holder
) -> None:
    await holder.set_up("藍色鑰匙")
    await holder.make()
    await holder.notice()
    context = await chromium.new_context(locale="zh-HK")
    somebody = Holder(await context.new_page(), party, holder.cdp, holder.name)
    await somebody.give_password()
    page = somebody.page
    await expect(page.get_by_role("heading", level=1)).to_have_text("你的第二重驗證")
    await expect(page.get_by_role("button", name="以通行密鑰登入")).to_be_focused()
    for shown in (page, holder.page):
        found = await Axe().run(shown)
        assert found.response["violations"] == []
    await page.add_init_script("delete window.PublicKeyCredential")
    await somebody.give_password()
    await expect(page.get_by_role("alert")).to_contain_text("這個瀏覽器在此不支援通行密鑰")
    somebody.url = console.url
    await somebody.give_password()
    await expect(page.get_by_role("status")).to_contain_text("localhost")
    assert somebody.complaints == []
    await context.close()
    async with browser(console, Role.VIEWER) as session, session.get("/me") as answer:
        assert "not by an address" in await answer.text()
