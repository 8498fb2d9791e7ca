"""One service in a trial, and its telephone in the browser."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from ivr.records.database import Database
from ivr.records.people import People
from ivr.records.roles import Role
from tests.console.conftest import CHROMIUM, NAMES, PASSWORDS
from tests.support.pace import limit
from tests.support.service import Service

CALLS = 3
"""That the telephone places at once."""


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(
        tmp_path_factory.mktemp("handset"),
        {"handset": {"enabled": True, "calls": CALLS, "console_role": "operator"}},
    )
    service.start()
    yield service
    service.stop()


@pytest.fixture(scope="session")
def url(service: Service) -> str:
    return f"http://127.0.0.1:{service.handset_port}"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def people(service: Service) -> dict[Role, str]:
    """Passwords of people of its console."""
    passwords = {role: PASSWORDS[role] for role in (Role.VIEWER, Role.OPERATOR, Role.REVIEWER)}
    records = Database(service.settings.records_url, service.settings.records)
    for role, password in passwords.items():
        await People(records).accounts.add("test", NAMES[role], f"The {role}", role, password)
    await records.close()
    return passwords


@pytest.fixture(scope="session")
def console_url(service: Service) -> str:
    return f"http://127.0.0.1:{service.web_port}"


@asynccontextmanager
async def logged_in(
    console: str, role: Role, password: str
) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser of somebody of the console."""
    async with aiohttp.ClientSession(console, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        form = {"name": NAMES[role], "password": password}
        async with http.post("/login", data=form, allow_redirects=False) as answer:
            assert answer.status == 303
        yield http


@asynccontextmanager
async def browser(*arguments: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", *arguments]
        )
        yield launched
        await launched.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def whole_browser() -> AsyncIterator[Browser]:
    async with browser() as launched:
        yield launched


@pytest_asyncio.fixture(loop_scope="session")
async def chromium(whole_browser: Browser) -> AsyncIterator[Browser]:
    """No page outlives its test, nor the call it made: also where the test failed."""
    yield whole_browser
    for context in whole_browser.contexts:
        await context.close()


@dataclass
class Socket:
    """A page's WebSocket without the page."""

    socket: aiohttp.ClientWebSocketResponse
    sound: int = 0
    received: list[dict[str, Any]] = field(default_factory=list)

    async def wish(self, **wish: Any) -> None:
        await self.socket.send_json(wish)

    async def until(self, **what: Any) -> dict[str, Any]:
        """The next that is told which has these values."""
        async with asyncio.timeout(limit(30)):
            while True:
                message = await self.socket.receive()
                if message.type is aiohttp.WSMsgType.BINARY:
                    self.sound += 1
                    continue
                assert message.type is aiohttp.WSMsgType.TEXT, message
                answer: dict[str, Any] = json.loads(message.data)
                self.received.append(answer)
                if what.items() <= answer.items():
                    return answer

    async def closed(self) -> int:
        """The code with which the service closes it."""
        async with asyncio.timeout(limit(30)):
            while not self.socket.closed:
                await self.socket.receive()
        assert self.socket.close_code is not None
        return self.socket.close_code


async def token_of(http: aiohttp.ClientSession, url: str) -> str:
    """As it stands in the page."""
    async with http.get(url) as page:
        assert page.status == 200
        found = re.search(r'data-token="([^"]+)"', await page.text())
    assert found is not None
    return found[1]


@asynccontextmanager
async def page_socket(url: str) -> AsyncIterator[Socket]:
    """Opened as a page of ours opens it."""
    async with aiohttp.ClientSession() as http:
        protocols = ("handset", await token_of(http, url))
        async with http.ws_connect(f"{url}/line", protocols=protocols, origin=url) as socket:
            yield Socket(socket)


@asynccontextmanager
async def console_socket(http: aiohttp.ClientSession, console: str) -> AsyncIterator[Socket]:
    """Opened as the telephone of the console opens it."""
    protocols = ("handset", await token_of(http, "/telephone"))
    async with http.ws_connect("/telephone/line", protocols=protocols, origin=console) as socket:
        yield Socket(socket)
