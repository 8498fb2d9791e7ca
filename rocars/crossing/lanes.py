"""The lanes: which there are, whether they are open, and what stands on their boards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ground.database.insert import insert_unless_there
from rocars.clock import Clock
from rocars.crossing.instructions import Instruction
from rocars.crossing.settings import ControlPoint, CrossingSettings, Lane
from rocars.refusals import Code, Problem
from rocars.store.database import Database
from rocars.store.tables.crossing import LaneState, Passage


@dataclass(frozen=True)
class LaneView:
    """A lane as it stands. `instruction` is what its board shows; None: the lane is free."""

    lane: Lane
    open: bool
    reason: str = ""
    passage: int | None = None
    instruction: Instruction | None = None
    mark: str | None = None
    cross_from: datetime | None = None
    changed_at: datetime | None = None


class Lanes:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: CrossingSettings,
        control_points: Iterable[ControlPoint],
    ) -> None:
        self._database = database
        self._clock = clock
        self._shows = timedelta(seconds=settings.board_shows_s)
        self._lanes: Mapping[str, Lane] = {lane.code: lane for lane in settings.lanes}
        self._points: Mapping[str, ControlPoint] = {point.code: point for point in control_points}

    @property
    def all(self) -> tuple[Lane, ...]:
        return tuple(self._lanes.values())

    def lane(self, code: str) -> Lane:
        """Raises Problem UNKNOWN_LANE."""
        if code not in self._lanes:
            raise Problem(Code.UNKNOWN_LANE, code[:16])
        return self._lanes[code]

    def point(self, lane: Lane) -> ControlPoint:
        return self._points[lane.control_point]

    async def locked(self, session: AsyncSession, lane: Lane) -> LaneState:
        """The state of a lane, locked until the transaction ends."""
        statement = select(LaneState).where(LaneState.code == lane.code).with_for_update()
        state = (await session.execute(statement)).scalar()
        if state is None:
            await insert_unless_there(
                session,
                LaneState,
                code=lane.code,
                is_open=True,
                reason="",
                changed_at=self._clock(),
            )
            state = (await session.execute(statement)).scalar_one()
        return state

    def is_open(self, lane: Lane, state: LaneState) -> bool:
        """A lane of a control point that is closed to cargo is closed."""
        return self.point(lane).open and state.is_open

    async def views(self) -> dict[str, LaneView]:
        """Every lane as it stands now, by code."""
        since = self._clock() - self._shows
        async with self._database.reading() as session:
            closed = await session.execute(
                select(LaneState.code, LaneState.reason, LaneState.changed_at).where(
                    ~LaneState.is_open
                )
            )
            shown = await session.execute(
                select(
                    Passage.lane,
                    Passage.id,
                    Passage.instruction,
                    Passage.mark,
                    Passage.cross_from,
                    Passage.changed_at,
                ).where(Passage.changed_at > since, is_newest_of_lane())
            )
        closures = {row.code: (row.reason, row.changed_at) for row in closed}
        views = {code: self._free(lane, closures.get(code)) for code, lane in self._lanes.items()}
        for row in shown:
            view = views.get(row.lane)  # a lane may have been taken out of the settings
            if view is None or not view.open or row.instruction == Instruction.LANE_CLOSED:
                continue
            views[row.lane] = LaneView(
                view.lane,
                True,
                passage=row.id,
                instruction=Instruction(row.instruction),
                mark=row.mark,
                cross_from=row.cross_from,
                changed_at=row.changed_at,
            )
        return views

    def _free(self, lane: Lane, closure: tuple[str, datetime] | None) -> LaneView:
        """A lane without a vehicle; with a closure it is closed."""
        if closure is None and self.point(lane).open:
            return LaneView(lane, True)
        reason, changed_at = closure or ("", None)
        return LaneView(
            lane, False, reason, instruction=Instruction.LANE_CLOSED, changed_at=changed_at
        )


def is_newest_of_lane() -> ColumnElement[bool]:
    """Whether no vehicle was read in the lane of a passage since."""
    later = aliased(Passage)
    return ~exists().where(later.lane == Passage.lane, later.id > Passage.id)
