"""Who has the page of which prompt open, so that two do not record the same without knowing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select

from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.people_tables import Person
from ivr.records.prompt_tables import AtPrompt

SAYS_EVERY_S = 5
"""How often an open page says so, seconds."""

GONE_AFTER = timedelta(seconds=3 * SAYS_EVERY_S)


class AtPrompts:
    """Everything may raise RecordsUnavailable."""

    def __init__(self, records: Database) -> None:
        self._records = records

    async def come(self, person: Person, language: str, clip: str) -> Sequence[str]:
        """This person has the page open; the full names of the others who have."""
        async with self._records.writing() as session:
            await session.execute(delete(AtPrompt).where(AtPrompt.at < now() - GONE_AFTER))
            await session.merge(
                AtPrompt(language=language, clip=clip, person_id=person.person_id, at=now())
            )
            return (
                await session.scalars(
                    select(Person.full_name)
                    .join(AtPrompt, AtPrompt.person_id == Person.person_id)
                    .where(
                        AtPrompt.language == language,
                        AtPrompt.clip == clip,
                        AtPrompt.person_id != person.person_id,
                    )
                    .order_by(Person.full_name)
                )
            ).all()
