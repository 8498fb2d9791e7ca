"""Where the story plays: one ROCARS with the demonstration's people, reached over HTTP."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import pyotp

from rocars.clock import hong_kong_now

SHIPPER = "shipper1"
DRIVER = "10000001"
OTHER_DRIVER = "10000003"


@dataclass
class Stage:
    """A ROCARS that is up.

    Args:
        api: address of its interface and of the boundary's pages.
        portal: address of the portal and of the kiosks.
        key: gives the API key of a role.
    """

    api: str
    portal: str
    key: Callable[[str], str] = field(repr=False)
    http: aiohttp.ClientSession = field(repr=False)

    async def ask(self, method: str, path: str, role: str, **more: Any) -> dict[str, Any]:
        """An answer of the interface, which must be a good one."""
        headers = {"X-Api-Key": self.key(role)} | more.pop("headers", {})
        async with self.http.request(method, self.api + path, headers=headers, **more) as answer:
            body: dict[str, Any] = await answer.json()
            assert answer.status < 300, (answer.status, body)
            return body

    async def password(self, user_id: str) -> str:
        accounts = (await self.ask("GET", "/demo", "demo"))["accounts"]
        return str(
            next(account["password"] for account in accounts if account["user_id"] == user_id)
        )

    async def driver(self, user_id: str) -> dict[str, str]:
        """PIN and next code of a driver, among others."""
        drivers = (await self.ask("GET", "/demo", "demo"))["drivers"]
        found: dict[str, str] = next(driver for driver in drivers if driver["user_id"] == user_id)
        return found

    async def officer(self, role: str) -> dict[str, str]:
        """Name, password and code of an officer."""
        officers = (await self.ask("GET", "/demo", "demo"))["officers"]
        found: dict[str, str] = next(officer for officer in officers if officer["role"] == role)
        seed = base64.b32encode(bytes.fromhex(found["seed"])).decode()
        return found | {"code": pyotp.TOTP(seed).now()}


def cargo(articles: str) -> dict[str, str]:
    """The eight mandatory items of a consignment of today, and its direction."""
    return {
        "direction": "outbound",
        "packages": "12",
        "package_description": "Cartons",
        "articles": articles,
        "consignor_name": "Kwun Tong Umbrellas Limited",
        "consignor_address": "1 Example Road, Kwun Tong, Hong Kong",
        "consignee_name": "Futian Umbrellas Company",
        "consignee_address": "2 Example Avenue, Futian, Shenzhen",
        "expected_date": (hong_kong_now().date() + timedelta(days=1)).isoformat(),
    }
