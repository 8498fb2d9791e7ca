"""Enquiries of officers, each written down before it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.bundling.bundles import state_of
from rocars.cargo.consignments import Consignments
from rocars.clock import Clock
from rocars.entrance.lockout import Lockout
from rocars.hotline.deeds import note
from rocars.hotline.finders import Finders, Held
from rocars.hotline.findings import Finding, Live, masked_number
from rocars.hotline.history import in_order, of_bundles, of_hotline, of_passages
from rocars.hotline.settings import HotlineSettings
from rocars.hotline.subjects import Kind, Subject
from rocars.store.database import Database
from rocars.store.tables.bundling import Bundle
from rocars.store.tables.hotline import ChannelEvent, HotlineDeed
from rocars.store.tables.registration import Driver

log = structlog.get_logger("rocars.hotline")

_LOOKS = 200


class Enquiries:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: HotlineSettings,
        consignments: Consignments,
        lockout: Lockout,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._lockout = lockout
        self._finders = Finders(consignments, clock, settings.listed)

    async def look(self, officer: str, subject: Subject, *, reason: str = "") -> Finding | None:
        """What is known of a subject; None when nothing is.

        That the officer looked is written down first; with a reason, that they were shown it in
        clear.
        """
        async with self._database.writing() as session:
            deed = "shown" if reason else "looked"
            note(session, self._clock(), officer, deed, subject, reason)
        log.info("hotline.looked", officer=officer, kind=subject.kind, clear=bool(reason))
        async with self._database.reading() as session:
            held = await self._finders.held(session, subject)
            if held is None:
                return None
            finding = await self._finding(session, subject, held)
        if not (finding.facts or finding.happened):
            return None
        return finding

    async def locked_until(self, finding: Finding) -> str:
        """Until when log-ins of a user ID are refused, Hong Kong time; empty when they are not."""
        if finding.subject.kind is not Kind.USER:
            return ""
        until = await self._lockout.locked_until(finding.subject.value)
        return f"{until:%H:%M}" if until is not None else ""

    async def _finding(self, session: AsyncSession, subject: Subject, held: Held) -> Finding:
        now = self._clock()
        ubrs = [Subject(Kind.UBR, bundle.ubr) for bundle in held.bundles]
        marks = {bundle.mark for bundle in held.bundles}
        only: set[str] | None = {bundle.ubr for bundle in held.bundles}
        if subject.kind is Kind.VEHICLE:
            marks, only = {subject.value}, None
        listed = self._settings.listed
        happened = [
            *held.happenings,
            *await of_bundles(session, held.bundles, listed),
            *await of_passages(session, marks, only, listed),
            *await of_hotline(session, {subject, *ubrs}),
        ]
        return Finding(
            subject=subject,
            facts=held.facts,
            related=(*held.related, *(ubr for ubr in ubrs if ubr != subject)),
            personal=held.personal,
            happened=in_order(happened),
            live=await _live(session, [b for b in held.bundles if state_of(b, now) == "live"]),
        )

    async def looks(self) -> Sequence[HotlineDeed]:
        """What officers looked at and did, the newest first."""
        async with self._database.reading() as session:
            rows = await session.execute(
                select(HotlineDeed).order_by(HotlineDeed.id.desc()).limit(_LOOKS)
            )
            return rows.scalars().all()

    async def sweep(self) -> None:
        """Forget what was kept for long enough."""
        now = self._clock()
        events = now - timedelta(days=self._settings.event_days)
        looks = now - timedelta(days=self._settings.look_days)
        async with self._database.writing() as session:
            await session.execute(delete(ChannelEvent).where(ChannelEvent.done_at < events))
            await session.execute(delete(HotlineDeed).where(HotlineDeed.done_at < looks))


async def _live(session: AsyncSession, bundles: Sequence[Bundle]) -> tuple[Live, ...]:
    """These bundles, with the numbers of their drivers."""
    rows = await session.execute(
        select(Driver.id, Driver.phone).where(Driver.id.in_({b.driver_id for b in bundles}))
    )
    numbers = {driver: masked_number(phone) if phone else "" for driver, phone in rows}
    return tuple(Live(bundle.ubr, numbers[bundle.driver_id]) for bundle in bundles)
