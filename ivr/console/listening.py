"""Listening without being put out: so many connections of one address and of all, a time for the
header of each request, and one for readers who take nothing of the answer.

aiohttp waits for a header as long as it takes, and as many connections may be open as the process
may have files: a stranger who sends half a request a thousand times would keep everybody out.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import structlog
from aiohttp import web

from ivr.observe import metrics
from ivr.observe.seldom import Seldom

log = structlog.get_logger(__name__)

BETWEEN_REQUESTS_S = 75.0
"""How long a connection without a request is kept; browsers make good use of one."""

UNREAD_S = 60.0
"""How long an answer may wait for a reader who takes nothing of it."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Doorkeeper:
    """Who may be connected at once. For one more the oldest has to go that waits for its request:
    whoever sends a whole one is answered, however many others send half of theirs.

    Args:
        of_all, of_one: connections, of everybody and of one address.
        header_s: how long a header may take, seconds.
        unlimited: networks that `of_one` does not count for: proxies carry many.
    """

    of_all: int
    of_one: int
    header_s: float
    unlimited: Sequence[str] = ()
    _of: Counter[str] = field(default_factory=Counter)
    _waiting: dict[Watched, None] = field(default_factory=dict)
    _seldom: Seldom = field(default_factory=lambda: Seldom(10.0))

    def __post_init__(self) -> None:
        self._networks = [ipaddress.ip_network(network, strict=False) for network in self.unlimited]

    def lets_in(self, connection: Watched) -> bool:
        """Whether this one may stay; it counts if so."""
        address = connection.address
        if self._of[address] >= self.of_one and not self._may_have_many(address):
            room = self._made_room("one", address)
        elif self._of.total() >= self.of_all:
            room = self._made_room("all", max(self._of, key=self._of.__getitem__))
        else:
            room = True
        if room:
            self._of[address] += 1
            self._waiting[connection] = None
        return room

    def waits(self, connection: Watched) -> None:
        """Its request has been answered."""
        self._waiting[connection] = None

    def busy(self, connection: Watched) -> None:
        """Its request is there."""
        self._waiting.pop(connection, None)

    def left(self, connection: Watched) -> None:
        self._waiting.pop(connection, None)
        self._of[connection.address] -= 1
        if not self._of[connection.address]:
            del self._of[connection.address]

    def _made_room(self, why: str, address: str) -> bool:
        """Whether a connection from there could be closed for another."""
        metrics.console_connections_refused_total.labels(why).inc()
        if self._seldom.now(address):
            log.warning("too many connections to the console", most_from=address)
        oldest = next(
            (connection for connection in self._waiting if connection.address == address), None
        )
        if oldest is None:
            return False
        oldest.close()
        return True

    def _may_have_many(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)


class Watched(asyncio.Protocol):
    """One connection to aiohttp: closed when the header of a request does not come in time."""

    def __init__(self, served: asyncio.Protocol, keeper: Doorkeeper) -> None:
        self._served = served
        self._keeper = keeper
        self.address = ""
        self._transport: asyncio.Transport | None = None
        self._limit: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._waits_for_header = False
        self._gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else "?"
        if not self._keeper.lets_in(self):
            cast("asyncio.Transport", transport).abort()
            return
        self._transport = cast("asyncio.Transport", transport)
        self._served.connection_made(transport)
        self._expect(self._keeper.header_s)

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        if not self._waits_for_header and self._limit is not None:
            self._expect(self._keeper.header_s)  # the next request has begun
        self._served.data_received(data)

    def begins(self) -> None:
        """The header of a request is there, and it is being answered."""
        self._forget()
        self._keeper.busy(self)

    def ends(self) -> None:
        """It was answered."""
        if self._transport is not None and not self._gone:
            self._waits_for_header = False
            self._keeper.waits(self)
            self._limit = asyncio.get_running_loop().call_later(BETWEEN_REQUESTS_S, self._close)

    def eof_received(self) -> bool | None:
        return self._served.eof_received()

    def pause_writing(self) -> None:
        """The buffers are full: the other side does not read."""
        self._unread = asyncio.get_running_loop().call_later(UNREAD_S, self._close)
        self._served.pause_writing()

    def resume_writing(self) -> None:
        self._read_on()
        self._served.resume_writing()

    def connection_lost(self, why: Exception | None) -> None:
        if self._transport is None:
            return
        self._forget()
        self._read_on()
        self._transport = None
        if not self._gone:
            self._keeper.left(self)
        self._served.connection_lost(why)

    def _expect(self, seconds: float) -> None:
        self._forget()
        self._waits_for_header = True
        self._limit = asyncio.get_running_loop().call_later(seconds, self._close)

    def _forget(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _read_on(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def close(self) -> None:
        """For another one, at once: the loop tells the rest later."""
        if self._transport is not None and not self._gone:
            self._gone = True
            self._forget()
            self._keeper.left(self)
            self._transport.abort()

    def _close(self) -> None:
        if self._transport is not None:
            metrics.console_connections_refused_total.labels("slow").inc()
            self._transport.abort()


@web.middleware
async def watched(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tells the connection of a request when it begins and ends."""
    transport: Any = request.transport
    connection = transport.get_protocol() if transport is not None else None
    if not isinstance(connection, Watched):
        return await handler(request)
    connection.begins()
    try:
        return await handler(request)
    finally:
        connection.ends()


async def listen(runner: web.AppRunner, host: str, port: int, keeper: Doorkeeper) -> asyncio.Server:
    """Serve what `runner` has set up. Raises OSError."""
    serve = runner.server
    assert serve is not None  # it is set up
    return await asyncio.get_running_loop().create_server(
        lambda: Watched(serve(), keeper), host, port, backlog=128, reuse_address=True
    )
