"""The button for unladen vehicles on the all-in-one panel of a lane.

It is about the vehicle in the lane: that read just before, if it was found without a bundle, or the
next one read, if none was read lately. While another vehicle was decided about a moment ago the
button counts for nobody: whoever follows must not drive through on it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.clock import Clock
from rocars.crossing.gate import Decision
from rocars.crossing.instructions import Instruction
from rocars.crossing.lanes import Lanes
from rocars.crossing.messages import Declared
from rocars.crossing.passages import Passages, newest_passage
from rocars.crossing.settings import CrossingSettings, Lane
from rocars.store.database import Database
from rocars.store.tables.crossing import LaneState, UnladenDeclaration

log = structlog.get_logger("rocars.crossing")

Result = Literal["decided", "waiting", "no_vehicle", "closed"]
_WITHOUT_BUNDLE = frozenset({Instruction.NO_BUNDLE, Instruction.WRONG_DIRECTION})


class UnladenDeclarations:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: CrossingSettings,
        lanes: Lanes,
        passages: Passages,
        *,
        decided: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._window = timedelta(seconds=settings.panel_window_s)
        self._lanes = lanes
        self._passages = passages
        self._decided = decided

    async def declare(self, key: str, code: str) -> Declared:
        """The button was pressed in the lane of this code; the same key twice is one press.

        Raises Problem UNKNOWN_LANE.
        """
        lane = self._lanes.lane(code)
        async with self._database.writing() as session:
            state = await self._lanes.locked(session, lane)
            row = await session.execute(
                select(UnladenDeclaration).where(
                    UnladenDeclaration.lane == lane.code, UnladenDeclaration.key == key
                )
            )
            kept = row.scalar()
            if kept is not None:
                return Declared.model_validate({"result": kept.result})
            result, passage = await self._declare(session, lane, state, self._clock())
            session.add(
                UnladenDeclaration(
                    lane=lane.code,
                    key=key,
                    declared_at=self._clock(),
                    result=result,
                    passage_id=passage,
                )
            )
        self._decided()
        log.info("unladen.declared", lane=lane.code, result=result)
        return Declared(result=result)

    async def _declare(
        self, session: AsyncSession, lane: Lane, state: LaneState, now: datetime
    ) -> tuple[Result, int | None]:
        """What the press led to, and of which passage."""
        if not self._lanes.is_open(lane, state):
            return "closed", None
        newest = await newest_passage(session, lane)
        if newest is None or now - newest.decided_at > self._window:
            return "waiting", None
        if newest.instruction not in _WITHOUT_BUNDLE:
            return "no_vehicle", newest.id
        newest.unladen = True
        cleared = Decision(Instruction.PROCEED_UNLADEN)
        await self._passages.settle(session, lane, newest, cleared, (), now)
        return "decided", newest.id
