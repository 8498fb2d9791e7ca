"""Whether a second person looked: a token of the API is none, its maker answers for it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.records.token_tables import ACTOR, ApiToken


async def is_second_person(session: AsyncSession, maker: str, reviewer: str) -> bool:
    """Whether the two, as versions and the audit log name them, are different people."""
    return not await _answering(session, maker) & await _answering(session, reviewer)


async def _answering(session: AsyncSession, who: str) -> set[str]:
    """The people behind a name. Tokens one after the other may have borne the same: all of them."""
    if not who.startswith(ACTOR):
        return {who}
    query = select(ApiToken.made_by).where(ApiToken.name == who.removeprefix(ACTOR))
    return {who, *await session.scalars(query)}
