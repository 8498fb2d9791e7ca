"""Browsers with which somebody has logged in of late: failures elsewhere do not lock them out."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.people_tables import KnownDevice, Person

DEVICE_KNOWN = timedelta(days=180)
"""A browser that has not logged in for so long is a strange one again."""


class KnownDevices:
    """Each is known by a token it keeps; may raise RecordsUnavailable."""

    def __init__(self, records: Database) -> None:
        self._records = records

    async def knows(self, name: str, device: str) -> bool:
        """Whether somebody of this name has logged in with this browser of late."""
        if not device:
            return False
        async with self._records.reading() as session:
            found = await session.scalar(
                select(KnownDevice.token_hash)
                .join(Person, Person.person_id == KnownDevice.person_id)
                .where(
                    Person.name == name,
                    KnownDevice.token_hash == _hashed(device),
                    KnownDevice.seen_at > now() - DEVICE_KNOWN,
                )
            )
        return found is not None

    @staticmethod
    def place_of(device: str) -> str:
        """What failed log-ins from a known browser are counted under."""
        return f"device {_hashed(device)[:32]}"

    @staticmethod
    async def seen(session: AsyncSession, person: Person, device: str) -> None:
        """Somebody logs in with this browser, in the transaction of who begins their session."""
        await session.merge(
            KnownDevice(token_hash=_hashed(device), person_id=person.person_id, seen_at=now())
        )

    async def purge(self) -> None:
        """Forget browsers that were not used for long."""
        async with self._records.writing() as session:
            await session.execute(
                delete(KnownDevice).where(KnownDevice.seen_at < now() - DEVICE_KNOWN)
            )


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
