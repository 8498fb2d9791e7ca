"""All of ROCARS, wired to one database, one clock and one key ring."""

from __future__ import annotations

import random
from dataclasses import dataclass

import structlog

from rocars.bundling.bundling import Bundling
from rocars.bundling.idempotency import IdempotentRequests
from rocars.cargo.batches import Batches
from rocars.cargo.consignments import Consignments
from rocars.cargo.own_cargo import OwnCargo
from rocars.clock import Clock
from rocars.crossing.boards import Boards
from rocars.crossing.crossings import Crossings
from rocars.crossing.lanes import Lanes
from rocars.crossing.officers import Officers
from rocars.crossing.overrides import Overrides
from rocars.crossing.passages import Passages
from rocars.crossing.profiles import RiskProfiles
from rocars.crossing.retention import Retention
from rocars.crossing.unladen import UnladenDeclarations
from rocars.entrance.lockout import Lockout
from rocars.entrance.login import DriverLogin
from rocars.entrance.sessions import Sessions
from rocars.entrance.web_login import WebLogin
from rocars.registry.accounts import Accounts
from rocars.registry.companies import Companies
from rocars.registry.drivers import Drivers
from rocars.registry.vehicles import Vehicles
from rocars.secrets.key_ring import KeyRing, load_keys
from rocars.secrets.pins import PinHasher
from rocars.settings import RocarsSettings
from rocars.store.clock_belief import ClockBelief
from rocars.store.database import Database

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Service:
    """What the endpoints call."""

    settings: RocarsSettings
    clock: Clock
    database: Database
    keys: KeyRing
    pins: PinHasher
    lockout: Lockout
    sessions: Sessions
    login: DriverLogin
    vehicles: Vehicles
    companies: Companies
    drivers: Drivers
    consignments: Consignments
    batches: Batches
    own_cargo: OwnCargo
    accounts: Accounts
    web_login: WebLogin
    requests: IdempotentRequests
    bundling: Bundling
    crossings: Crossings
    lanes: Lanes
    boards: Boards
    profiles: RiskProfiles
    passages: Passages
    unladen: UnladenDeclarations
    overrides: Overrides
    officers: Officers
    retention: Retention
    belief: ClockBelief

    async def sweep(self) -> None:
        """Remove what has lapsed: sessions and counted failures, which can be had anew; answers
        kept for repetition and what was held of the boundary for long enough, which cannot."""
        await self._sweep_sessions()
        await self._sweep_records()

    async def sweep_by_itself(self) -> None:
        """The same, but nothing for good while the clock may be wrong."""
        await self._sweep_sessions()
        if doubt := await self.belief.doubt():
            log.info("rocars.nothing_deleted", why=doubt)
            return
        await self._sweep_records()

    async def _sweep_sessions(self) -> None:
        await self.sessions.sweep()
        await self.lockout.sweep()
        await self.web_login.sweep()
        await self.officers.sweep()

    async def _sweep_records(self) -> None:
        await self.requests.sweep()
        await self.retention.sweep()

    async def close(self) -> None:
        self.pins.close()
        await self.database.close()


def wire(settings: RocarsSettings, clock: Clock) -> Service:
    """Raises KeyMissing."""
    keys = load_keys(settings.keys, settings.data_dir, embedded=settings.embedded)
    database = Database(settings.database_url, settings.database)
    pins = PinHasher(settings.auth)
    lockout = Lockout(database, clock, settings.auth)
    sessions = Sessions(database, clock, settings.auth.session_minutes)
    vehicles = Vehicles(database, settings.vehicles)
    consignments = Consignments(database, clock, settings.rules, settings.ccrn)
    requests = IdempotentRequests(database, clock, settings.rules.idempotency_days)
    login = DriverLogin(
        database, clock, settings.auth, settings.token, keys, pins, lockout, sessions
    )
    accounts = Accounts(database, settings.auth, pins)
    lanes = Lanes(database, clock, settings.crossing, settings.control_points)
    boards = Boards(lanes, settings.crossing.board_look_s)
    profiles = RiskProfiles(database, clock)
    passages = Passages(
        database,
        clock,
        settings.crossing,
        lanes,
        profiles,
        chance=random.SystemRandom().random,  # nobody can tell who is next
        decided=boards.changed,
    )
    return Service(
        settings=settings,
        clock=clock,
        database=database,
        keys=keys,
        pins=pins,
        lockout=lockout,
        sessions=sessions,
        login=login,
        vehicles=vehicles,
        companies=Companies(database),
        drivers=Drivers(database, clock, settings.auth, settings.token, keys, pins, vehicles),
        consignments=consignments,
        batches=Batches(database, clock, settings.batch, consignments),
        own_cargo=OwnCargo(database, clock, settings.rules, consignments),
        accounts=accounts,
        web_login=WebLogin(
            database,
            clock,
            settings.portal,
            settings.auth.session_minutes,
            pins,
            accounts,
            lockout,
            login,
        ),
        requests=requests,
        bundling=Bundling(database, clock, settings.rules, consignments, vehicles, requests),
        crossings=Crossings(database, clock, settings.control_points),
        lanes=lanes,
        boards=boards,
        profiles=profiles,
        passages=passages,
        unladen=UnladenDeclarations(
            database, clock, settings.crossing, lanes, passages, decided=boards.changed
        ),
        overrides=Overrides(
            database, clock, lanes, vehicles, settings.crossing, decided=boards.changed
        ),
        retention=Retention(database, clock, settings.crossing),
        belief=ClockBelief(database, clock),
        officers=Officers(database, clock, settings.crossing, settings.token, keys, pins, lockout),
    )
