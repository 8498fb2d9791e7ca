"""Log-in with the accounts of an OpenID provider: whom it names gets in as what their groups are,
and nothing that it did not sign for this log-in opens anything."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, CookieJar
from joserfc import jwk
from playwright.async_api import Browser, expect
from pydantic import ValidationError
from yarl import URL

from ivr.console.oidc_client import OidcClient
from ivr.console.oidc_settings import OidcSettings
from ivr.console.settings import ConsoleSettings
from ivr.records import audit
from ivr.records.roles import Role
from tests.console.conftest import PASSWORDS, Console, Visit
from tests.console.test_door import browser, ruled, token
from tests.support.openid_provider import CLIENT, SECRET, OpenIdProvider, new_key, somebody

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

ROLES = {"ivr-admins": Role.ADMINISTRATOR, "ivr-reviewers": Role.REVIEWER, "ivr": Role.VIEWER}
NAME = "wong.mc"


def settings_for(provider: OpenIdProvider, **changed: object) -> OidcSettings:
    return OidcSettings.model_validate(
        {
            "issuer": provider.issuer,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "roles": ROLES,
            "title": "Staff ID",
        }
        | changed
    )


@pytest_asyncio.fixture(loop_scope="session")
async def provider(console: Console) -> AsyncIterator[OpenIdProvider]:
    """A provider that the console knows, and whose next visitor is a reviewer."""
    running = OpenIdProvider(claims=dict(somebody()))
    await running.start()
    use(console, settings_for(running))
    yield running
    await running.stop()


def use(console: Console, settings: OidcSettings) -> None:
    ruled(console, oidc=settings, public_url=console.url)
    console.site.provider = OidcClient(settings)


@asynccontextmanager
async def a_browser(console: Console) -> AsyncIterator[ClientSession]:
    async with ClientSession(console.url, cookie_jar=CookieJar(unsafe=True)) as session:
        yield session


async def came_in(console: Console, there: str = "/me") -> tuple[int, str, str]:
    """Status, path and text of the page that somebody comes to who logs in."""
    async with (
        a_browser(console) as session,
        session.get("/login/provider", params={"next": there}) as answer,
    ):
        return answer.status, answer.url.path, await answer.text()


async def deeds(console: Console) -> list[tuple[str, str, object]]:
    entries = await audit.read(console.site.records, limit=8)
    return [(entry.who, entry.action, entry.detail.get("why")) for entry in entries]


async def test_whom_the_provider_names_gets_in_as_what_their_groups_are(
    console: Console, provider: OpenIdProvider
) -> None:
    status, path, page = await came_in(console)
    assert (status, path) == (200, "/me")
    assert "Wong Mei Chun" in page
    assert "You log in with Staff ID" in page
    assert 'name="password"' not in page
    person = await console.site.people.accounts.by_name(NAME)
    assert person is not None
    assert (person.role, person.subject) == (Role.REVIEWER, "1001")
    needing = {"oidc": console.site.rules.oidc, "public_url": console.url}
    ruled(console, second_factor_roles=tuple(Role), **needing)  # but not of the provider's
    provider.claims |= {"groups": ["ivr", "ivr-admins"], "preferred_username": "another"}
    status, path, page = await came_in(console, "/people")
    assert (status, path) == (200, "/people")
    ruled(console, second_factor_roles=())
    assert "by the groups of Staff ID" in page
    assert (
        await console.site.people.accounts.by_name("another") is None
    )  # they are known by their subject
    assert await console.site.people.log_in(NAME, "", "127.0.0.1") is None
    actions = [(who, action) for who, action, _ in await deeds(console)]
    assert actions == [
        (NAME, "log-in failed"),
        (NAME, "logged in"),
        ("(identity provider)", "person: role set"),
        (NAME, "logged in"),
        ("(identity provider)", "person added"),
        *actions[5:],
    ]
    async with browser(console, Role.ADMINISTRATOR) as session:
        form = {"csrf": await token(session), "role": "viewer", "password": "a long enough secret"}
        for what in ("role", "password"):
            async with session.post(f"/people/{NAME}/{what}", data=form) as answer:
                assert "identity provider" in await answer.text()
        async with session.post(f"/people/{NAME}/active", data=form) as answer:
            assert "Done." in await answer.text()
    status, _, page = await came_in(console)
    assert (status, "Your account is deactivated." in page) == (403, True)


HOUR = 3600
PAST, FUTURE = 1_700_000_000, 4_000_000_000
WRONG: dict[str, dict[str, Any]] = {
    "nonce": {"nonce": "of another log-in"},
    "no nonce": {"nonce": None},
    "issuer": {"iss": "http://127.0.0.1/another"},
    "audience": {"aud": "another client"},
    "audiences": {"aud": [CLIENT, "another client"]},
    "given to another": {"azp": "another client"},
    "expired": {"exp": PAST},
    "never expires": {"exp": None},
    "not yet": {"iat": FUTURE},
    "nobody": {"sub": ""},
    "no subject": {"sub": None},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG)
async def test_an_id_token_that_is_not_for_us_lets_nobody_in(
    console: Console, provider: OpenIdProvider, changed: dict[str, Any]
) -> None:
    provider.changed = changed
    status, _, page = await came_in(console)
    assert status == 403
    assert "Staff ID did not let you in" in page
    assert await console.site.people.accounts.by_name(NAME) is None
    assert (await deeds(console))[0] == ("(identity provider)", "log-in failed", "not proved")


async def test_a_signature_that_is_not_the_providers_lets_nobody_in(
    console: Console, provider: OpenIdProvider
) -> None:
    provider.signs_with = new_key("first")
    assert (await came_in(console))[0] == 403
    public = provider.key.as_dict(private=False)
    provider.signs_with, provider.algorithm = jwk.OctKey.import_key(str(public) * 2), "HS256"
    assert (await came_in(console))[0] == 403
    provider.algorithm = "none"
    assert (await came_in(console))[0] == 403
    provider.signs_with, provider.algorithm = None, "ES256"
    assert (await came_in(console))[0] == 200
    provider.key = new_key("second")  # it has changed its keys
    assert (await came_in(console))[0] == 200


async def test_who_is_in_no_group_of_ours_is_told_so(
    console: Console, provider: OpenIdProvider
) -> None:
    for groups in (None, [], ["everybody", "Ivr-Admins"], "no list", {"ivr": True}, [["ivr"]]):
        provider.changed, provider.user_info = {"groups": groups}, {"sub": "1001"}
        status, _, page = await came_in(console)
        assert (status, "none of the groups" in page) == (403, True), groups
    assert (await deeds(console))[0] == (NAME, "log-in failed", "no group")
    provider.user_info = {"sub": "1001", "groups": "ivr"}  # said there, and as one text
    provider.changed = {"groups": None}
    assert (await came_in(console))[0] == 200
    provider.user_info["sub"] = "1002"
    assert (await came_in(console))[0] == 403


async def test_what_was_not_begun_in_this_browser_ends_nowhere(
    console: Console, provider: OpenIdProvider
) -> None:
    back: list[str] = []
    async with a_browser(console) as victim, a_browser(console) as thief:
        async with thief.get("/login/provider", allow_redirects=False) as answer:
            there = answer.headers["Location"]
        async with thief.get(there, allow_redirects=False) as answer:
            back.append(answer.headers["Location"])
        async with victim.get(back[0]) as answer:  # a log-in that somebody else has begun
            assert answer.status == 403
        async with victim.get("/login/provider", allow_redirects=False):
            pass
        for query in ("", "?error=access_denied", "?code=x", "?code=%00&state=%00"):
            async with victim.get(f"/login/provider/back{query}") as answer:
                assert answer.status in (400, 403), query
        another = URL(back[0]).update_query(iss="https://another.example")
        for way in (another, back[0]):  # and its cookie went with the first answer
            async with thief.get(way, allow_redirects=False) as answer:
                assert answer.status == 403
    assert await console.site.people.accounts.by_name(NAME) is None


async def test_a_local_account_is_handed_over_and_taken_back(
    console: Console, provider: OpenIdProvider
) -> None:
    name = console.names[Role.OPERATOR]
    provider.claims |= {"preferred_username": name.upper()}
    status, _, page = await came_in(console)
    assert (status, "a local account of your name" in page) == (403, True)
    async with browser(console, Role.ADMINISTRATOR) as session:
        form = {"csrf": await token(session)}
        own = console.names[Role.ADMINISTRATOR]
        async with session.post(f"/people/{own}/provider", data=form) as answer:
            assert "somebody must remain who may administrate" in await answer.text()
        async with session.post(f"/people/{name}/provider", data=form) as answer:
            assert "Done." in await answer.text()
        given = await console.site.people.log_in(name, PASSWORDS[Role.OPERATOR], "127.0.0.1")
        assert given is None
        assert (await came_in(console))[0] == 200
        provider.claims |= {"sub": "1002"}  # somebody else who has come to have that name
        assert (await came_in(console))[0] == 403
        async with session.post(f"/people/{name}/local", data=form) as answer:
            assert "Done." in await answer.text()
        form["password"] = "the new secret of this operator"
        async with session.post(f"/people/{name}/password", data=form) as answer:
            assert "Done." in await answer.text()
    given = await console.site.people.log_in(name, form["password"], "127.0.0.1")
    assert given is not None
    assert (await came_in(console))[0] == 403


async def test_while_the_provider_is_away_local_accounts_log_in(
    console: Console, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[object] = []
    look_up = socket.getaddrinfo

    def noting(host: object, *more: Any, **rest: Any) -> Any:
        looked_up.append(host)
        return look_up(host, *more, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", noting)
    for metadata in (
        {"token_endpoint": "https://id.elsewhere.example/token"},
        {"jwks_uri": "https://keys.elsewhere.example/"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"issuer": "http://127.0.0.1/another"},
        {"token_endpoint": None},
    ):
        provider.metadata = metadata
        status, _, page = await came_in(console)
        assert (status, "Staff ID does not answer" in page) == (503, True), metadata
    assert not [host for host in looked_up if "elsewhere" in str(host)]
    await provider.stop()
    status, _, page = await came_in(console)
    assert (status, "Staff ID does not answer" in page) == (503, True)
    async with browser(console, Role.VIEWER) as session, session.get("/live") as answer:
        assert answer.status == 200
    assert provider.begun == 0


async def test_without_a_setting_there_is_none(console: Console) -> None:
    async with a_browser(console) as session:
        for path in ("/login/provider", "/login/provider/back?code=x&state=x"):
            async with session.get(path) as answer:
                assert answer.status == 404
        async with session.get("/login") as answer:
            assert "/login/provider" not in await answer.text()


async def test_in_a_browser_and_in_chinese(
    console: Console, provider: OpenIdProvider, chromium: Browser
) -> None:
    provider.asks = True
    context = await chromium.new_context(locale="zh-HK")
    visit = Visit(await context.new_page(), console.url)
    await visit.go("/calls")
    await visit.page.get_by_role("link", name="以 Staff ID 登入").click()
    await visit.page.get_by_role("link", name="Go on").click()
    await visit.page.wait_for_url("**/calls")
    await visit.go("/me")
    await expect(visit.page.locator("main")).to_contain_text("你以 Staff ID 登入")
    await context.clear_cookies()
    await provider.stop()
    console.site.provider = OidcClient(console.site.rules.oidc)
    await visit.go("/login")
    await visit.page.get_by_role("link", name="以 Staff ID 登入").click()
    await expect(visit.page.get_by_role("alert")).to_contain_text("Staff ID 沒有回應")
    assert [text for text in visit.complaints if "status of 503" not in text] == []
    await context.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": ""},
        {"roles": {}},
        {"issuer": "http://id.example.hk"},
        {"issuer": "https://me@id.example.hk"},
        {"scopes": ["profile"]},
        {"roles": {"everybody": "king"}},
    ],
)
async def test_a_setting_that_is_not_safe_or_not_whole_is_refused(wrong: dict[str, Any]) -> None:
    right = {"issuer": "https://id.example.hk", "client_id": "console", "roles": {"ivr": "viewer"}}
    assert OidcSettings.model_validate(right).is_on
    with pytest.raises(ValidationError):
        OidcSettings.model_validate(right | wrong)
    with pytest.raises(ValidationError, match="public_url"):
        ConsoleSettings.model_validate({"oidc": right})
