"""A real ROCARS on a free port with demo data, and servers that misbehave on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from backend_client.client import RocarsClient
from backend_client.office import RocarsOffice
from backend_client.settings import RocarsClientSettings
from rocars.secrets.key_ring import Role
from rocars.server import RunningRocars, serve
from rocars.settings import AuthSettings, DemoSettings, ListenSettings, RocarsSettings
from tests.support.migrated import new_rocars

PATIENT: dict[str, Any] = {"connect_timeout_s": 5, "read_timeout_s": 30, "budget_s": 60}
"""Of a client that is only asked what a ROCARS that is well answers, on a machine of any speed."""


def client_settings(base_url: str, key: str = "", **changes: Any) -> RocarsClientSettings:
    return RocarsClientSettings(
        **{
            "base_url": base_url,
            "api_key": SecretStr(key),
            "connect_timeout_s": 0.5,
            "read_timeout_s": 0.3,
            "budget_s": 1.5,
            "backoff_s": 0.01,
            **changes,
        }
    )


@pytest.fixture
async def rocars(tmp_path: Path) -> AsyncIterator[RunningRocars]:
    new_rocars(tmp_path / "rocars" / "rocars.sqlite3")
    running = await serve(
        RocarsSettings(
            data_dir=tmp_path / "rocars",
            listen=ListenSettings(port=0, shutdown_s=1),
            auth=AuthSettings(argon2_memory_kib=64, argon2_time_cost=1),
            demo=DemoSettings(enabled=True, free_ccrns=4),
        )
    )
    try:
        yield running
    finally:
        await running.close()


@pytest.fixture
async def client(rocars: RunningRocars) -> AsyncIterator[RocarsClient]:
    settings = client_settings(rocars.base_url, rocars.keys.api_keys[Role.IVR], **PATIENT)
    async with RocarsClient(settings) as opened:
        yield opened


@pytest.fixture
async def office(rocars: RunningRocars) -> AsyncIterator[RocarsOffice]:
    settings = client_settings(rocars.base_url, rocars.keys.api_keys[Role.ADMIN], **PATIENT)
    async with RocarsOffice(settings) as opened:
        yield opened


@pytest.fixture
async def demonstration(rocars: RunningRocars) -> AsyncIterator[RocarsOffice]:
    """The office, with the key that shows the demo and opens nothing else."""
    settings = client_settings(rocars.base_url, rocars.keys.api_keys[Role.DEMO], **PATIENT)
    async with RocarsOffice(settings) as opened:
        yield opened


@dataclass
class Misbehaving:
    """A server with a few canned misdeeds, done in turn; the last one is repeated."""

    base_url: str
    requests: list[str]


Misdeed = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def misbehaving(*misdeeds: Misdeed) -> AsyncIterator[Misbehaving]:
    requests: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        await request.read()
        requests.append(request.headers.get("Idempotency-Key", request.path))
        return await misdeeds[min(len(requests), len(misdeeds)) - 1](request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield Misbehaving(f"http://127.0.0.1:{runner.addresses[0][1]}", requests)
    finally:
        await runner.cleanup()


async def hang(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(5)
    return web.Response()


async def close_after_reading(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def answering(
    body: bytes | str, status: int = 200, content_type: str = "application/json"
) -> Misdeed:
    async def answer(_: web.Request) -> web.StreamResponse:
        raw = body.encode() if isinstance(body, str) else body
        return web.Response(body=raw, status=status, content_type=content_type)

    return answer


async def drip(request: web.Request) -> web.StreamResponse:
    """Headers at once, then a byte now and then for ever."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for _ in range(50):
        await response.write(b" ")
        await asyncio.sleep(0.05)
    return response


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for _ in range(2000):
        await response.write(b" " * 65_536)
    return response
