"""Who is let in: the console, which knows who somebody is; and in trials pages of ours, in a
browser of this machine, and nobody else's page in it.

A browser takes any page's word to open a WebSocket, and lets every page send requests to loopback.
So a request must name us (a name that a stranger's server gave for 127.0.0.1, "DNS rebinding", is
none of ours), and a WebSocket must come from a page of ours (RFC 6455, 10.2) that knows the token
which stands in it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping, Set
from dataclasses import dataclass, field

from aiohttp import web

from ground.web.forms import FOREIGN, check_same_origin

PROTOCOL = "handset"
"""Subprotocol of the WebSocket; a browser offers the token beside it."""

NAME, ADDRESS = "X-Handset-Name", "X-Handset-Address"
"""Headers in which the console says whom it has let in."""

OLD = "The page is too old. Load it again."

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class NotOurName(web.HTTPClientError):
    """Misdirected Request (RFC 9110, 15.5.20)."""

    status_code = 421


@dataclass(frozen=True)
class Known:
    """Somebody whom the console has let in.

    Attributes:
        name: of their account.
        address: where their browser is.
    """

    name: str
    address: str


@dataclass(frozen=True)
class Admission:
    """That of one process.

    Attributes:
        key: what the console shows; empty: it has nothing to do with us.
        trial: whether pages of this machine are let in without it.
        token: stands in those pages, another with each start of the service.
    """

    port: int
    key: str = field(repr=False)
    trial: bool
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def hosts(self) -> frozenset[str]:
        """What we are called in the header Host."""
        return frozenset(f"{name}:{self.port}" for name in ("127.0.0.1", "localhost"))

    def check_host(self, request: web.Request) -> None:
        """Raises NotOurName."""
        if request.headers.getall("Host", []) not in [[host] for host in self.hosts]:
            raise NotOurName(text="The address is not ours.")

    def admitted(self, request: web.Request) -> Known | None:
        """Who asks for a WebSocket; None for a page of a trial. Raises HTTPForbidden."""
        shown = request.headers.get("Authorization")
        if shown is None and self.trial:
            check_page(request, {f"http://{request.host}"}, self.token)
            return None
        if not self.key or not _same(shown or "", f"Bearer {self.key}"):
            raise web.HTTPForbidden(text="This is for the console alone.")
        return Known(request.headers.get(NAME, ""), request.headers.get(ADDRESS, ""))

    def of(self, known: Known, language: str) -> Mapping[str, str]:
        """The headers with which the console comes for somebody, whose page is in `language`."""
        return {
            "Authorization": f"Bearer {self.key}",
            "Accept-Language": language,
            NAME: known.name,
            ADDRESS: known.address,
        }


def check_page(request: web.Request, origins: Set[str], token: str) -> None:
    """Whether a WebSocket is asked for by a page of ours. Raises HTTPForbidden.

    Args:
        origins: of our pages, as browsers write them (RFC 6454, 6.2).
        token: that stands in the page.
    """
    origin = request.headers.get("Origin", "")
    if origin not in origins:
        raise web.HTTPForbidden(text=FOREIGN)
    check_same_origin(request, origin)
    offered = [
        name.strip()
        for header in request.headers.getall("Sec-WebSocket-Protocol", [])
        for name in header.split(",")
    ]
    if PROTOCOL not in offered or not any(_same(name, token) for name in offered):
        raise web.HTTPForbidden(text=OLD)


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode())


ADMISSION = web.AppKey("admission", Admission)


@web.middleware
async def for_us_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    request.app[ADMISSION].check_host(request)
    return await handler(request)
