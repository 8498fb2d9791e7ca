"""A system of a company, as it stands before the door of ROCARS."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rocars.secrets.key_ring import Role
from tests.rocars.conftest import Reply, World
from tests.support.pace import limit

CLIENT = Path(__file__).parents[3] / "docs" / "interfaces" / "client"


def client_module() -> Any:
    """The client of the docs, imported."""
    spec = importlib.util.spec_from_file_location("rocars_client", CLIENT / "rocars_client.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class System:
    """Sends with a key of its company."""

    world: World
    key: str
    company: str = "BR-1"

    @property
    def key_id(self) -> str:
        return self.key.split("_")[1]

    async def ask(
        self, method: str, path: str, body: Any = None, *, extra: dict[str, str] | None = None
    ) -> Reply:
        headers = {"X-Api-Key": self.key, **(extra or {})}
        return await self.world.ask(method, path, body, role=None, extra=headers)

    async def send(
        self, message: str, orders: list[dict[str, Any]] | bytes, kind: str = "application/json"
    ) -> Reply:
        raw = orders if isinstance(orders, bytes) else json.dumps({"orders": orders}).encode()
        return await self.world.ask(
            "PUT",
            f"/v1/messages/{message}",
            role=None,
            raw=raw,
            extra={"X-Api-Key": self.key, "Content-Type": kind},
        )

    async def done(self, message: str) -> dict[str, Any]:
        """The status of a message once all of it is worked off."""
        async with asyncio.timeout(limit(20)):
            while True:
                reply = await self.ask("GET", f"/v1/messages/{message}")
                assert reply.status == 200, reply.body
                if reply.body["state"] == "done":
                    return dict(reply.body)
                await asyncio.sleep(0.02)

    def lodge(self, **changes: Any) -> dict[str, Any]:
        """An order to lodge."""
        cargo = self.world.cargo_data()
        cargo.pop("company")
        return {"do": "lodge", **cargo, **changes}

    def amend(self, ccrn: str, **changes: Any) -> dict[str, Any]:
        return {**self.lodge(**changes), "do": "amend", "ccrn": ccrn}


async def issue(world: World, company: str = "BR-1", **data: Any) -> Reply:
    body = {"name": "Warehouse", "rights": ["lodge", "change", "read"], **data}
    return await world.ask("POST", f"/v1/companies/{company}/keys", body, role=Role.ADMIN)


async def system_of(world: World, company: str = "BR-1", **data: Any) -> System:
    reply = await issue(world, company, **data)
    assert reply.status == 201, reply.body
    return System(world, reply.body["key"], company)
