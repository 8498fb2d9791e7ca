"""A gateway of text messages over HTTP, good and bad."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class TextGateway:
    """Takes messages and answers with `status`, after `seconds`."""

    status: int = 202
    seconds: float = 0.0
    taken: list[tuple[dict[str, str], dict[str, str]]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        kind = request.content_type
        fields: Any = await (request.json() if kind == "application/json" else request.post())
        self.taken.append((dict(fields), dict(request.headers)))
        await asyncio.sleep(self.seconds)
        return web.Response(status=self.status, headers={"Location": self.url})


@asynccontextmanager
async def text_gateway() -> AsyncIterator[TextGateway]:
    gateway = TextGateway()
    app = web.Application()
    app.router.add_post("/messages", gateway.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}/messages"
    yield gateway
    await runner.cleanup()
