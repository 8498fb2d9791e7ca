"""A reverse proxy before several nodes, as nginx with `proxy_pass` to an upstream of them: requests
by turns, whoever is away passed over, answers handed on as they come."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict
from yarl import URL

HOP_BY_HOP = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer"),
    *("transfer-encoding", "upgrade", "content-length"),
}
"""RFC 9110, section 7.6.1; the length is told anew."""
LARGEST = 30_000_000


@dataclass
class ReverseProxy:
    """`nodes` are the addresses of those behind it."""

    nodes: list[str] = field(default_factory=list)
    url: str = ""
    answered: Counter[int] = field(default_factory=Counter)
    """How many requests each node answered."""

    _next: deque[int] = field(default_factory=deque)

    def then(self, *nodes: int) -> None:
        """Which nodes the next requests go to, whose turn ever it is."""
        self._next = deque(nodes)

    def _turn(self) -> Sequence[int]:
        """The node that is asked, and those that are if it is away."""
        first = self._next.popleft() if self._next else self.answered.total() % len(self.nodes)
        return [first, *(node for node in range(len(self.nodes)) if node != first)]

    async def pass_on(
        self, http: aiohttp.ClientSession, request: web.Request
    ) -> web.StreamResponse:
        headers = _handed_on(request.headers)
        before = request.headers.get(hdrs.X_FORWARDED_FOR)
        came = request.remote or ""
        headers[hdrs.X_FORWARDED_FOR] = f"{before}, {came}" if before else came
        body = await request.read()
        for node in self._turn():
            try:
                asked = http.request(
                    request.method,
                    URL(self.nodes[node] + request.raw_path, encoded=True),
                    headers=headers,
                    data=body or None,
                    allow_redirects=False,
                )
                async with asked as answer:
                    self.answered[node] += 1
                    return await _hand_on(request, answer)
            except aiohttp.ClientConnectorError:
                continue
        return web.Response(status=502)


def _handed_on(headers: Mapping[str, str]) -> CIMultiDict[str]:
    named = headers.get(hdrs.CONNECTION, "").lower().split(",")
    dropped = HOP_BY_HOP | {name.strip() for name in named}
    kept = [(name, value) for name, value in headers.items() if name.lower() not in dropped]
    return CIMultiDict(kept)


async def _hand_on(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=_handed_on(answer.headers))
    await response.prepare(request)
    try:
        async for chunk in answer.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
    except ConnectionError:
        pass  # the browser left
    return response


@asynccontextmanager
async def reverse_proxy() -> AsyncIterator[ReverseProxy]:
    """One that listens; its nodes may be named later."""
    proxy = ReverseProxy()
    app = web.Application(client_max_size=LARGEST)
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
    ) as http:

        async def handle(request: web.Request) -> web.StreamResponse:
            return await proxy.pass_on(http, request)

        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield proxy
        finally:
            await runner.cleanup()
