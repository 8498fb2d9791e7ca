"""Who is let in: pages of ours, in a browser of this machine, and nobody else's page in it.

A browser takes any page's word to open a WebSocket, and lets every page send requests to loopback.
So a request must name us (a name that a stranger's server gave for 127.0.0.1, "DNS rebinding", is
none of ours), and a WebSocket must come from a page of ours (RFC 6455, 10.2) that knows the token
which stands in it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from ground.web.forms import FOREIGN, check_same_origin

PROTOCOL = "handset"
"""Subprotocol of the WebSocket; a browser offers the token beside it."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class NotOurName(web.HTTPClientError):
    """Misdirected Request (RFC 9110, 15.5.20)."""

    status_code = 421


@dataclass(frozen=True)
class Admission:
    """That of one page. `token` is another with each start of the service."""

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def hosts(self) -> frozenset[str]:
        """What we are called in the header Host."""
        return frozenset(f"{name}:{self.port}" for name in ("127.0.0.1", "localhost"))

    def check_host(self, request: web.Request) -> None:
        """Raises NotOurName."""
        if request.headers.getall("Host", []) not in [[host] for host in self.hosts]:
            raise NotOurName(text="The address is not ours.")

    def check_page(self, request: web.Request) -> None:
        """Whether a WebSocket is asked for by a page of ours. Raises HTTPForbidden."""
        check_same_origin(request, "")
        if request.headers.get("Origin") != f"http://{request.host}":
            raise web.HTTPForbidden(text=FOREIGN)
        offered = [
            name.strip()
            for header in request.headers.getall("Sec-WebSocket-Protocol", [])
            for name in header.split(",")
        ]
        known = any(
            hmac.compare_digest(name.encode("utf-8", "surrogateescape"), self.token.encode())
            for name in offered
        )
        if PROTOCOL not in offered or not known:
            raise web.HTTPForbidden(text="The page is too old. Load it again.")


ADMISSION = web.AppKey("admission", Admission)


@web.middleware
async def for_us_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    request.app[ADMISSION].check_host(request)
    return await handler(request)
