"""Vehicles in lanes: what a camera read becomes a passage, and a crossing is written down once.

Whatever is decided in a lane is decided under the lock of its row, in one transaction with the
reading, the hits of risk profiles and the end of the bundle. A camera that posts again under the
same key gets the answer that was kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.clock import Clock
from rocars.crossing.crossings import write_down
from rocars.crossing.finding import Found, find_vehicle, is_known
from rocars.crossing.gate import AtTheGate, Decision, decide
from rocars.crossing.instructions import FINAL, WAITS_FOR_OFFICER, Cause, Instruction
from rocars.crossing.lanes import Lanes
from rocars.crossing.messages import Instructed, Reading
from rocars.crossing.plate_reading import Candidates, ConfusedCharacters, candidates
from rocars.crossing.profiles import RiskProfiles
from rocars.crossing.selection import Selection
from rocars.crossing.settings import CrossingSettings, Lane
from rocars.refusals import Code, Problem
from rocars.store.database import Database
from rocars.store.tables.bundling import Bundle
from rocars.store.tables.crossing import (
    Passage,
    PlateReading,
    ProfileHit,
    ReadingPicture,
    UnladenDeclaration,
)

log = structlog.get_logger("rocars.crossing")

_THE_SAME_PASSAGE = FINAL | (WAITS_FOR_OFFICER - {Instruction.DOUBTFUL})


class Passages:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: CrossingSettings,
        lanes: Lanes,
        profiles: RiskProfiles,
        *,
        chance: Callable[[], float],
        decided: Callable[[], None] = lambda: None,
    ) -> None:
        """`chance` gives a number from 0 up to 1 for the random selection; `decided` is called
        after something has changed in a lane."""
        self._database = database
        self._clock = clock
        self._settings = settings
        self._lanes = lanes
        self._selection = Selection(settings, profiles, chance)
        self._decided = decided
        self._characters = ConfusedCharacters(settings.confused)

    async def read(self, key: str, reading: Reading) -> Instructed:
        """A camera has read a plate. Raises Problem UNKNOWN_LANE, IDEMPOTENCY_KEY_REUSED,
        INVALID_REQUEST (a time in the future), TOO_LARGE (the picture)."""
        lane = self._lanes.lane(reading.lane)
        self._check(reading)
        asked = sha256(reading.model_dump_json().encode()).hexdigest()
        async with self._database.writing() as session:
            state = await self._lanes.locked(session, lane)
            kept = await _kept(session, lane, key)
            if kept is not None:
                if kept.request_hash != asked:
                    raise Problem(Code.IDEMPOTENCY_KEY_REUSED)
                return Instructed.model_validate(kept.answer)
            now = self._clock()
            is_open = self._lanes.is_open(lane, state)
            passage, repeated = await self._passage(session, lane, reading, is_open, now)
            answer = instructed(passage, repeated=repeated)
            await self.keep(session, key, asked, reading, now, passage, answer)
        self._decided()
        log.info("passage.decided", lane=lane.code, instruction=answer.instruction)
        return answer

    def _check(self, reading: Reading) -> None:
        ahead = timedelta(seconds=self._settings.oldest_reading_s)
        if reading.taken_at > self._clock() + ahead:
            raise Problem(Code.INVALID_REQUEST, "taken_at", "expected a time that has come")
        if reading.picture and len(reading.picture.data) > self._settings.max_picture_bytes:
            raise Problem(Code.TOO_LARGE, "picture")

    async def _passage(
        self, session: AsyncSession, lane: Lane, reading: Reading, is_open: bool, now: datetime
    ) -> tuple[Passage, bool]:
        """The passage of the vehicle read, and whether it was decided about before."""
        seen = self._candidates(reading)
        found = await self.find(session, lane, seen, now)
        newest = await newest_passage(session, lane)
        if newest is not None and await self._same(session, newest, seen, found, now):
            return newest, True
        declared = await self._declaration(session, lane, now) if is_open else None
        doubt = self._doubt(reading, now)
        decision = decide(
            AtTheGate(
                now=now,
                lane_open=is_open,
                marks=found.marks,
                doubt=doubt,
                here=tuple(bundle.cross_from for bundle in found.here),
                elsewhere=len(found.elsewhere),
                declared_unladen=declared is not None,
            )
        )
        passage = Passage(
            lane=lane.code,
            control_point=lane.control_point,
            direction=lane.direction,
            mark=found.marks[0] if len(found.marks) == 1 else None,
            instruction=decision.instruction,
            cause=decision.cause,
            ubrs=[bundle.ubr for bundle in found.here],
            cross_from=None,
            unladen=declared is not None,
            crossed=False,
            decided_at=now,
            changed_at=now,
            resolved_at=None,
        )
        await self.settle(session, lane, passage, decision, found.here, now, found.corrected)
        if declared is not None:
            declared.passage_id = passage.id
        return passage, False

    async def settle(
        self,
        session: AsyncSession,
        lane: Lane,
        passage: Passage,
        decision: Decision,
        bundles: Sequence[Bundle],
        now: datetime,
        corrected: bool = False,
    ) -> None:
        """Select for examination what is to be, write down the crossing of what is not, and keep
        the passage with its outcome."""
        decision, hits = await self._selection.select(
            session, lane, passage, decision, bundles, now, corrected
        )
        passage.instruction, passage.cause = decision.instruction, decision.cause
        passage.changed_at = now
        passage.cross_from = (
            bundles[0].cross_from if decision.instruction is Instruction.TOO_EARLY else None
        )
        if decision.instruction in (Instruction.PROCEED, Instruction.PROCEED_UNLADEN):
            for bundle in bundles:
                await write_down(session, bundle, lane.control_point, now)
            passage.crossed = True
            passage.resolved_at = now
        session.add(passage)
        await session.flush()
        for profile in hits:
            session.add(ProfileHit(profile_id=profile, passage_id=passage.id))

    def _candidates(self, reading: Reading) -> Candidates:
        likely = self._settings.min_alternative
        others = [other.plate for other in reading.alternatives if other.confidence >= likely]
        return candidates(reading.plate, others, self._characters, self._settings.corrections)

    def _doubt(self, reading: Reading, now: datetime) -> Cause | None:
        if now - reading.taken_at > timedelta(seconds=self._settings.oldest_reading_s):
            return Cause.LATE
        if reading.confidence < self._settings.min_confidence:
            return Cause.UNSURE
        return None

    async def _same(
        self,
        session: AsyncSession,
        newest: Passage,
        seen: Candidates,
        found: Found,
        now: datetime,
    ) -> bool:
        """Whether the vehicle of the last passage was read once more."""
        window = timedelta(seconds=self._settings.repeat_window_s)
        if newest.instruction not in _THE_SAME_PASSAGE or now - newest.decided_at > window:
            return False
        if found.marks == (newest.mark,):
            return True
        # Misread this time, and what it reads as is nobody we know.
        strange = not found.here and not found.elsewhere and len(found.marks) < 2
        return strange and newest.mark in seen.ranks and not await is_known(session, seen)

    async def find(
        self, session: AsyncSession, lane: Lane, seen: Candidates, now: datetime
    ) -> Found:
        """See `find_vehicle`."""
        return await find_vehicle(session, lane, seen, now)

    async def keep(
        self,
        session: AsyncSession,
        key: str,
        asked: str,
        reading: Reading,
        now: datetime,
        passage: Passage,
        answer: Instructed,
    ) -> None:
        """Keep the reading with its picture and the answer to it."""
        kept = PlateReading(
            lane=passage.lane,
            key=key,
            request_hash=asked,
            plate=reading.plate,
            confidence=reading.confidence,
            alternatives=[other.model_dump() for other in reading.alternatives],
            taken_at=reading.taken_at,
            received_at=now,
            passage_id=passage.id,
            answer=answer.model_dump(mode="json"),
        )
        session.add(kept)
        if reading.picture is not None:
            await session.flush()
            session.add(
                ReadingPicture(
                    reading_id=kept.id,
                    content_type=reading.picture.content_type,
                    content=reading.picture.data,
                    taken_at=reading.taken_at,
                )
            )

    async def _declaration(
        self, session: AsyncSession, lane: Lane, now: datetime
    ) -> UnladenDeclaration | None:
        """A declaration that waits for this reading."""
        since = now - timedelta(seconds=self._settings.panel_window_s)
        row = await session.execute(
            select(UnladenDeclaration)
            .where(
                UnladenDeclaration.lane == lane.code,
                UnladenDeclaration.passage_id.is_(None),
                UnladenDeclaration.result == "waiting",
                UnladenDeclaration.declared_at >= since,
            )
            .order_by(UnladenDeclaration.id.desc())
            .limit(1)
        )
        return row.scalar()


def instructed(passage: Passage, *, repeated: bool) -> Instructed:
    return Instructed(
        passage=passage.id,
        lane=passage.lane,
        instruction=Instruction(passage.instruction),
        vehicle=passage.mark,
        cross_from=passage.cross_from,
        repeated=repeated,
    )


async def newest_passage(session: AsyncSession, lane: Lane) -> Passage | None:
    row = await session.execute(
        select(Passage).where(Passage.lane == lane.code).order_by(Passage.id.desc()).limit(1)
    )
    return row.scalar()


async def _kept(session: AsyncSession, lane: Lane, key: str) -> PlateReading | None:
    row = await session.execute(
        select(PlateReading).where(PlateReading.lane == lane.code, PlateReading.key == key)
    )
    return row.scalar()
