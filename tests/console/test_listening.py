"""Half-sent requests and crowds from one address put nobody out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web

from ivr.console.app import health_app, make_app
from ivr.console.health import BackEndProbe
from ivr.console.listening import Doorkeeper, listen, watched
from ivr.console.self_test import SelfTest
from ivr.console.settings import SelfTestSettings
from ivr.observe.seldom import Seldom, SeldomTheSame
from tests.console.conftest import Console
from tests.console.test_health import Node
from tests.support.pace import limit

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

SLOW, GONE = asyncio.Event(), asyncio.Event()
LARGE = 50_000_000
Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def serving(keeper: Doorkeeper) -> AsyncIterator[int]:
    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application(middlewares=[watched])

    async def slow(_: web.Request) -> web.Response:
        await SLOW.wait()
        return web.Response(text="hello")

    app.router.add_get("/", hello)

    async def large(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            for _ in range(LARGE // 1_000_000):
                await answer.write(bytes(1_000_000))
        except ConnectionError:
            GONE.set()
        return answer

    app.router.add_get("/slow", slow)
    app.router.add_get("/large", large)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    server = await listen(runner, "127.0.0.1", 0, keeper)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await runner.cleanup()


async def closed(opened: Opened) -> bool:
    """Whether the other side lets go before long."""
    try:
        async with asyncio.timeout(limit(10)):
            while await opened[0].read(1000):
                pass
    except ConnectionError:
        return True
    return True


async def test_a_header_that_does_not_come_is_not_waited_for() -> None:
    async with serving(Doorkeeper(10, 10, header_s=0.3)) as port:
        for begun in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n"):
            opened = await asyncio.open_connection("127.0.0.1", port)
            opened[1].write(begun)
            assert await closed(opened)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):  # one connection, and longer between requests than a header may take
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            head = await reader.readuntil(b"hello")
            assert head.startswith(b"HTTP/1.1 200")
            await asyncio.sleep(0.4)
        writer.write(b"GET / HTT")
        assert await closed((reader, writer))


HALF = b"GET / HTTP/1.1\r\nHost: x\r\n"
WHOLE = HALF + b"Connection: close\r\n\r\n"


async def test_a_crowd_that_sends_half_requests_puts_nobody_out() -> None:
    """Of one address: its oldest go; whoever sends a whole request is answered, from there too."""
    async with serving(Doorkeeper(of_all=30, of_one=5, header_s=30)) as port:
        crowd = []
        for _ in range(40):
            crowd.append(await asyncio.open_connection("127.0.0.1", port))
            crowd[-1][1].write(HALF)
        assert await closed(crowd[0])
        for address in ("127.0.0.1", "127.0.0.2"):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(address, 0)
            )
            writer.write(WHOLE)
            assert (await reader.read()).endswith(b"hello")
            writer.close()
        assert not crowd[-1][0].at_eof()
        for _, writer in crowd:
            writer.close()


async def test_a_crowd_of_many_addresses_puts_nobody_out() -> None:
    async with serving(Doorkeeper(of_all=8, of_one=4, header_s=30)) as port:
        crowd = []
        for number in range(24):
            opened = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(f"127.0.0.{10 + number % 8}", 0)
            )
            opened[1].write(HALF)
            crowd.append(opened)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(WHOLE)
        assert (await reader.read()).endswith(b"hello")
        writer.close()
        for _, writer in crowd:
            writer.close()


async def test_nobody_who_is_being_answered_has_to_go() -> None:
    keeper = Doorkeeper(of_all=8, of_one=2, header_s=30, unlimited=("127.0.0.2/32",))
    async with serving(keeper) as port:
        busy = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        for _, writer in busy:
            writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(0.1)
        assert await closed(await asyncio.open_connection("127.0.0.1", port))
        proxy = [
            await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0))
            for _ in range(6)
        ]
        await asyncio.sleep(0.05)
        assert not any(reader.at_eof() for reader, _ in proxy)
        SLOW.set()
        for reader, _ in busy:
            assert (await reader.read()).endswith(b"hello")
        for _, writer in (*busy, *proxy):
            writer.close()


async def test_a_reader_who_takes_nothing_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ivr.console.listening.UNREAD_S", 0.3)
    async with serving(Doorkeeper(10, 10, header_s=30)) as port:
        with socket.socket() as reader:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.settimeout(limit(10))
            await asyncio.to_thread(reader.connect, ("127.0.0.1", port))
            reader.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            async with asyncio.timeout(limit(10)):
                await GONE.wait()
            taken = await asyncio.to_thread(_all_of, reader)
    assert taken < LARGE


def _all_of(reader: socket.socket) -> int:
    """How many bytes come until the connection is closed."""
    taken = 0
    with contextlib.suppress(ConnectionError):
        while read := reader.recv(1 << 20):
            taken += len(read)
    return taken


async def test_a_form_that_trickles_in_is_not_waited_for(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ground.web.forms.BODY_BEGINS_S", 0.2)
    port = int(console.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\nname="
    )
    async with asyncio.timeout(limit(10)):
        assert b" 408 " in await reader.readline()
    writer.close()


async def test_health_has_a_listener_of_its_own_and_metrics_a_token(
    console: Console, aiohttp_app: Callable[[web.Application], Awaitable[str]]
) -> None:
    web_settings = console.site.settings.web.model_copy(update={"health_port": 1})
    settings = console.settings.model_copy(update={"web": web_settings})
    app = make_app(
        Node(),
        BackEndProbe("http://127.0.0.1:9/none"),
        SelfTest(SelfTestSettings.model_validate({}), "sip:127.0.0.1:1"),
        settings=settings,
        library=console.site.library,
    )
    assert not any(
        resource.canonical in ("/metrics", "/health/ready") for resource in app.router.resources()
    )
    alone = health_app(app)
    url = await aiohttp_app(alone)
    async with ClientSession(url) as session:
        async with session.get("/health/ready") as answer:
            assert answer.status == 200
        async with session.get("/login") as answer:
            assert answer.status == 404


@pytest_asyncio.fixture(loop_scope="session")
async def aiohttp_app() -> AsyncIterator[Callable[[web.Application], Awaitable[str]]]:
    runners = []

    async def serve(app: web.Application) -> str:
        runner = web.AppRunner(app, access_log=None)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield serve
    for runner in runners:
        await runner.cleanup()


async def test_metrics_are_for_those_who_know_the_token(
    aiohttp_app: Callable[[web.Application], Awaitable[str]],
) -> None:
    from ivr.console.app import TOKEN

    app = make_app(
        Node(),
        BackEndProbe("http://127.0.0.1:9/none"),
        SelfTest(SelfTestSettings.model_validate({}), "sip:127.0.0.1:1"),
    )
    app[TOKEN] = "of the scraper"
    async with ClientSession(await aiohttp_app(app)) as session:
        for path in ("/metrics", "/status"):
            for headers, status in (
                ({}, 401),
                ({"Authorization": "Bearer of nobody"}, 401),
                ({"Authorization": "Bearer of the scraper"}, 200),
            ):
                async with session.get(path, headers=headers) as answer:
                    assert answer.status == status, path
        async with session.get("/health/ready") as answer:
            assert answer.status == 200


async def test_the_same_is_said_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    at = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: at)
    seldom = Seldom(10.0)
    assert [seldom.now("a"), seldom.now("a"), seldom.now("b")] == [True, False, True]
    at += 11
    assert seldom.now("a")
    filtered = SeldomTheSame(("aiohttp",))

    def line(name: str) -> logging.LogRecord:
        return logging.LogRecord(name, logging.ERROR, "", 1, "Error handling request", None, None)

    assert [filtered.filter(line("aiohttp.server")) for _ in range(3)] == [True, False, False]
    assert all(filtered.filter(line("ivr.console")) for _ in range(3))
