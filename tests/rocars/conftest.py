"""A real ROCARS on a free port, on SQLite and on PostgreSQL, with a clock that tests set.

Every answer that passes through `World` is validated against the service's own OpenAPI description.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pyotp
import pytest
from openapi_core import OpenAPI

from rocars.clock import HONG_KONG
from rocars.secrets.key_ring import Role
from rocars.server import RunningRocars, serve
from rocars.settings import AuthSettings, ListenSettings, RocarsSettings
from rocars.store.settings import DatabaseSettings
from tests.support.described import ReceivedResponse, SentRequest, described_by
from tests.support.migrated import new_rocars, new_rocars_on

MORNING = datetime(2010, 5, 17, 9, 0, 30, tzinfo=HONG_KONG)
PIN = "864213"


@dataclass
class SetClock:
    """A clock that stands until it is moved."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    raw: bytes
    headers: dict[str, str]

    @property
    def code(self) -> str:
        return str(self.body["code"])


@dataclass
class KeyedToken:
    """The device in a driver's hand (HOTP)."""

    seed: bytes
    counter: int = 0

    def next(self) -> str:
        code = self.at(self.counter)
        self.counter += 1
        return code

    def at(self, counter: int) -> str:
        return pyotp.HOTP(base64.b32encode(self.seed).decode()).at(counter)


@dataclass
class World:
    running: RunningRocars
    clock: SetClock
    http: aiohttp.ClientSession
    description: OpenAPI
    tokens: dict[str, KeyedToken] = field(default_factory=dict)
    ccrns: int = 0

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: Role | None = Role.IVR,
        session: str | None = None,
        key: str | None = None,
        raw: bytes | None = None,
        extra: Mapping[str, str] | None = None,
        described: bool = True,
    ) -> Reply:
        """`extra` headers replace those that the other arguments make."""
        headers = {}
        if role is not None:
            headers["X-Api-Key"] = self.running.keys.api_keys[role]
        if session is not None:
            headers["Authorization"] = f"Bearer {session}"
        if key is not None:
            headers["Idempotency-Key"] = key
        if raw is not None:
            headers["Content-Type"] = "application/json"
        headers.update(extra or {})
        async with self.http.request(
            method,
            self.running.base_url + path,
            json=body if raw is None else None,
            data=raw,
            headers=headers,
        ) as response:
            data = await response.read()
            reply = Reply(
                response.status,
                await response.json(content_type=None),
                data,
                dict(response.headers),
            )
            if described:
                self.description.validate_response(
                    SentRequest(self.running.base_url, path.partition("?")[0], method.lower()),
                    ReceivedResponse(
                        response.status, response.content_type, data, dict(response.headers)
                    ),
                )
        return reply

    async def company(self, number: str = "BR-1") -> str:
        reply = await self.ask(
            "POST",
            "/v1/companies",
            {
                "registration_number": number,
                "name": "Kwun Tong Transport",
                "responsible_person": "Wong Siu Ming",
                "signatories": ["Lee Ka Yan"],
            },
            role=Role.ADMIN,
        )
        assert reply.status == 201, reply.body
        return number

    async def driver(
        self,
        user_id: str = "20000001",
        vehicles: tuple[str, ...] = ("AB1234",),
        phone: str | None = None,
    ) -> str:
        seed = secrets.token_bytes(20)
        reply = await self.ask(
            "POST",
            "/v1/drivers",
            {
                "user_id": user_id,
                "company": "BR-1",
                "name": "Chan Tai Man",
                "pin": PIN,
                "language": "cmn",
                "phone": phone,
                "vehicles": list(vehicles),
                "token": {"kind": "hotp", "seed": seed.hex()},
            },
            role=Role.ADMIN,
        )
        assert reply.status == 201, reply.body
        self.tokens[user_id] = KeyedToken(seed)
        return user_id

    async def key_in(self, user_id: str, pin: str, code: str) -> Reply:
        return await self.ask("POST", "/v1/log-in", {"user_id": user_id, "pin": pin, "code": code})

    async def session(self, user_id: str = "20000001") -> str:
        reply = await self.key_in(user_id, PIN, self.tokens[user_id].next())
        assert reply.status == 200, reply.body
        return str(reply.body["session"])

    def cargo_data(self, **changes: Any) -> dict[str, Any]:
        return {
            "company": "BR-1",
            "direction": "outbound",
            "packages": 12,
            "package_description": "Cartons",
            "articles": "Umbrellas 雨傘",
            "consignor_name": "A Ltd",
            "consignor_address": "1 Road, Hong Kong",
            "consignee_name": "B Ltd",
            "consignee_address": "2 Road, Shenzhen",
            "expected_date": self.clock().date().isoformat(),
        } | changes

    async def lodge(self, **changes: Any) -> str:
        reply = await self.ask(
            "POST", "/v1/consignments", self.cargo_data(**changes), role=Role.SHIPPER
        )
        assert reply.status == 201, reply.body
        return str(reply.body["ccrn"])

    async def bundle(
        self, session: str, ccrns: list[str], vehicle: str = "AB1234", key: str | None = None
    ) -> Reply:
        return await self.ask(
            "POST",
            "/v1/bundles",
            {"ccrns": ccrns, "vehicle": vehicle},
            session=session,
            key=key or secrets.token_hex(8),
        )

    async def unbundle(self, session: str, ubr: str, key: str | None = None) -> Reply:
        return await self.ask(
            "POST",
            f"/v1/bundles/{ubr}/unbundle",
            session=session,
            key=key or secrets.token_hex(8),
        )


def settings_for(folder: Path, url: str = "", **changes: Any) -> RocarsSettings:
    return RocarsSettings(
        **{
            "data_dir": folder / "rocars",
            "listen": ListenSettings(port=0, shutdown_s=1),
            "database": DatabaseSettings(
                url=url, busy_timeout_ms=60_000, statement_timeout_s=60, pool_timeout_s=60
            ),
            "auth": AuthSettings(argon2_memory_kib=64, argon2_time_cost=1),
            **changes,
        }
    )


async def make_world(settings: RocarsSettings) -> AsyncIterator[World]:
    clock = SetClock()
    files = []
    if not settings.database.url:
        files.append(settings.data_dir / "rocars.sqlite3")
    if settings.portal.enabled:
        files.append(settings.data_dir / "course.sqlite3")
    for file in files:
        if not file.exists():
            new_rocars(file)
    running = await serve(settings, clock=clock)
    try:
        async with aiohttp.ClientSession() as http:
            async with http.get(running.base_url + "/openapi.json") as response:
                description = described_by(await response.text())
            world = World(running, clock, http, description)
            if not settings.demo.enabled:
                await world.company()
            yield world
    finally:
        await running.close()


@pytest.fixture
def changes() -> dict[str, Any]:
    """Settings a test module changes; override it there."""
    return {}


@pytest.fixture(params=["sqlite", "postgresql"])
async def world(
    request: pytest.FixtureRequest, tmp_path: Path, changes: dict[str, Any]
) -> AsyncIterator[World]:
    """ROCARS on either database."""
    url = ""
    if request.param == "postgresql":
        url = await new_rocars_on(request.getfixturevalue("postgres"))
    async for made in make_world(settings_for(tmp_path, url, **changes)):
        yield made


@pytest.fixture
async def small_world(tmp_path: Path, changes: dict[str, Any]) -> AsyncIterator[World]:
    """ROCARS on SQLite, for what has nothing to do with the database."""
    async for made in make_world(settings_for(tmp_path, **changes)):
        yield made
