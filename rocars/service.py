"""All desks of ROCARS, wired to one database, one clock and one key ring."""

from __future__ import annotations

from dataclasses import dataclass

from rocars.bundling import Bundling
from rocars.clock import Clock
from rocars.consignments import Consignments
from rocars.database import Database
from rocars.key_ring import KeyRing
from rocars.lockout import Lockout
from rocars.login import LoginDesk
from rocars.once_only import OnceOnly
from rocars.pins import PinHasher
from rocars.registration import Registry
from rocars.sessions import Sessions
from rocars.settings import RocarsSettings
from rocars.vehicles import Vehicles


@dataclass(frozen=True)
class Service:
    """What the routes call."""

    settings: RocarsSettings
    clock: Clock
    database: Database
    keys: KeyRing
    pins: PinHasher
    lockout: Lockout
    sessions: Sessions
    login: LoginDesk
    vehicles: Vehicles
    registry: Registry
    consignments: Consignments
    once_only: OnceOnly
    bundling: Bundling

    async def sweep(self) -> None:
        """Remove what has lapsed: sessions, counted failures, answers kept for repetition."""
        await self.sessions.sweep()
        await self.lockout.sweep()
        await self.once_only.sweep()

    async def close(self) -> None:
        self.pins.close()
        await self.database.close()


def wire(settings: RocarsSettings, keys: KeyRing, clock: Clock) -> Service:
    database = Database(settings.database_url, settings.database)
    pins = PinHasher(settings.auth)
    lockout = Lockout(database, clock, settings.auth)
    sessions = Sessions(database, clock, settings.auth.session_minutes)
    vehicles = Vehicles(database, settings.vehicles)
    consignments = Consignments(database, clock, settings.rules, settings.ccrn)
    once_only = OnceOnly(database, clock, settings.rules.idempotency_days)
    return Service(
        settings=settings,
        clock=clock,
        database=database,
        keys=keys,
        pins=pins,
        lockout=lockout,
        sessions=sessions,
        login=LoginDesk(database, clock, settings, keys, pins, lockout, sessions),
        vehicles=vehicles,
        registry=Registry(database, clock, settings, keys, pins, vehicles),
        consignments=consignments,
        once_only=once_only,
        bundling=Bundling(database, clock, settings, consignments, vehicles, once_only),
    )
