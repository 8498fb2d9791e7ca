"""Bundling: CCRNs and one vehicle under one UBR, undoing it, and recording the crossing."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Literal, cast

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.ccrn import random_digits
from rocars.clock import HONG_KONG, Clock
from rocars.consignments import Consignments, live_bundle, release_lapsed
from rocars.crossing_rule import Instruction, instruct
from rocars.database import Database
from rocars.marks import keyed_spelling
from rocars.messages import BundleReceipt, BundleRequest, Crossing, Settled
from rocars.once_only import OnceOnly
from rocars.problems import Code, Problem
from rocars.registration import driver_id_of
from rocars.settings import RocarsSettings
from rocars.tables import Bundle, BundledCargo, Consignment
from rocars.vehicles import Vehicles, used

log = structlog.get_logger("rocars.bundling")

State = Literal["live", "unbundled", "crossed", "expired"]


class Bundling:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: RocarsSettings,
        consignments: Consignments,
        vehicles: Vehicles,
        once_only: OnceOnly,
    ) -> None:
        self._database = database
        self._clock = clock
        self._rules = settings.rules
        self._control_points = {point.code for point in settings.control_points if point.open}
        self._consignments = consignments
        self._vehicles = vehicles
        self._once_only = once_only

    async def bundle(self, driver_id: int, key: str, request: BundleRequest) -> BundleReceipt:
        """Raises Problem TOO_MANY_CCRNS, BAD_VEHICLE, MAINLAND_PLATE, UNKNOWN_CCRN, CARGO_CROSSED,
        ALREADY_BUNDLED, CARGO_EXPIRED, MIXED_DIRECTIONS, IDEMPOTENCY_KEY_REUSED."""

        async def deed(session: AsyncSession) -> BundleReceipt:
            return await self._bundle(session, driver_id, request)

        asked = f"bundle {request.model_dump_json()}"
        return await self._once_only.do(driver_id, key, asked, deed)

    async def _bundle(
        self, session: AsyncSession, driver_id: int, request: BundleRequest
    ) -> BundleReceipt:
        ccrns = tuple(dict.fromkeys(request.ccrns))  # a CCRN keyed twice is one CCRN
        if len(ccrns) > self._rules.max_ccrns:
            raise Problem(Code.TOO_MANY_CCRNS, str(self._rules.max_ccrns))
        mark = self._vehicles.mark(request.vehicle)
        cargo = await self._consignments.lock(session, ccrns)
        now = self._clock()  # after the locks: all cargo was lodged before this instant
        for consignment in cargo:
            await self._admit(session, consignment, now)
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
        log.info("bundle.made", ubr=bundle.ubr, ccrns=len(ccrns), immediately=bundle.immediately)
        return self._receipt(bundle, now)

    async def _admit(self, session: AsyncSession, consignment: Consignment, now: datetime) -> None:
        if consignment.crossed_at is not None:
            raise Problem(Code.CARGO_CROSSED, consignment.ccrn)
        await release_lapsed(session, consignment.id, now)
        if await live_bundle(session, consignment.id) is not None:
            raise Problem(Code.ALREADY_BUNDLED, consignment.ccrn)
        if self._consignments.expired(consignment, now):
            raise Problem(Code.CARGO_EXPIRED, consignment.ccrn)

    def instruction(self, cargo: list[Consignment], now: datetime) -> Instruction:
        """What bundling this cargo now is told."""
        restarts = self._rules.amendment_restarts_lead
        lodged = ((restarts and one.amended_at) or one.lodged_at for one in cargo)
        return instruct(lodged, now, timedelta(minutes=self._rules.lead_minutes))

    async def unbundle(self, driver_id: int, key: str, ubr: str) -> BundleReceipt:
        """Raises Problem UNBUNDLE_DISABLED, UNKNOWN_BUNDLE, BUNDLE_NOT_LIVE,
        IDEMPOTENCY_KEY_REUSED."""
        if not self._rules.unbundle_enabled:
            raise Problem(Code.UNBUNDLE_DISABLED, ubr)

        async def deed(session: AsyncSession) -> BundleReceipt:
            now = self._clock()
            bundle = await _locked(session, ubr)
            if bundle.driver_id != driver_id:
                raise Problem(Code.UNKNOWN_BUNDLE, ubr)
            self._require_live(bundle, now)
            bundle.state = "unbundled"
            await _release(session, bundle)
            log.info("bundle.undone", ubr=ubr)
            return self._receipt(bundle, now)

        return await self._once_only.do(driver_id, key, f"unbundle {ubr}", deed)

    async def cross(self, ubr: str, control_point: str) -> BundleReceipt:
        """The truck has passed. Raises Problem UNKNOWN_CONTROL_POINT, UNKNOWN_BUNDLE,
        BUNDLE_NOT_LIVE, NOT_YET."""
        if control_point not in self._control_points:
            raise Problem(Code.UNKNOWN_CONTROL_POINT, control_point)
        async with self._database.write() as session:
            now = self._clock()
            bundle = await _locked(session, ubr)
            self._require_live(bundle, now)
            if now < bundle.cross_from:
                raise Problem(Code.NOT_YET, ubr)
            bundle.state = "crossed"
            bundle.crossed_at = now
            bundle.control_point = control_point
            await _release(session, bundle)
            await session.execute(
                update(Consignment)
                .where(Consignment.id.in_([item.consignment_id for item in bundle.cargo]))
                .values(crossed_at=now)
            )
        log.info("bundle.crossed", ubr=ubr, control_point=control_point)
        return self._receipt(bundle, now)

    async def bundles_of(self, driver_id: int) -> list[BundleReceipt]:
        """The driver's own, newest first."""
        async with self._database.read() as session:
            rows = await session.execute(
                select(Bundle)
                .where(Bundle.driver_id == driver_id)
                .order_by(Bundle.bundled_at.desc(), Bundle.id.desc())
                .limit(self._rules.bundles_listed)
            )
            now = self._clock()
            return [self._receipt(bundle, now) for bundle in rows.scalars()]

    async def status(self, ubr: str, vehicle: str) -> BundleReceipt:
        """For one who gives both UBR and vehicle, the vehicle by its mark or by the keys that spell
        it on a telephone. Raises Problem UNKNOWN_BUNDLE for either."""
        try:
            mark = self._vehicles.mark(vehicle)
        except Problem:
            mark = ""
        async with self._database.read() as session:
            bundle = (await session.execute(select(Bundle).where(Bundle.ubr == ubr))).scalar()
        if bundle is None or vehicle_is_another(bundle.mark, mark, vehicle):
            raise Problem(Code.UNKNOWN_BUNDLE, ubr)
        return self._receipt(bundle, self._clock())

    async def settle(self, user_id: str, key: str) -> Settled:
        """How a driver's request under this key ended, for good. See `once_only`.

        Raises Problem UNKNOWN_DRIVER.
        """
        driver_id = await driver_id_of(self._database, user_id)
        receipt = await self._once_only.settle(driver_id, key)
        log.info("bundle.settled", done=receipt is not None)
        return Settled(receipt=receipt)

    def _require_live(self, bundle: Bundle, now: datetime) -> None:
        if _state(bundle, now) != "live":
            raise Problem(Code.BUNDLE_NOT_LIVE, bundle.ubr)

    def _receipt(self, bundle: Bundle, now: datetime) -> BundleReceipt:
        return BundleReceipt(
            ubr=bundle.ubr,
            ccrns=[item.consignment.ccrn for item in bundle.cargo],
            vehicle=bundle.mark,
            bundled_at=bundle.bundled_at,
            crossing=Crossing(immediately=bundle.immediately, at=bundle.cross_from),
            state=_state(bundle, now),
        )


def vehicle_is_another(bundled: str, mark: str, keys: str) -> bool:
    return bundled != mark and keyed_spelling(bundled) != keys


def _state(bundle: Bundle, now: datetime) -> State:
    """The state kept, but a live bundle whose time is over has expired."""
    if bundle.state == "live" and now >= bundle.expires_at:
        return "expired"
    return cast(State, bundle.state)


async def _locked(session: AsyncSession, ubr: str) -> Bundle:
    row = await session.execute(select(Bundle).where(Bundle.ubr == ubr).with_for_update())
    bundle = row.scalar()
    if bundle is None:
        raise Problem(Code.UNKNOWN_BUNDLE, ubr)
    return bundle


async def _release(session: AsyncSession, bundle: Bundle) -> None:
    await session.execute(
        update(BundledCargo).where(BundledCargo.bundle_id == bundle.id).values(live=False)
    )
