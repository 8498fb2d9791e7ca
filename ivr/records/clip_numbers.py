"""The numbers by which clips are chosen on the telephone."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select, text

from ivr.records.database import Database
from ivr.records.prompt_tables import ClipNumber

FIRST_NUMBER = 1001


class ClipNumbers:
    """May raise RecordsUnavailable."""

    def __init__(self, records: Database) -> None:
        self._records = records

    async def of(self, clips: Iterable[str]) -> dict[str, int]:
        """The number of every clip; those that have none get the next ones, for good."""
        async with self._records.writing() as session:
            # Nodes that start together all come here. SQLite has one writer at a time anyway.
            if session.get_bind().dialect.name == "postgresql":
                await session.execute(text("LOCK TABLE clip_numbers IN EXCLUSIVE MODE"))
            known = {row.clip: row.number for row in await session.scalars(select(ClipNumber))}
            following = max(known.values(), default=FIRST_NUMBER - 1) + 1
            for clip in clips:
                if clip not in known:
                    known[clip] = following
                    session.add(ClipNumber(clip=clip, number=following))
                    following += 1
        return known
