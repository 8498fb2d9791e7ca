"""What somebody gives at log-in after their password."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from ivr.records.facts import now
from ivr.records.people_tables import Person
from ivr.records.second_factor import SecondFactor, Ticket


class ProofKind(StrEnum):
    """As the audit log says what was wrong; failures are counted for each kind apart."""

    CODE = "code"
    PASSKEY = "passkey"


class SecondProof(Protocol):
    """A proof that is good once."""

    @property
    def kind(self) -> ProofKind: ...

    async def holds(self, session: AsyncSession, person: Person, ticket: Ticket) -> bool:
        """Whether it is good, in the transaction that notes down that it was used; `person` is
        locked in it. Raises SecondFactorAway."""
        ...


class CodeProof:
    """The code of an authenticator."""

    kind = ProofKind.CODE

    def __init__(self, factor: SecondFactor, code: str) -> None:
        self._factor = factor
        self._code = code

    async def holds(self, session: AsyncSession, person: Person, ticket: Ticket) -> bool:
        if person.totp_seed is None:
            return False
        step = self._factor.step_of(person.totp_seed, self._code, now(), person.totp_step)
        if step is None:
            return False
        person.totp_step = step
        return True
