"""What officers decide at the boundary, always with a reason that is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.clock import Clock
from rocars.crossing.crossings import write_down
from rocars.crossing.finding import direction_of, live_bundles
from rocars.crossing.instructions import WAITS_FOR_OFFICER, Cause, Instruction
from rocars.crossing.lanes import Lanes, is_newest_of_lane
from rocars.crossing.profiles import note
from rocars.crossing.settings import CrossingSettings
from rocars.refusals import Problem
from rocars.registry.vehicles import Vehicles
from rocars.store.database import Database
from rocars.store.tables.bundling import Bundle
from rocars.store.tables.crossing import (
    BoundaryDeed,
    Passage,
    PlateReading,
    ProfileHit,
    ReadingPicture,
    RiskProfile,
)

log = structlog.get_logger("rocars.crossing")


_LISTED = 100


class Deed(StrEnum):
    """What an officer can do with a passage."""

    LET_PASS = "let_pass"
    EXAMINE = "examine"
    TURN_BACK = "turn_back"


class NotPossible(ValueError):
    """The text says why, for the officer."""


@dataclass(frozen=True)
class PassageView:
    """A passage with what only officers see of it."""

    passage: Passage
    readings: tuple[PlateReading, ...]
    pictures: frozenset[int]
    profiles: tuple[str, ...]
    bundles: tuple[Bundle, ...]
    deeds: tuple[BoundaryDeed, ...]


class Overrides:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        lanes: Lanes,
        vehicles: Vehicles,
        settings: CrossingSettings,
        *,
        decided: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._lanes = lanes
        self._vehicles = vehicles
        self._open = timedelta(hours=settings.examination_open_hours)
        self._decided = decided

    async def set_lane(self, by: str, code: str, *, is_open: bool, reason: str) -> None:
        """Close a lane, or open it. Raises Problem UNKNOWN_LANE, NotPossible."""
        lane = self._lanes.lane(code)
        _reasoned(reason)
        if not self._lanes.point(lane).open:
            raise NotPossible("This control point is closed to cargo.")
        async with self._database.writing() as session:
            state = await self._lanes.locked(session, lane)
            now = self._clock()
            state.is_open, state.changed_at = is_open, now
            state.reason = "" if is_open else reason.strip()[:500]
            note(session, now, by, "lane_opened" if is_open else "lane_closed", code, reason)
        self._decided()
        log.info("lane.set", lane=code, open=is_open)

    async def decide(
        self, by: str, passage_id: int, deed: Deed, reason: str, mark: str = ""
    ) -> None:
        """Decide about a passage that is not over; with a mark the officer read themself.

        Letting pass writes the crossing of all its live bundles down, whatever the gate said.
        Raises NotPossible.
        """
        _reasoned(reason)
        async with self._database.writing() as session:
            passage = await session.get(Passage, passage_id)
            if passage is None:
                raise NotPossible("There is no such passage.")
            await self._lanes.locked(session, self._lanes.lane(passage.lane))
            await session.refresh(passage)
            if passage.resolved_at is not None:
                raise NotPossible("It was decided already.")
            now = self._clock()
            if mark.strip():
                passage.mark = self._mark(mark)
            await self._do(session, passage, deed, now)
            note(session, now, by, deed, f"passage {passage_id}", reason)
        self._decided()
        log.info("passage.overridden", passage=passage_id, deed=deed)

    async def _do(self, session: AsyncSession, passage: Passage, deed: Deed, now: datetime) -> None:
        passage.cause, passage.changed_at, passage.cross_from = Cause.OFFICER, now, None
        if deed is Deed.EXAMINE:
            passage.instruction = Instruction.EXAMINE
            return
        if deed is Deed.TURN_BACK:
            passage.instruction = Instruction.TURN_BACK
        else:
            await self._let_pass(session, passage, now)
        passage.resolved_at = now
        if passage.mark is not None:  # the examinations it was sent to in other lanes are over too
            await session.execute(
                update(Passage)
                .where(
                    Passage.mark == passage.mark,
                    Passage.direction == passage.direction,
                    Passage.resolved_at.is_(None),
                    Passage.instruction == Instruction.EXAMINE,
                    Passage.id != passage.id,
                )
                .values(resolved_at=now)
            )

    async def _let_pass(self, session: AsyncSession, passage: Passage, now: datetime) -> None:
        bundles = []
        if passage.mark is not None:
            live = await live_bundles(session, (passage.mark,), now)
            bundles = [bundle for bundle in live if direction_of(bundle) == passage.direction]
        for bundle in bundles:
            await write_down(session, bundle, passage.control_point, now)
        passage.ubrs = [bundle.ubr for bundle in bundles]
        passage.unladen = not bundles
        passage.instruction = Instruction.PROCEED if bundles else Instruction.PROCEED_UNLADEN
        passage.crossed = True

    def _mark(self, text: str) -> str:
        try:
            return self._vehicles.mark(text)
        except Problem as problem:
            raise NotPossible(problem.code.meaning) from None

    async def view(self, by: str, passage_id: int) -> PassageView | None:
        """A passage with everything held of it. That an officer looked is written down."""
        async with self._database.writing() as session:
            passage = await session.get(Passage, passage_id)
            if passage is None:
                return None
            readings = (
                await session.execute(
                    select(PlateReading)
                    .where(PlateReading.passage_id == passage_id)
                    .order_by(PlateReading.id)
                )
            ).scalars()
            pictures = await session.execute(
                select(ReadingPicture.reading_id)
                .join(PlateReading, PlateReading.id == ReadingPicture.reading_id)
                .where(PlateReading.passage_id == passage_id)
            )
            profiles = await session.execute(
                select(RiskProfile.name)
                .join(ProfileHit, ProfileHit.profile_id == RiskProfile.id)
                .where(ProfileHit.passage_id == passage_id)
            )
            bundles = await session.execute(select(Bundle).where(Bundle.ubr.in_(passage.ubrs)))
            deeds = await session.execute(
                select(BoundaryDeed)
                .where(
                    BoundaryDeed.subject == f"passage {passage_id}", BoundaryDeed.deed != "looked"
                )
                .order_by(BoundaryDeed.id)
            )
            seen = PassageView(
                passage,
                tuple(readings),
                frozenset(pictures.scalars()),
                tuple(profiles.scalars()),
                tuple(bundles.scalars()),
                tuple(deeds.scalars()),
            )
            note(session, self._clock(), by, "looked", f"passage {passage_id}", "")
        return seen

    async def picture(self, reading_id: int) -> ReadingPicture | None:
        async with self._database.reading() as session:
            return await session.get(ReadingPicture, reading_id)

    async def waiting(self) -> list[Passage]:
        """What an officer has to decide, the newest first: vehicles sent to examination, and those
        that wait in their lane, which are the last that were read there."""
        in_lane = WAITS_FOR_OFFICER - {Instruction.EXAMINE}
        async with self._database.reading() as session:
            rows = await session.execute(
                select(Passage)
                .where(
                    Passage.resolved_at.is_(None),
                    Passage.changed_at > self._clock() - self._open,
                    (Passage.instruction == Instruction.EXAMINE)
                    | (Passage.instruction.in_(in_lane) & is_newest_of_lane()),
                )
                .order_by(Passage.id.desc())
                .limit(_LISTED)
            )
            return list(rows.scalars())


def _reasoned(reason: str) -> None:
    if len(reason.strip()) < 3:
        raise NotPossible("A reason is needed.")
