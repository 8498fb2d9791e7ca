"""Whatever is asked, the answer is a page of ours that says what is wrong: never a 500, never
that the database is away."""

from __future__ import annotations

import asyncio
import random
import re
import socket
from collections.abc import Iterator

import pytest
from aiohttp import ClientSession, web
from yarl import URL

from ivr.console.app import ROOMS
from ivr.records.roles import Role
from tests.console.conftest import Console
from tests.console.test_door import browser, token
from tests.support.past_calls import past_call

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

ODD = (
    *("%00", "a%00b", "%ff%fe", "%ED%A0%80", "%0d%0aX-Odd:1", "%F0%9F%9A%9A", "../../etc/passwd"),
    *("9" * 9, "9" * 25, "-1", "0", "1e9", "'%20OR%201=1--", "%25", "{{7*7}}", "x" * 3000),
    *("0001-01-01", "9999-12-31", "2026-02-30", "2026-13-01T99:99", "%E5%8D%81"),
)
ENDING = ("/logout", "/me/sessions/end-all")
PLACES = re.compile(r"\{(\w+)(?::[^{}]*)?\}")
QUERIES = (
    *("from", "to", "caller", "driver", "ubr", "ccrn", "vehicle", "outcome", "language"),
    *("before", "who", "find", "only", "next", "name", "role"),
)


def routes(method: str) -> Iterator[str]:
    for room in ROOMS:
        for route in room.routes():
            assert isinstance(route, web.RouteDef)
            if route.method == method and route.path not in ENDING:
                yield route.path


def filled(path: str, odd: str) -> str:
    fill = {"number": "1001", "language": "en", "version": "1", "order": "close", "slot": "0"}
    if path.startswith("/live/"):
        fill["order"] = "hang-up"
    return PLACES.sub(lambda found: fill.get(found[1], odd), path)


def mangled(path: str, odd: str) -> str:
    return PLACES.sub(odd, path)


async def must_be_ours(session: ClientSession, method: str, path: str, **more: object) -> None:
    url = URL(f"{session._base_url}".rstrip("/") + path, encoded=True)
    async with session.request(method, url, allow_redirects=False, **more) as answer:  # type: ignore[arg-type]
        text = await answer.text(errors="replace")
        asked = (method, path[:120], more)
        assert answer.status < 500, asked
        assert "database is not available" not in text, asked
        if answer.status >= 400 and answer.headers.get("Content-Type", "").startswith("text/"):
            assert text.startswith("<!DOCTYPE html>"), asked


async def test_every_route_with_odd_places_and_queries(console: Console) -> None:
    await past_call(console.book, ccrn="1234567890123")
    random.seed(20)
    asked = []
    for path in routes("GET"):
        if PLACES.search(path):
            asked += [mangled(path, odd) for odd in random.sample(ODD, 6)]
        asked += [
            f"{filled(path, 'x')}?{random.choice(QUERIES)}={odd}" for odd in random.sample(ODD, 3)
        ]
    for name in QUERIES:
        asked += [f"/calls?{name}={odd}" for odd in random.sample(ODD, 6)]
    asked += [f"/figures?{name}={odd}" for name in ("from", "to") for odd in ODD[-8:]]
    asked += [f"/audit?before={odd}" for odd in ODD[:12]]
    async with browser(console, Role.ADMINISTRATOR) as session:
        for path in asked:
            await must_be_ours(session, "GET", path)


async def test_every_form_with_odd_fields(console: Console) -> None:
    fields = (
        *("name", "full_name", "role", "operator_id", "pin", "active", "code"),
        *("words", "note", "live_from", "saw", "before", "source", "language", "next"),
    )
    odd = ("%00", "%ED%A0%80", "9" * 30, "", "9999-12-31T23:59-12:00")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with browser(console, Role.ADMINISTRATOR) as session:
        csrf = await token(session)
        for path in routes("POST"):
            for value in odd:
                body = "&".join((f"csrf={csrf}", *(f"{name}={value}" for name in fields)))
                await must_be_ours(session, "POST", filled(path, "x"), data=body, headers=form)


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=abc"},
        {"Range": "bytes=5-2"},
        {"Range": "bytes=999999999-"},
        {"Range": "lines=1-2"},
        {"Content-Type": "application/x-www-form-urlencoded; charset=klingon"},
        {"Content-Type": "multipart/form-data"},
        {"Content-Type": "multipart/form-data; boundary="},
        {"Content-Type": "multipart/form-data; boundary=x; charset=utf-7"},
        {"Cookie": "rocars_console=%00; rocars_notices=W1sx"},
        {"X-CSRF-Token": "\xe9"},
        {"HX-Current-URL": "http://[", "HX-Request": "true"},
        {"Accept-Language": "zh;q=klingon"},
    ],
)
async def test_odd_headers(console: Console, headers: dict[str, str]) -> None:
    async with browser(console, Role.ADMINISTRATOR) as session:
        for path in ("/prompts/en/1001/shipped.wav", "/live", "/live/now", "/me"):
            await must_be_ours(session, "GET", path, headers=headers)
        for path in ("/login", "/language", "/people", "/prompts/en/1001/recording"):
            await must_be_ours(session, "POST", path, headers=headers, data=b"--x\r\nodd")


async def test_a_reader_of_metrics_who_stops_reading_holds_nobody_up(console: Console) -> None:
    """They asked for far more than the system keeps for them."""
    url = URL(console.url)
    asked = f"GET /metrics HTTP/1.1\r\nHost: {url.host}:{url.port}\r\n\r\n".encode()
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.to_thread(reader.connect, (url.host, url.port))
        reader.sendall(asked * 500)
        async with ClientSession(console.url) as session:
            for path in ("/health/live", "/metrics", "/health/ready"):
                async with session.get(path) as answer:
                    assert answer.status < 500 or path == "/health/ready"
                    assert await answer.read()


async def test_a_refusal_is_a_page_in_the_language_of_the_reader(console: Console) -> None:
    async with browser(console, Role.VIEWER) as session:
        for path, status, words in (
            ("/no/such/page", 404, "沒有這個頁面"),
            ("/people", 403, "你無權這樣做"),
            ("/calls?ubr=%00", 400, "未能理解"),
            ("/calls?from=yesterday", 400, "未能理解"),
        ):
            async with session.get(path, headers={"Accept-Language": "zh-HK"}) as answer:
                assert answer.status == status, path
                assert words in await answer.text(), path
