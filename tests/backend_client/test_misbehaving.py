"""A back end that hangs, breaks off, or talks rubbish: the caller is told what is true."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from typing import Any

import pytest

from backend_client.client import RocarsClient
from backend_client.errors import BackEndUnavailable, UnknownCcrn
from backend_client.types import Credentials, Driver
from tests.backend_client.conftest import (
    PATIENT,
    answering,
    client_settings,
    close_after_reading,
    drip,
    endless,
    hang,
    misbehaving,
)
from tests.support.pace import PACE, limit

pytestmark = pytest.mark.service

DRIVER = Driver("10000001", "session", ("AB1234",))
CREDENTIALS = Credentials("10000001", "246810", "135791")
RECEIPT = (
    '{"ubr": "1234567890", "ccrns": ["1"], "vehicle": "AB1234", "state": "live", "new": 1,'
    ' "bundled_at": "2010-05-17T01:00:00Z",'
    ' "crossing": {"immediately": false, "at": "2010-05-17T01:30:00Z"}}'
)
PROBLEM = '{"code": "unknown_ccrn", "subject": "1", "status": 404}'

MISDEEDS = {
    "hangs": hang,
    "closes": close_after_reading,
    "drips": drip,
    "is endless": endless,
    "fails": answering("oops", 500, "text/plain"),
    "is overloaded": answering(PROBLEM, 503, "application/problem+json"),
    "speaks HTML": answering("<html>captive portal</html>", 200, "text/html"),
    "speaks no JSON": answering("{", 200),
    "speaks other JSON": answering('{"ubr": 5}', 200),
    "gives a naive time": answering(RECEIPT.replace("Z", ""), 201),
    "gives an odd problem": answering("[]", 404, "application/problem+json"),
    "refuses in HTML": answering("<html>", 404, "text/html"),
    "redirects": answering("", 302, "text/html"),
    "sends bytes": answering(b"\xff\xfe\x00", 200),
}


def while_it_reads() -> dict[str, Any]:
    """Time-outs so short that a test is quick, and so long that a busy server reads a request."""
    return PATIENT | {"read_timeout_s": 0.3 * PACE.scale()}


def bundle(client):
    return client.bundle(DRIVER, ["1"], "AB1234", idempotency_key="key-1")


@pytest.mark.parametrize("misdeed", MISDEEDS.values(), ids=MISDEEDS)
async def test_bundling_is_tried_again_and_left_uncertain(misdeed):
    async with (
        misbehaving(misdeed) as server,
        RocarsClient(client_settings(server.base_url, **while_it_reads())) as c,
    ):
        began = time.monotonic()
        with pytest.raises(BackEndUnavailable) as caught:
            await bundle(c)
        assert time.monotonic() - began < limit(8.0)  # it ends, whatever the other side does
    assert caught.value.uncertain
    assert server.requests == ["key-1"] * 3


@pytest.mark.parametrize("misdeed", MISDEEDS.values(), ids=MISDEEDS)
async def test_log_in_is_never_sent_twice(misdeed):
    # Long enough that a busy machine lets the server read it.
    async with (
        misbehaving(misdeed) as server,
        RocarsClient(client_settings(server.base_url, read_timeout_s=1.2)) as client,
    ):
        with pytest.raises(BackEndUnavailable) as caught:
            await client.log_in(CREDENTIALS)
    assert len(server.requests) == 1
    assert caught.value.uncertain
    assert "246810" not in repr(caught.value)
    assert "135791" not in repr(caught.value)


@pytest.mark.parametrize("misdeed", MISDEEDS.values(), ids=MISDEEDS)
async def test_a_question_leaves_nothing_uncertain(misdeed):
    async with (
        misbehaving(misdeed) as server,
        RocarsClient(client_settings(server.base_url, **while_it_reads())) as c,
    ):
        with pytest.raises(BackEndUnavailable) as caught:
            await c.look_up(DRIVER, "1")
    assert not caught.value.uncertain
    # aiohttp itself repeats a GET once when the connection is dropped
    assert len(server.requests) == (6 if misdeed is close_after_reading else 3)


async def test_one_good_answer_after_trouble_is_enough():
    good = answering(RECEIPT, 201)
    async with (
        misbehaving(close_after_reading, MISDEEDS["fails"], good) as server,
        RocarsClient(client_settings(server.base_url, **PATIENT)) as client,
    ):
        receipt = await bundle(client)
    assert receipt.ubr == "1234567890"
    assert receipt.crossing.at.isoformat() == "2010-05-17T09:30:00+08:00"
    assert server.requests == ["key-1"] * 3


async def test_a_refusal_is_not_tried_again():
    async with (
        misbehaving(answering(PROBLEM, 404, "application/problem+json")) as server,
        RocarsClient(client_settings(server.base_url, **PATIENT)) as client,
    ):
        with pytest.raises(UnknownCcrn) as caught:
            await bundle(client)
    assert caught.value.subject == "1"
    assert len(server.requests) == 1


async def test_nobody_there_is_certain_and_log_in_waits_for_him():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        reported = []
        async with RocarsClient(
            client_settings(url), lambda *report: reported.append(report)
        ) as client:
            for request in (bundle(client), client.log_in(CREDENTIALS)):
                with pytest.raises(BackEndUnavailable, match="no connection") as caught:
                    await request
                assert not caught.value.uncertain
    assert [outcome for _, outcome, _ in reported] == ["away", "away"]


async def test_never_connected_until_the_budget_ends_is_certain():
    """Refused connections and long pauses: the budget ends in a pause, and nothing was sent."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        settings = client_settings(url, attempts=10, backoff_s=5, backoff_max_s=60, budget_s=0.6)
        async with RocarsClient(settings) as client:
            with pytest.raises(BackEndUnavailable) as caught:
                await bundle(client)
    assert not caught.value.uncertain


