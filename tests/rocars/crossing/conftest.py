"""A camera, a panel and officers at the boundary of a real ROCARS."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyotp
import pytest

from rocars.crossing.risk import Condition
from rocars.secrets.key_ring import Role
from tests.rocars.conftest import Reply, World

OUT, IN = "LMC-OUT-1", "LMC-IN-1"
PASSWORD = "a quiet boundary"
SEED = "42" * 20


def code_at(world: World) -> str:
    """The code of the officers' token now."""
    return pyotp.TOTP(base64.b32encode(bytes.fromhex(SEED)).decode()).at(world.clock())


@dataclass
class Boundary:
    """Shorthands for what happens at a lane."""

    world: World
    driver: str = ""

    async def bundled(self, vehicle: str = "AB1234", *, wait: bool = True, **cargo: Any) -> str:
        """A bundle, and its UBR; with `wait` it may cross at once."""
        world = self.world
        if not self.driver:
            self.driver = await world.driver()
        ccrn = await world.lodge(**cargo)
        if wait:
            world.clock.forward(minutes=31)
        reply = await world.bundle(await world.session(self.driver), [ccrn], vehicle)
        assert reply.status == 201, reply.body
        return str(reply.body["ubr"])

    async def read(
        self,
        plate: str,
        lane: str = OUT,
        *,
        confidence: float = 0.97,
        key: str | None = None,
        late_s: float = 0.0,
        **more: Any,
    ) -> Reply:
        taken = self.world.clock() - timedelta(seconds=late_s)
        body = {"lane": lane, "plate": plate, "confidence": confidence} | {
            "taken_at": taken.isoformat(),
            **more,
        }
        return await self.world.ask(
            "POST", "/v1/readings", body, role=Role.CAMERA, key=key or secrets.token_hex(8)
        )

    async def instructed(self, plate: str, lane: str = OUT, **more: Any) -> str:
        reply = await self.read(plate, lane, **more)
        assert reply.status == 200, reply.body
        return str(reply.body["instruction"])

    async def press(self, lane: str = OUT, key: str | None = None) -> str:
        reply = await self.world.ask(
            "POST",
            "/v1/unladen-declarations",
            {"lane": lane},
            role=Role.DISPLAY,
            key=key or secrets.token_hex(8),
        )
        assert reply.status == 200, reply.body
        return str(reply.body["result"])

    async def status(self, ubr: str, vehicle: str = "AB1234") -> str:
        reply = await self.world.ask("GET", f"/v1/bundles/{ubr}/status?vehicle={vehicle}")
        return str(reply.body["state"])

    async def board(self, lane: str = OUT) -> dict[str, Any]:
        reply = await self.world.ask("GET", "/v1/lanes", role=Role.DISPLAY)
        return next(shown for shown in reply.body["lanes"] if shown["lane"] == lane)

    async def officer(self, name: str = "wong", role: str = "officer") -> str:
        reply = await self.world.ask(
            "POST",
            "/v1/officers",
            {"name": name, "role": role, "password": PASSWORD, "seed": SEED},
            role=Role.ADMIN,
        )
        assert reply.status == 201, reply.body
        return name

    async def profile(self, *conditions: Condition, scope: str = "laden", days: int = 1) -> int:
        now = self.world.clock()
        return await self.world.running.service.profiles.add(
            "lam",
            name="Umbrellas",
            scope=scope,
            conditions=conditions,
            valid_from=now,
            valid_until=now + timedelta(days=days),
            reason="a tip",
        )

    async def hits(self) -> dict[int, int]:
        return {view.id: view.hits for view in await self.world.running.service.profiles.all()}


@pytest.fixture
def changes() -> dict[str, Any]:
    return {"crossing": {"random_share": 0}}


@pytest.fixture
async def boundary(world: World) -> Boundary:
    """On either database."""
    return Boundary(world)


@pytest.fixture
async def small_boundary(small_world: World) -> Boundary:
    return Boundary(small_world)
