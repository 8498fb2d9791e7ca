"""All of ROCARS, wired to one database, one clock and one key ring."""

from __future__ import annotations

import random
from dataclasses import dataclass

import structlog

from ground.sms.gateway import SmsGateway
from rocars.bundling.agents import AgentBundling
from rocars.bundling.bundling import Bundling
from rocars.bundling.idempotency import IdempotentRequests
from rocars.cargo.batches import Batches
from rocars.cargo.consignments import Consignments
from rocars.cargo.file_readings import FileReadings
from rocars.cargo.kept_forms import KeptForms
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
from rocars.entrance.throttles import Throttles
from rocars.entrance.web_login import WebLogin
from rocars.hotline.deeds import HotlineDeeds
from rocars.hotline.enquiries import Enquiries
from rocars.hotline.texts_again import TextsAgain
from rocars.registry.accounts import Accounts
from rocars.registry.agencies import Agencies
from rocars.registry.applications import Applications
from rocars.registry.approval import Approval
from rocars.registry.companies import Companies
from rocars.registry.course_progress import CourseProgress
from rocars.registry.deeds import RegistrationLog
from rocars.registry.driver_tokens import DriverTokens
from rocars.registry.drivers import Drivers
from rocars.registry.packs import Packs
from rocars.registry.registrants import Registrants
from rocars.registry.rehearsals import Rehearsals
from rocars.registry.vehicles import Vehicles
from rocars.secrets.key_ring import KeyRing, load_keys
from rocars.secrets.pins import PinHasher
from rocars.settings import RocarsSettings
from rocars.store.clock_belief import ClockBelief
from rocars.store.database import Database
from rocars.systems.intake import Intake
from rocars.systems.keys import CompanyKeys
from rocars.systems.orders import Orders
from rocars.systems.push_addresses import PushAddresses
from rocars.systems.pushes import Pusher
from rocars.systems.signatures import RequestSignatures
from rocars.systems.submissions import Submissions
from rocars.systems.uses import KeyUses
from rocars.systems.worker import MessageWorker

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
    throttles: Throttles
    sessions: Sessions
    login: DriverLogin
    vehicles: Vehicles
    companies: Companies
    drivers: Drivers
    consignments: Consignments
    batches: Batches
    file_readings: FileReadings
    kept_forms: KeptForms
    own_cargo: OwnCargo
    accounts: Accounts
    web_login: WebLogin
    applications: Applications
    approval: Approval
    packs: Packs
    tokens: DriverTokens
    agencies: Agencies
    registrants: Registrants
    course_progress: CourseProgress
    rehearsals: Rehearsals
    registration_log: RegistrationLog
    requests: IdempotentRequests
    bundling: Bundling
    agent_bundling: AgentBundling
    crossings: Crossings
    lanes: Lanes
    boards: Boards
    profiles: RiskProfiles
    passages: Passages
    unladen: UnladenDeclarations
    overrides: Overrides
    officers: Officers
    enquiries: Enquiries
    hotline: HotlineDeeds
    sms: SmsGateway | None
    texts_again: TextsAgain
    retention: Retention
    belief: ClockBelief
    company_keys: CompanyKeys
    key_uses: KeyUses
    request_signatures: RequestSignatures
    submissions: Submissions
    message_worker: MessageWorker
    push_addresses: PushAddresses
    pusher: Pusher

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
        await self.throttles.sweep()
        await self.web_login.sweep()
        await self.officers.sweep()
        await self.file_readings.sweep()

    async def _sweep_records(self) -> None:
        await self.requests.sweep()
        await self.kept_forms.sweep()
        await self.enquiries.sweep()
        await self.applications.sweep()
        await self.packs.sweep()
        await self.retention.sweep()
        await self.submissions.sweep()
        await self.key_uses.sweep()

    async def close(self) -> None:
        await self.file_readings.close()
        if self.sms is not None:
            await self.sms.close()
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
    registration = settings.registration
    tokens = DriverTokens(database, clock, registration, settings.token, keys)
    lanes = Lanes(database, clock, settings.crossing, settings.control_points)
    boards = Boards(lanes, settings.crossing.board_look_s)
    profiles = RiskProfiles(database, clock)
    batches = Batches(database, clock, settings.batch, consignments)
    bundling = Bundling(database, clock, settings.rules, consignments, vehicles, requests)
    own_cargo = OwnCargo(database, clock, settings.rules, consignments)
    agencies = Agencies(database, clock)
    pusher = Pusher(database, clock, settings.systems, keys.pushes)
    orders = Orders(clock, consignments, own_cargo)
    message_worker = MessageWorker(database, clock, settings.systems, orders, finished=pusher.due)
    intake = Intake(database, settings.systems, accepted=message_worker.accepted)
    sms = SmsGateway(settings.sms) if settings.sms.url else None
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
        throttles=Throttles(database, clock),
        sessions=sessions,
        login=login,
        vehicles=vehicles,
        companies=Companies(database),
        drivers=Drivers(database, clock, settings.auth, settings.token, keys, pins, vehicles),
        consignments=consignments,
        batches=batches,
        file_readings=FileReadings(database, clock, batches, settings.batch.answer_within_s),
        kept_forms=KeptForms(database, clock, settings.rules),
        own_cargo=own_cargo,
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
        applications=Applications(database, clock, registration, pins),
        approval=Approval(database, clock, settings.auth, settings.auth, pins),
        packs=Packs(database, clock, registration, keys, pins, tokens),
        tokens=tokens,
        agencies=agencies,
        registrants=Registrants(database),
        course_progress=CourseProgress(database, clock),
        rehearsals=Rehearsals(database, clock),
        registration_log=RegistrationLog(database),
        requests=requests,
        bundling=bundling,
        agent_bundling=AgentBundling(database, clock, bundling),
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
        enquiries=Enquiries(database, clock, settings.hotline, consignments, lockout),
        hotline=HotlineDeeds(database, clock, lockout),
        sms=sms,
        texts_again=TextsAgain(database, clock, sms),
        retention=Retention(database, clock, settings.crossing),
        belief=ClockBelief(database, clock),
        company_keys=CompanyKeys(database, clock, settings.systems.key_known_s),
        key_uses=KeyUses(database, clock, settings.systems.keep_uses_days),
        request_signatures=RequestSignatures(database, clock, settings.systems.signature_s),
        submissions=Submissions(database, clock, settings.systems, consignments, agencies, intake),
        message_worker=message_worker,
        push_addresses=PushAddresses(database, clock, settings.systems, keys.pushes),
        pusher=pusher,
        officers=Officers(database, clock, settings.crossing, settings.token, keys, pins, lockout),
    )
