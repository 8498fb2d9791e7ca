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

from tests.support.pace import limit
from tests.support.service import Service

CALLS = 3
"""That the telephone places at once."""


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(
        tmp_path_factory.mktemp("handset"), {"handset": {"enabled": True, "calls": CALLS}}
    )
    service.start()
    yield service
    service.stop()


@pytest.fixture(scope="session")
def url(service: Service) -> str:
    return f"http://127.0.0.1:{service.handset_port}"


@dataclass
class Socket:
    """A page's WebSocket without the page."""

    socket: aiohttp.ClientWebSocketResponse
    sound: int = 0
    told: list[dict[str, Any]] = field(default_factory=list)

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
                told: dict[str, Any] = json.loads(message.data)
                self.told.append(told)
                if what.items() <= told.items():
                    return told

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
