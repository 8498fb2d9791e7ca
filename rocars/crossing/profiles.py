"""Risk profiles as kept: made and withdrawn by officers, matched with vehicles, hits counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.clock import Clock
from rocars.crossing.risk import Condition, WrongCondition, applies, check
from rocars.store.database import Database
from rocars.store.tables.crossing import BoundaryDeed, ProfileHit, RiskProfile

log = structlog.get_logger("rocars.crossing")


@dataclass(frozen=True)
class ProfileView:
    """A profile as officers see it."""

    id: int
    name: str
    scope: str
    conditions: tuple[Condition, ...]
    valid_from: datetime
    valid_until: datetime
    made_by: str
    withdrawn_by: str | None
    in_force: bool
    hits: int


class RiskProfiles:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(
        self,
        by: str,
        *,
        name: str,
        scope: str,
        conditions: Sequence[Condition],
        valid_from: datetime,
        valid_until: datetime,
        reason: str,
    ) -> int:
        """A new profile; returns its number. Raises WrongCondition."""
        if scope not in ("laden", "unladen", "both"):
            raise WrongCondition("a profile is for laden vehicles, unladen ones, or both")
        if not name.strip() or not reason.strip():
            raise WrongCondition("a profile needs a name and a reason")
        check(scope, conditions)
        now = self._clock()
        if valid_until <= max(valid_from, now):
            raise WrongCondition("a profile has to end after it begins, and not in the past")
        async with self._database.writing() as session:
            profile = RiskProfile(
                name=name.strip()[:120],
                scope=scope,
                conditions=[
                    {"item": held.item, "test": held.test, "value": held.value}
                    for held in conditions
                ],
                valid_from=valid_from,
                valid_until=valid_until,
                made_by=by,
                made_at=now,
                withdrawn_by=None,
                withdrawn_at=None,
            )
            session.add(profile)
            await session.flush()
            note(session, now, by, "profile_added", f"profile {profile.id}", reason)
        log.info("profile.added", profile=profile.id)
        return profile.id

    async def withdraw(self, by: str, profile_id: int, reason: str) -> bool:
        """End a profile now; its hits stay. False when there is none in force."""
        async with self._database.writing() as session:
            profile = await session.get(RiskProfile, profile_id, with_for_update=True)
            if profile is None or profile.withdrawn_at is not None:
                return False
            now = self._clock()
            profile.withdrawn_by, profile.withdrawn_at = by, now
            note(session, now, by, "profile_withdrawn", f"profile {profile_id}", reason)
        return True

    async def all(self) -> list[ProfileView]:
        """The newest first."""
        now = self._clock()
        hits = (
            select(ProfileHit.profile_id, func.count().label("hits"))
            .group_by(ProfileHit.profile_id)
            .subquery()
        )
        async with self._database.reading() as session:
            rows = await session.execute(
                select(RiskProfile, func.coalesce(hits.c.hits, 0))
                .outerjoin(hits, hits.c.profile_id == RiskProfile.id)
                .order_by(RiskProfile.id.desc())
            )
            return [_view(profile, count, now) for profile, count in rows]

    async def in_force(
        self, session: AsyncSession, now: datetime, *, laden: bool
    ) -> dict[int, tuple[Condition, ...]]:
        """The conditions of all profiles in force for such vehicles, by number."""
        rows = await session.execute(
            select(RiskProfile).where(
                RiskProfile.withdrawn_at.is_(None),
                RiskProfile.valid_from <= now,
                RiskProfile.valid_until > now,
            )
        )
        return {
            profile.id: _conditions(profile)
            for profile in rows.scalars()
            if applies(profile.scope, laden)
        }


def note(
    session: AsyncSession, at: datetime, who: str, deed: str, subject: str, reason: str
) -> None:
    """Write down what an officer did, in the transaction that does it."""
    session.add(
        BoundaryDeed(done_at=at, who=who, deed=deed, subject=subject, reason=reason.strip()[:500])
    )


def _conditions(profile: RiskProfile) -> tuple[Condition, ...]:
    return tuple(Condition(**kept) for kept in profile.conditions)


def _view(profile: RiskProfile, hits: int, now: datetime) -> ProfileView:
    in_force = profile.withdrawn_at is None and profile.valid_from <= now < profile.valid_until
    return ProfileView(
        id=profile.id,
        name=profile.name,
        scope=profile.scope,
        conditions=_conditions(profile),
        valid_from=profile.valid_from,
        valid_until=profile.valid_until,
        made_by=profile.made_by,
        withdrawn_by=profile.withdrawn_by,
        in_force=in_force,
        hits=hits,
    )