async def test_the_budget_bounds_all_tries():
    settings: dict[str, Any] = {"attempts": 10, "read_timeout_s": 0.8, "budget_s": 1.8}
    async with (
        misbehaving(hang) as server,
        RocarsClient(client_settings(server.base_url, **settings)) as client,
    ):
        began = time.monotonic()
        with pytest.raises(BackEndUnavailable) as caught:
            await bundle(client)
        assert time.monotonic() - began > 1.7
        assert len(server.requests) < 10  # of 0.8 s each: ten would take 8 s
    assert caught.value.uncertain


async def test_log_in_is_sent_once_somebody_listens():
    login = {"user_id": "1", "session": "s", "vehicles": [], "language": "en", "expires_at": "x"}
    body = json.dumps(login).encode()
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    received = []

    async def late(reader, writer):
        received.append(await reader.read(65_536))
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body)
        )
        await writer.drain()
        writer.close()

    settings = client_settings(
        f"http://127.0.0.1:{port}", attempts=10, backoff_s=0.2, backoff_max_s=0.4, budget_s=6
    )
    async with RocarsClient(settings) as client:
        asking = asyncio.create_task(client.log_in(CREDENTIALS))
        await asyncio.sleep(0.1)
        server = await asyncio.start_server(late, "127.0.0.1", port)
        try:
            driver = await asking
        finally:
            server.close()
    assert driver.language == "en"
    assert len(received) == 1


async def test_a_cancelled_request_says_so_to_the_observer():
    reported = []
    async with misbehaving(hang) as server:
        settings = client_settings(server.base_url, read_timeout_s=5, budget_s=5)
        async with RocarsClient(settings, lambda *report: reported.append(report[:2])) as client:
            asking = asyncio.create_task(bundle(client))
            await asyncio.sleep(0.1)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
    assert reported == [("bundle", "cancelled")]


@pytest.mark.parametrize("base_url", ["", "rocars", "ftp://x", "http://x/?q=1", "http://"])
def test_an_address_that_is_none_is_refused(base_url):
    with pytest.raises(ValueError, match="expected an address such as"):
        client_settings(base_url)
