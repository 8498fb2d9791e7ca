"""One ROCARS with its portal and its registrars' desk, and visits to both."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from rocars.counter.site import ROOT
from rocars.secrets.key_ring import Role
from rocars.settings import PortalSettings
from tests.console.conftest import chromium  # noqa: F401
from tests.rocars.conftest import World, make_world, settings_for
from tests.rocars.crossing.conftest import PASSWORD, SEED, code_at
from tests.rocars.registry.conftest import COMPANY, Desk

_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_KEY = re.compile(r'name="key" value="([^"]+)"')
_GIVEN = re.compile(r'id="(reference|code)">([^<]+)<')


@dataclass(frozen=True)
class Seen:
    """What a browser was shown; `body` as it came."""

    status: int
    text: str
    body: bytes
    path: str
    headers: Any


@dataclass
class Browser:
    """A browser of somebody's own, without the browser."""

    url: str
    http: aiohttp.ClientSession
    csrf: str = ""
    key: str = ""

    async def ask(self, method: str, path: str, form: Any = None, **how: Any) -> Seen:
        sent = {"csrf": self.csrf, **form} if form is not None else None
        async with self.http.request(method, self.url + path, data=sent, **how) as answer:
            body = await answer.read()
            text = body.decode("utf-8", "replace")
            if found := _CSRF.search(text):
                self.csrf = found[1]
            if found := _KEY.search(text):
                self.key = found[1]
            return Seen(answer.status, text, body, answer.url.path, answer.headers)

    async def go(self, path: str, **how: Any) -> Seen:
        return await self.ask("GET", path, **how)

    async def send(self, path: str, form: Any = None, **how: Any) -> Seen:
        return await self.ask("POST", path, form or {}, **how)


@dataclass
class Office:
    """The desk, the portal, and whoever has a browser at them."""

    world: World
    _opened: list[aiohttp.ClientSession] = field(default_factory=list)
    _officers: dict[str, Browser] = field(default_factory=dict)

    @property
    def desk(self) -> Desk:
        return Desk(self.world)

    @property
    def portal_url(self) -> str:
        assert self.world.running.portal is not None
        return self.world.running.portal.url

    def at(self, url: str) -> Browser:
        jar = aiohttp.CookieJar(unsafe=True)
        http = aiohttp.ClientSession(cookie_jar=jar, headers={"Accept-Language": "en"})
        self._opened.append(http)
        return Browser(url, http)

    def stranger(self) -> Browser:
        return self.at(self.world.running.base_url + ROOT)

    def visitor(self) -> Browser:
        """Somebody at the portal."""
        return self.at(self.portal_url)

    async def officer(self, name: str = "hoi") -> Browser:
        """Somebody who is logged in to the desk."""
        if name not in self._officers:
            browser = self.stranger()
            self.world.clock.forward(seconds=31)
            form = {"name": name, "password": PASSWORD, "code": code_at(self.world)}
            seen = await browser.send("/login", {**form, "next": f"{ROOT}/log"})
            assert seen.path == f"{ROOT}/log", seen.text
            self._officers[name] = browser
        return self._officers[name]

    async def applied(self, **changes: str) -> tuple[str, str]:
        """Reference and code of an application that somebody sent."""
        browser = self.visitor()
        await browser.go("/register")
        number = secrets.token_hex(8)
        form = COMPANY | {"registration_number": number} | changes
        seen = await browser.send("/register", {**form, "key": browser.key})
        assert seen.status == 200, seen.text
        given = dict(_GIVEN.findall(seen.text))
        return given["reference"], given["code"]

    async def number_of(self, reference: str) -> int:
        queue = await self.desk.service.applications.queue()
        return next(seen.id for seen in queue if seen.reference == reference)

    async def close(self) -> None:
        for http in self._opened:
            await http.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    settings = settings_for(
        tmp_path_factory.mktemp("registration"),
        portal=PortalSettings(enabled=True, port=0, logins_per_minute=10_000),
        registration={"applications_per_minute": 10_000},
        crossing={"logins_per_minute": 1000},
    )
    async for world in make_world(settings):
        for name, role in (
            ("hoi", "registrar"),
            ("mak", "registrar"),
            ("wong", "officer"),
            ("lam", "analyst"),
        ):
            reply = await world.ask(
                "POST",
                "/v1/officers",
                {"name": name, "role": role, "password": PASSWORD, "seed": SEED},
                role=Role.ADMIN,
            )
            assert reply.status == 201, reply.body
        opened = Office(world)
        yield opened
        await opened.close()
