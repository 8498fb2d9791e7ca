"""Second factors as they are given: wrong ones are counted like wrong passwords."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from ivr.records import audit
from ivr.records.account import NotPossible, subject_of
from ivr.records.database import Database
from ivr.records.failed_log_ins import FailedLogIns, Way
from ivr.records.people_tables import Person
from ivr.records.second_factor import Ticket
from ivr.records.second_proof import SecondProof

IN_A_SESSION = "a session"
"""Where failures are counted of who is logged in: a browser left open locks nobody's log-in."""

Deed = Callable[[AsyncSession, Person], Awaitable[None]]


async def nothing_more(session: AsyncSession, person: Person) -> None:
    """What is done with a proof that only lets somebody in."""


class SecondStep:
    """Everything may raise RecordsUnavailable."""

    def __init__(self, records: Database, failed: FailedLogIns) -> None:
        self._records = records
        self._failed = failed

    async def proves(
        self,
        person: Person,
        proof: SecondProof,
        ticket: Ticket,
        place: str,
        *,
        known: bool = False,
        then: Deed = nothing_more,
        **where: str,
    ) -> bool:
        """Whether the proof is good; what it is given for is done in the same transaction (`then`).

        `place`, `known`: as failures are counted for (`FailedLogIns.charge`); `where`: for the
        audit log. Raises LockedFor, SecondFactorAway, and NotPossible where `then` does: the proof
        is not used up by that.
        """
        subject = subject_of(proof.kind, person.name)
        await self._failed.charge(Way.WEB, subject, place, known=known)
        try:
            async with self._records.writing() as session:
                held = await session.get(Person, person.person_id, with_for_update=True)
                if held is None or not await proof.holds(session, held, ticket):
                    detail = {"by": Way.WEB.value, **where, "why": proof.kind.value}
                    await audit.note(session, person.name, "log-in failed", person.name, **detail)
                    return False
                await then(session, held)
        except NotPossible:
            await self._failed.settle(Way.WEB, subject, place, known=known)
            raise
        await self._failed.settle(Way.WEB, subject, place, known=known)
        return True
