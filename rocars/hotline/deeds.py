"""What officers of the hotline do on request, always with a reason that is written down."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.bundling.bundles import checked_ubr, locked_bundle, undo
from rocars.clock import Clock
from rocars.entrance.lockout import Lockout
from rocars.hotline.subjects import Kind, Subject
from rocars.refusals import Problem
from rocars.store.database import Database
from rocars.store.journal import through
from rocars.store.tables.hotline import HotlineDeed

log = structlog.get_logger("rocars.hotline")

LONGEST_REASON = 500


class NotPossible(ValueError):
    """The text says why, for the officer."""


class HotlineDeeds:
    def __init__(self, database: Database, clock: Clock, lockout: Lockout) -> None:
        self._database = database
        self._clock = clock
        self._lockout = lockout

    async def unlock(self, officer: str, user_id: str, reason: str) -> None:
        """Let a driver log in again, by telephone, at a kiosk, and with a code on the web.

        Log-ins by password are locked for one address only, and are not opened by this. Raises
        NotPossible.
        """
        reason = reason_given(reason)
        async with self._database.writing() as session:
            subject = Subject(Kind.USER, user_id)
            note(session, self._clock(), officer, "unlocked", subject, reason)
        await self._lockout.clear(user_id)
        log.info("hotline.unlocked", officer=officer)

    async def unbundle(self, officer: str, ubr: str, reason: str) -> None:
        """Undo a live bundle because its driver or their company asks, even where drivers may not
        unbundle by themselves. Raises NotPossible."""
        reason = reason_given(reason)
        try:
            with through("hotline", officer):
                async with self._database.writing() as session:
                    bundle = await locked_bundle(session, checked_ubr(ubr))
                    now = self._clock()
                    await undo(session, bundle, now)
                    note(session, now, officer, "unbundled", Subject(Kind.UBR, ubr), reason)
        except Problem as problem:
            raise NotPossible(problem.code.meaning) from None
        log.info("hotline.unbundled", officer=officer, ubr=ubr)


def reason_given(reason: str) -> str:
    """The reason as it is kept. Raises NotPossible without one."""
    reason = reason.strip()
    if len(reason) < 3:
        raise NotPossible("A reason is needed.")
    return reason[:LONGEST_REASON]


def note(
    session: AsyncSession, at: datetime, officer: str, deed: str, subject: Subject, reason: str
) -> None:
    """Write down what an officer looked at or did, in a transaction of the one who does it."""
    session.add(
        HotlineDeed(
            done_at=at,
            officer=officer,
            deed=deed,
            kind=subject.kind,
            subject=subject.value,
            reason=reason,
        )
    )
