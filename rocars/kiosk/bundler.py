"""Whoever bundles at a kiosk: a driver, or an agent for a client and a named driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rocars.bundling.messages import BundleReceipt, BundleRequest
from rocars.kiosk.visits import Visit
from rocars.refusals import Code, Problem
from rocars.registry.agencies import ActingFor
from rocars.service import Service


@dataclass(frozen=True)
class Made:
    """A bundle; `driver` is the user ID of its driver, where that is not who bundled it."""

    receipt: BundleReceipt
    driver: str = ""


class Bundler(Protocol):
    """All methods raise Problem, as the rooms below do."""

    async def live(self) -> list[BundleReceipt]:
        """Their live bundles, the newest first."""

    async def vehicles(self) -> tuple[str, ...]:
        """The registration marks that are on file."""

    async def bundle(self, key: str, driver: str, asked: BundleRequest) -> BundleReceipt:
        """`key`: an Idempotency-Key; `driver`: what was entered as the user ID of the driver."""

    async def get(self, ubr: str) -> Made:
        """Raises Problem UNKNOWN_BUNDLE, for those of others too."""

    async def unbundle(self, key: str, ubr: str) -> None: ...


@dataclass(frozen=True)
class OwnBundles:
    """Of a driver, who needs not say which one."""

    service: Service
    driver_id: int

    async def live(self) -> list[BundleReceipt]:
        bundles = await self.service.bundling.bundles_of(self.driver_id)
        return [bundle for bundle in bundles if bundle.state == "live"]

    async def vehicles(self) -> tuple[str, ...]:
        return await self.service.vehicles.of_driver(self.driver_id)

    async def bundle(self, key: str, driver: str, asked: BundleRequest) -> BundleReceipt:
        return await self.service.bundling.bundle(self.driver_id, key, asked)

    async def get(self, ubr: str) -> Made:
        return Made(await self.service.bundling.own(self.driver_id, ubr))

    async def unbundle(self, key: str, ubr: str) -> None:
        await self.service.bundling.unbundle(self.driver_id, key, ubr)


@dataclass(frozen=True)
class BundlesOfClient:
    """Of an agent, for one client."""

    service: Service
    client: ActingFor

    async def live(self) -> list[BundleReceipt]:
        made = await self.service.agent_bundling.made(self.client)
        return [bundle.receipt for bundle in made if bundle.receipt.state == "live"]

    async def vehicles(self) -> tuple[str, ...]:
        return ()

    async def bundle(self, key: str, driver: str, asked: BundleRequest) -> BundleReceipt:
        return await self.service.agent_bundling.bundle(self.client, key, driver, asked)

    async def get(self, ubr: str) -> Made:
        made = await self.service.agent_bundling.get(self.client, ubr)
        return Made(made.receipt, made.user_id)

    async def unbundle(self, key: str, ubr: str) -> None:
        await self.service.agent_bundling.unbundle(self.client, key, ubr)


def bundler_of(service: Service, visit: Visit) -> Bundler:
    """The guard sees to it that a driver or a client is there."""
    if visit.client is not None:
        return BundlesOfClient(service, visit.client)
    if visit.driver is None:
        raise Problem(Code.SESSION_EXPIRED)
    return OwnBundles(service, visit.driver.id)
