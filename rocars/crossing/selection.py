"""Which of the vehicles that could go are sent to examination: by risk profiles, and at random."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.crossing import facts
from rocars.crossing.gate import Decision
from rocars.crossing.instructions import FINAL, Cause, Instruction
from rocars.crossing.profiles import RiskProfiles
from rocars.crossing.risk import matches
from rocars.crossing.settings import CrossingSettings, Lane
from rocars.store.tables.bundling import Bundle
from rocars.store.tables.crossing import Passage

_JUDGED = frozenset(
    {
        Instruction.PROCEED,
        Instruction.PROCEED_UNLADEN,
        Instruction.SEVERAL_BUNDLES,
        Instruction.BUNDLED_BUT_UNLADEN,
    }
)
"""Where the rules have run, risk profiles are asked; of the last two the officer decides anyway."""


class Selection:
    def __init__(
        self, settings: CrossingSettings, profiles: RiskProfiles, chance: Callable[[], float]
    ) -> None:
        """`chance` gives a number from 0 up to 1."""
        self._settings = settings
        self._profiles = profiles
        self._chance = chance

    async def select(
        self,
        session: AsyncSession,
        lane: Lane,
        passage: Passage,
        decision: Decision,
        bundles: Sequence[Bundle],
        now: datetime,
        corrected: bool,
    ) -> tuple[Decision, list[int]]:
        """The decision with what is selected, and the profiles that hold."""
        if decision.instruction not in _JUDGED:
            return decision, []
        clears = decision.instruction in FINAL
        if clears and await self._still_to_examine(session, passage, now):
            return Decision(Instruction.EXAMINE, Cause.STILL_TO_EXAMINE), []
        hits: list[int] = []
        in_force = await self._profiles.in_force(session, now, laden=bool(bundles))
        if in_force:
            vehicle = facts.of_vehicle(lane, passage.mark, now, corrected=corrected)
            cargo = await facts.of_cargo(session, bundles, now)
            hits = [number for number, held in in_force.items() if matches(held, vehicle, cargo)]
        if hits:
            instruction = Instruction.EXAMINE if clears else decision.instruction
            return Decision(instruction, Cause.PROFILE), hits
        if clears and self._chance() < self._settings.random_share:
            return Decision(Instruction.EXAMINE, Cause.RANDOM), []
        return decision, []

    async def _still_to_examine(
        self, session: AsyncSession, passage: Passage, now: datetime
    ) -> bool:
        """Nobody escapes an examination by driving into another lane."""
        since = now - timedelta(hours=self._settings.examination_open_hours)
        row = await session.execute(
            select(Passage.id)
            .where(
                Passage.mark == passage.mark,
                Passage.direction == passage.direction,
                Passage.resolved_at.is_(None),
                Passage.instruction == Instruction.EXAMINE,
                Passage.decided_at > since,
                Passage.id != (passage.id or 0),  # it may be one that is not kept yet
            )
            .limit(1)
        )
        return row.scalar() is not None
