"""One ROCARS with its portal, two companies with a shipper and a driver each, and their visits."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext

from rocars.secrets.key_ring import Role
from rocars.settings import PortalSettings
from tests.console.conftest import chromium  # noqa: F401
from tests.rocars.conftest import World, make_world, settings_for
from tests.support.pace import limit

PASSWORD = "carry it over the hill"
SHIPPER, OTHER_SHIPPER, AGENT = "shipper1", "shipper2", "agent1"
DRIVER, OTHER_DRIVER = "20000001", "20000002"
KIOSKS = {"kwun-tong-1": "the first kiosk's key", "fotan-2": "the second kiosk's key"}
KIOSK = "kwun-tong-1"
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_KEY = re.compile(r'name="key" value="([^"]+)"')


@dataclass(frozen=True)
class Seen:
    """What a browser was shown."""

    status: int
    text: str
    path: str
    headers: Mapping[str, str]

    @property
    def key(self) -> str:
        found = _KEY.search(self.text)
        assert found is not None
        return found[1]


@dataclass
class Visit:
    """Somebody at a browser of their own, without the browser."""

    url: str
    http: aiohttp.ClientSession
    csrf: str = ""

    async def go(self, path: str, **asked: Any) -> Seen:
        async with self.http.get(self.url + path, **asked) as response:
            text = (await response.read()).decode("utf-8", "replace")
            if found := _CSRF.search(text):
                self.csrf = found[1]
            return Seen(response.status, text, response.url.path, response.headers)

    async def send(self, path: str, form: Any = None, **asked: Any) -> Seen:
        if isinstance(form, aiohttp.FormData):
            data: Any = form
        else:
            data = {"csrf": self.csrf, **(form or {})}
        async with self.http.post(self.url + path, data=data, **asked) as response:
            text = await response.text()
            if found := _CSRF.search(text):
                self.csrf = found[1]
            return Seen(response.status, text, response.url.path, response.headers)

    async def log_in(self, user_id: str, password: str = PASSWORD) -> Seen:
        return await self.send("/login", {"user_id": user_id, "password": password, "next": "/"})


@dataclass
class Portal:
    """The portal and the ROCARS behind it; `visits` are those logged in, by user ID."""

    world: World
    url: str
    visits: dict[str, Visit] = field(default_factory=dict)

    async def visit(self, user_id: str) -> Visit:
        """Of somebody who is logged in, on whatever page they were; in English."""
        if user_id not in self.visits:
            self.visits[user_id] = await self.stranger()
            seen = await self.visits[user_id].log_in(user_id)
            assert seen.status == 200, seen.text
        return self.visits[user_id]

    async def stranger(self) -> Visit:
        jar = aiohttp.CookieJar(unsafe=True)
        http = aiohttp.ClientSession(cookie_jar=jar, headers={"Accept-Language": "en"})
        self._opened.append(http)
        return Visit(self.url, http)

    async def bundling(self, user_id: str = DRIVER) -> Visit:
        """A driver who has entered the code of their token."""
        visit = await self.visit(user_id)
        seen = await visit.go("/bundles")
        if "/bundles/code" in seen.text:
            code = self.world.tokens[user_id].next()
            seen = await visit.send("/bundles/code", {"code": code})
            assert 'name="ccrns"' in seen.text, seen.text
        return visit

    async def close(self) -> None:
        for http in self._opened:
            await http.close()

    def __post_init__(self) -> None:
        self._opened: list[aiohttp.ClientSession] = []


async def browser_of(
    browser: Browser, portal: Portal, visit: Visit, language: str
) -> BrowserContext:
    """A browser that is logged in as the visitor is, in this language. To be closed."""
    context = await browser.new_context()
    context.set_default_timeout(limit(20) * 1000)
    kept = [(cookie.key, cookie.value) for cookie in visit.http.cookie_jar]
    await context.add_cookies(
        [
            {"name": name, "value": value, "url": portal.url}
            for name, value in (*kept, ("rocars_portal_language", language))
        ]
    )
    return context


async def add_account(world: World, user_id: str, role: str, company: str | None = None) -> None:
    reply = await world.ask(
        "POST",
        "/v1/accounts",
        {
            "user_id": user_id,
            "role": role,
            "company": company,
            "name": f"The {role} {user_id}",
            "password": PASSWORD,
        },
        role=Role.ADMIN,
    )
    assert reply.status == 201, reply.body


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def portal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Portal]:
    settings = settings_for(
        tmp_path_factory.mktemp("portal"),
        portal=PortalSettings(enabled=True, port=0, logins_per_minute=10_000),
        batch={"answer_within_s": 60},  # what comes of a file is on the page that is answered
        kiosk={
            "devices": [{"name": name, "key": key} for name, key in KIOSKS.items()],
            "requests_per_minute": 10_000,
            "keys_per_minute": 1000,
        },
    )
    async for world in make_world(settings):
        await world.company("BR-2")
        await world.company("BR-9")
        await world.driver(DRIVER)
        await world.driver(OTHER_DRIVER)
        await add_account(world, SHIPPER, "shipper", "BR-1")
        await add_account(world, OTHER_SHIPPER, "shipper", "BR-2")
        await add_account(world, AGENT, "shipper", "BR-9")
        await add_account(world, DRIVER, "driver")
        await add_account(world, OTHER_DRIVER, "driver")
        assert world.running.portal is not None
        opened = Portal(world, world.running.portal.url)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def agency(portal: Portal) -> AsyncIterator[int]:
    """The consent of BR-1 to BR-9, given on the portal; taken back in the end."""
    client = await portal.visit(SHIPPER)
    await client.go("/agents")
    seen = await client.send("/agents", {"number": "BR-9"})
    assert "They may act for you from now on." in seen.text
    number = (await in_force(portal))[0]
    yield number
    await client.go("/agents")
    await client.send(f"/agents/{number}/end")


async def in_force(portal: Portal) -> list[int]:
    agencies = await portal.world.running.service.agencies.of_company(0, "BR-1")
    return [agency.id for agency in agencies if agency.in_force]
