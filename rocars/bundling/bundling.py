"""Bundling: CCRNs and one vehicle under one UBR, and undoing it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.bundling.bundles import locked_bundle, receipt_of, undo
from rocars.bundling.crossing_time import Instruction, instruct
from rocars.bundling.idempotency import IdempotentRequests
from rocars.bundling.messages import BundleReceipt, BundleRequest, Settled
from rocars.bundling.settings import BundlingRules
from rocars.cargo.ccrn import random_digits
from rocars.cargo.consignments import Consignments, held_in_bundles
from rocars.clock import HONG_KONG, Clock
from rocars.refusals import Code, Problem
from rocars.registry.drivers import driver_id_of
from rocars.registry.marks import keyed_spelling
from rocars.registry.vehicles import Vehicles, used
from rocars.store.database import Database
from rocars.store.journal import write_down
from rocars.store.tables.bundling import Bundle, BundledCargo
from rocars.store.tables.cargo import Consignment

log = structlog.get_logger("rocars.bundling")


class Bundling:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        rules: BundlingRules,
        consignments: Consignments,
        vehicles: Vehicles,
        requests: IdempotentRequests,
    ) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules
        self._consignments = consignments
        self._vehicles = vehicles
        self._requests = requests

    async def bundle(
        self, driver_id: int, key: str, request: BundleRequest, *, company_id: int | None = None
    ) -> BundleReceipt:
        """With `company_id` the cargo of this company only: any other is unknown.

        Raises Problem TOO_MANY_CCRNS, BAD_VEHICLE, MAINLAND_PLATE, UNKNOWN_CCRN, CARGO_CROSSED,
        ALREADY_BUNDLED, CARGO_EXPIRED, MIXED_DIRECTIONS, IDEMPOTENCY_KEY_REUSED."""

        async def operation(session: AsyncSession) -> BundleReceipt:
            return await self._bundle(session, driver_id, request, company_id)

        asked = f"bundle {request.model_dump_json()}"
        return await self._requests.do(driver_id, key, asked, operation)

    async def _bundle(
        self,
        session: AsyncSession,
        driver_id: int,
        request: BundleRequest,
        company_id: int | None,
    ) -> BundleReceipt:
        ccrns = tuple(dict.fromkeys(request.ccrns))  # a CCRN keyed twice is one CCRN
        if len(ccrns) > self._rules.max_ccrns:
            raise Problem(Code.TOO_MANY_CCRNS, str(self._rules.max_ccrns))
        mark = self._vehicles.mark(request.vehicle)
        cargo = await self._consignments.lock(session, ccrns)
        now = self._clock()  # after the locks: all cargo was lodged before this instant
        held = await held_in_bundles(session, [consignment.id for consignment in cargo], now)
        for consignment in cargo:
            if company_id not in (None, consignment.company_id):
                raise Problem(Code.UNKNOWN_CCRN, consignment.ccrn)
            self._admit(consignment, held, now)
        if len({consignment.direction for consignment in cargo}) > 1:
            odd = next(c for c in cargo if c.direction != cargo[0].direction)
            raise Problem(Code.MIXED_DIRECTIONS, odd.ccrn)
        instruction = self.instruction(cargo, now)
        last_day = max(self._consignments.last_day(consignment) for consignment in cargo)
        bundle = Bundle(
            ubr=random_digits(self._rules.ubr_digits),
            driver_id=driver_id,
            mark=mark,
            state="live",
            bundled_at=now,
            immediately=instruction.immediately,
            cross_from=instruction.at,
            expires_at=datetime.combine(last_day + timedelta(days=1), time(), HONG_KONG),
            crossed_at=None,
            control_point=None,
            cargo=[
                BundledCargo(consignment=consignment, place=place, live=True)
                for place, consignment in enumerate(cargo)
            ],
        )
        session.add(bundle)
        await session.flush()
        await used(session, driver_id, mark, now)
        write_down(session, now, "bundled", "ubr", bundle.ubr)
        log.info("bundle.made", ubr=bundle.ubr, ccrns=len(ccrns), immediately=bundle.immediately)
        return receipt_of(bundle, now)

    def _admit(self, consignment: Consignment, held: Collection[int], now: datetime) -> None:
        """`held`: the consignments that are in live bundles."""
        if consignment.crossed_at is not None:
            raise Problem(Code.CARGO_CROSSED, consignment.ccrn)
        if consignment.id in held:
            raise Problem(Code.ALREADY_BUNDLED, consignment.ccrn)
        if self._consignments.expired(consignment, now):
            raise Problem(Code.CARGO_EXPIRED, consignment.ccrn)

    def instruction(self, cargo: list[Consignment], now: datetime) -> Instruction:
        """What bundling this cargo now is told."""
        restarts = self._rules.amendment_restarts_lead
        lodged = ((restarts and lot.amended_at) or lot.lodged_at for lot in cargo)
        return instruct(lodged, now, timedelta(minutes=self._rules.lead_minutes))

    async def unbundle(self, driver_id: int, key: str, ubr: str) -> BundleReceipt:
        """Raises Problem UNBUNDLE_DISABLED, UNKNOWN_BUNDLE, BUNDLE_NOT_LIVE,
        IDEMPOTENCY_KEY_REUSED."""
        if not self._rules.unbundle_enabled:
            raise Problem(Code.UNBUNDLE_DISABLED, ubr)

        async def operation(session: AsyncSession) -> BundleReceipt:
            now = self._clock()
            bundle = await locked_bundle(session, ubr)
            if bundle.driver_id != driver_id:
                raise Problem(Code.UNKNOWN_BUNDLE, ubr)
            await undo(session, bundle, now)
            log.info("bundle.undone", ubr=ubr)
            return receipt_of(bundle, now)

        return await self._requests.do(driver_id, key, f"unbundle {ubr}", operation)

    async def bundles_of(self, driver_id: int) -> list[BundleReceipt]:
        """The driver's own, newest first."""
        async with self._database.reading() as session:
            rows = await session.execute(
                select(Bundle)
                .where(Bundle.driver_id == driver_id)
                .order_by(Bundle.bundled_at.desc(), Bundle.id.desc())
                .limit(self._rules.bundles_listed)
            )
            now = self._clock()
            return [receipt_of(bundle, now) for bundle in rows.scalars()]

    async def own(self, driver_id: int, ubr: str) -> BundleReceipt:
        """A bundle of this driver. Raises Problem UNKNOWN_BUNDLE, for another's as for none."""
        async with self._database.reading() as session:
            row = await session.execute(
                select(Bundle).where(Bundle.ubr == ubr, Bundle.driver_id == driver_id)
            )
            bundle = row.scalar()
            if bundle is None:
                raise Problem(Code.UNKNOWN_BUNDLE, ubr)
            return receipt_of(bundle, self._clock())

    async def status(self, ubr: str, vehicle: str) -> BundleReceipt:
        """For a caller who gives both UBR and vehicle, the vehicle by its mark or by the keys that
        spell it on a telephone. Raises Problem UNKNOWN_BUNDLE when either is wrong."""
        try:
            mark = self._vehicles.mark(vehicle)
        except Problem:
            mark = ""
        async with self._database.reading() as session:
            bundle = (await session.execute(select(Bundle).where(Bundle.ubr == ubr))).scalar()
        if bundle is None or vehicle_is_another(bundle.mark, mark, vehicle):
            raise Problem(Code.UNKNOWN_BUNDLE, ubr)
        return receipt_of(bundle, self._clock())

    async def settle(self, user_id: str, key: str) -> Settled:
        """How a driver's request under this key ended, for good. See `IdempotentRequests`.

        Raises Problem UNKNOWN_DRIVER.
        """
        driver_id = await driver_id_of(self._database, user_id)
        receipt = await self._requests.settle(driver_id, key)
        log.info("bundle.settled", done=receipt is not None)
        return Settled(receipt=receipt)


def vehicle_is_another(bundled: str, mark: str, keys: str) -> bool:
    return bundled != mark and keyed_spelling(bundled) != keys
