"""Security tokens as the database keeps them: the seed unlocked, and a code spent once."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, CursorResult, or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.secrets.key_ring import KeyRing
from rocars.secrets.tokens import Acceptable, Token, latest_step
from rocars.store.tables.security import SecurityToken

MOST_PLACES = 2**62
"""No counter of a token comes so far."""


def in_force(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What holds of a token that may be used: not revoked, and not expired."""
    return (
        SecurityToken.revoked_at.is_(None),
        or_(SecurityToken.expires_at.is_(None), SecurityToken.expires_at > now),
    )


def token_on_file(kept: SecurityToken, keys: KeyRing) -> Token:
    """The token with its seed unlocked, for as short as possible. Raises KeyMissing."""
    return Token(
        kind=kept.kind,
        seed=keys.unlock_seed(kept.seed),
        digits=kept.digits,
        next_counter=kept.next_counter,
        step_s=kept.step_s or 30,
        drift=kept.drift,
    )


def latest_place(token: Token, now: datetime, max_drift: int) -> int:
    """The last place in its sequence that the token may have reached by now."""
    if token.kind != "totp":
        return MOST_PLACES
    return latest_step(now, token.step_s, max_drift)


async def spend(session: AsyncSession, driver_id: int, found: Acceptable, latest: int) -> bool:
    """Move the token past this code, unless it has moved already. Of two, exactly one succeeds.

    One that is beyond `latest` was moved there by a wrong clock, and comes back.
    """
    place = SecurityToken.next_counter
    result = await session.execute(
        update(SecurityToken)
        .where(SecurityToken.driver_id == driver_id, or_(place <= found.counter, place > latest))
        .values(next_counter=found.counter + 1, drift=found.drift)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[object]", result).rowcount == 1
