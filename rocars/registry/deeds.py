"""The log of registration: who did what, when and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.refusal import Refusal
from rocars.store.database import Database
from rocars.store.tables.applications import RegistrationDeed

APPLICANT = "applicant"
"""Who sent or withdrew an application; officers go by their names, registrants by user ID."""
ITSELF = "rocars"
LONGEST_REASON = 500
A_PAGE = 100


class NotPossible(Refusal):
    """What an officer or an applicant asked for cannot be done; the text says why."""


def note(
    session: AsyncSession, at: datetime, who: str, deed: str, subject: str, reason: str = ""
) -> None:
    """Write down what was done, in the transaction that does it. Never a secret."""
    session.add(RegistrationDeed(done_at=at, who=who, deed=deed, subject=subject, reason=reason))


def needed(reason: str) -> str:
    """The reason as it is kept. Raises NotPossible without one."""
    reason = reason.strip()
    if not reason:
        raise NotPossible("A reason is needed.")
    return reason[:LONGEST_REASON]


class RegistrationLog:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, who: str, deed: str, subject: str, reason: str, at: datetime) -> None:
        """Write down what is done elsewhere, before it is done."""
        async with self._database.writing() as session:
            note(session, at, who, deed, subject, reason)

    async def deeds(self, subject: str = "", before: int = 0) -> Sequence[RegistrationDeed]:
        """The newest first, at most `A_PAGE`: of one reference or user ID, or of all; with
        `before` those older than this one."""
        wanted = select(RegistrationDeed).order_by(RegistrationDeed.id.desc()).limit(A_PAGE)
        if subject:
            wanted = wanted.where(RegistrationDeed.subject == subject)
        if before:
            wanted = wanted.where(RegistrationDeed.id < before)
        async with self._database.reading() as session:
            return (await session.execute(wanted)).scalars().all()
