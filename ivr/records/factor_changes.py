"""Changes of second factors. Whoever has one proves each change with one of those they have, beside
their password; an administrator takes away what somebody else has lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.web.sessions import Sessions
from ivr.records import audit
from ivr.records.account import NotPossible, subjects_of
from ivr.records.audit_tables import AuditEntry
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.failed_log_ins import FailedLogIns
from ivr.records.passkey_tables import Passkey
from ivr.records.passkeys import one_of
from ivr.records.people_tables import Person
from ivr.records.second_factor import SecondFactor, TicketUse
from ivr.records.second_proof import SecondProof
from ivr.records.second_step import IN_A_SESSION, SecondStep

LONGEST_REASON = 300
SHOWN_FOR = timedelta(days=14)
"""How long an account is told what was changed of its second factors."""

AUTHENTICATOR = "authenticator"
"""How it is named in forms and in the audit log; a passkey, by its number and its name."""

REMOVALS = ("authenticator removed", "passkey removed", "person: second factor taken away")
CHANGES = (*REMOVALS, "passkey added", "person: second factor set")
"""Of second factors, as the audit log calls them."""


class ChangeKind(StrEnum):
    NEW_AUTHENTICATOR = "new authenticator"
    NEW_PASSKEY = "new passkey"
    REMOVE_AUTHENTICATOR = "remove authenticator"
    REMOVE_PASSKEY = "remove passkey"


@dataclass(frozen=True)
class FactorChange:
    """What somebody is about to change.

    Attributes:
        of: how a new passkey is to be called; the number of one that is to be removed.
    """

    kind: ChangeKind
    of: str = ""

    @property
    def is_removal(self) -> bool:
        return self.kind in (ChangeKind.REMOVE_AUTHENTICATOR, ChangeKind.REMOVE_PASSKEY)

    @property
    def written(self) -> str:
        """As a ticket carries it."""
        return f"{self.kind}:{self.of}"

    @classmethod
    def read(cls, written: str) -> FactorChange:
        kind, _, of = written.partition(":")
        return cls(ChangeKind(kind), of)


class FactorChanges:
    """Everything may raise RecordsUnavailable. `needed`: the role of the account asks for a second
    factor, so that its last one stays."""

    def __init__(
        self,
        records: Database,
        failed: FailedLogIns,
        sessions: Sessions[Person],
        step: SecondStep,
    ) -> None:
        self._records = records
        self._failed = failed
        self._sessions = sessions
        self._step = step

    async def ticket(
        self, factor: SecondFactor, person: Person, change: FactorChange, *, needed: bool
    ) -> str:
        """To prove the change with, for who has given their password. Raises NotPossible."""
        if change.is_removal:
            async with self._records.reading() as session:
                await _must_be_there(session, person, change, needed=needed)
        return factor.ticket(person.name, now(), TicketUse.CHANGE_FACTORS, change.written)

    async def prove(
        self,
        factor: SecondFactor,
        person: Person,
        ticket: str,
        proof: SecondProof,
        token: str,
        *,
        needed: bool,
    ) -> FactorChange | None:
        """The change that the ticket was for, None for a wrong proof. A removal is done with it,
        and ends all sessions of the account but that of `token`.

        Raises NotPossible, LockedFor, SecondFactorAway.
        """
        opened = factor.opened(ticket, TicketUse.CHANGE_FACTORS)
        if opened is None or opened.name != person.name:
            raise NotPossible("that took too long: begin anew")
        change = FactorChange.read(opened.about)

        async def remove(session: AsyncSession, held: Person) -> None:
            if not change.is_removal:
                return
            passkey = await _must_be_there(session, held, change, needed=needed)
            await _remove(session, held, passkey)
            await self._sessions.end_others_of(session, held, token)
            name, by = held.name, proof.kind.value
            if passkey is None:
                await audit.note(session, name, "authenticator removed", name, proof=by)
            else:
                label = passkey.name
                await audit.note(session, name, "passkey removed", name, passkey=label, proof=by)

        proved = await self._step.proves(
            person, proof, opened, IN_A_SESSION, known=True, then=remove
        )
        return change if proved else None

    async def take_away(self, by: str, name: str, which: str, reason: str) -> None:
        """What somebody has lost: the authenticator, the passkey of this number, or with an empty
        `which` all. Ends their sessions, and they are asked for what is left. Raises NotPossible.
        """
        reason = " ".join(reason.split())
        if not 0 < len(reason) <= LONGEST_REASON:
            raise NotPossible(
                "give the reason, in %(number)d letters at most", number=LONGEST_REASON
            )
        if by == name:
            raise NotPossible("your own you remove on the page behind your name")
        async with self._records.writing() as session:
            person = await session.scalar(
                select(Person).where(Person.name == name).with_for_update()
            )
            if person is None:
                raise NotPossible("there is no account %(name)s", name=name)
            taken = {"what": "all"}
            if which:
                removal = _removal_of(which)
                passkey = await _must_be_there(session, person, removal, needed=False)
                await _remove(session, person, passkey)
                taken = {"what": AUTHENTICATOR} if passkey is None else {"passkey": passkey.name}
            elif not person.has_second_factor:
                raise NotPossible("there is no second factor")
            else:
                await _remove(session, person, None)
                for passkey in await session.scalars(
                    select(Passkey).where(Passkey.person_id == person.person_id)
                ):
                    await session.delete(passkey)
            await self._failed.unlock(session, subjects_of(person))
            await self._sessions.end_all_of(session, person)
            await audit.note(
                session, by, "person: second factor taken away", name, **taken, reason=reason
            )

    async def latest(
        self, name: str, actions: Sequence[str] = CHANGES, most: int = 10
    ) -> Sequence[AuditEntry]:
        """What the account is told of: changes of its second factors of late, the newest first."""
        query = (
            select(AuditEntry)
            .where(
                AuditEntry.at > now() - SHOWN_FOR,
                AuditEntry.subject == name,
                AuditEntry.action.in_(actions),
            )
            .order_by(AuditEntry.entry_id.desc())
            .limit(most)
        )
        async with self._records.reading() as session:
            return (await session.scalars(query)).all()


def _removal_of(which: str) -> FactorChange:
    if which == AUTHENTICATOR:
        return FactorChange(ChangeKind.REMOVE_AUTHENTICATOR)
    return FactorChange(ChangeKind.REMOVE_PASSKEY, which)


async def _must_be_there(
    session: AsyncSession, person: Person, removal: FactorChange, *, needed: bool
) -> Passkey | None:
    """The passkey that is to be removed, None for the authenticator. Raises NotPossible."""
    passkey = None
    if removal.kind is ChangeKind.REMOVE_PASSKEY:
        # SQLite and PostgreSQL count no further; digits alone, as a path of ours has them.
        number = int(removal.of) if removal.of.isdecimal() and len(removal.of) <= 9 else 0
        passkey = await one_of(session, person, number)
    elif person.totp_seed is None:
        raise NotPossible("the authenticator is removed already")
    keys = await session.scalar(
        select(func.count()).select_from(Passkey).where(Passkey.person_id == person.person_id)
    )
    left = (keys or 0) + (person.totp_seed is not None) - 1
    if needed and left < 1:
        raise NotPossible("your role needs a second factor: set up another one first")
    return passkey


async def _remove(session: AsyncSession, person: Person, passkey: Passkey | None) -> None:
    """The passkey, or where there is none the authenticator."""
    if passkey is not None:
        await session.delete(passkey)
    else:
        person.totp_seed = person.totp_step = None
