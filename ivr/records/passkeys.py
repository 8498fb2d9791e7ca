"""Passkeys (WebAuthn level 3) as a second factor: made, named, asked for at log-in, taken away.

Their second step needs no state: the challenge is in the ticket that the password has brought, and
a passkey takes no ticket that is older than its last use, so that no proof is good twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ivr.records import audit
from ivr.records.account import NotPossible
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.passkey_tables import Passkey
from ivr.records.people_tables import Person
from ivr.records.second_factor import ISSUER, SecondFactor, SecondFactorAway, Ticket, TicketUse
from ivr.records.second_proof import ProofKind

LONGEST_NAME = 60
MOST = 20
"""Passkeys of one account."""

NO_PROOF = (
    *(WebAuthnException, ValueError, TypeError, LookupError, AttributeError),
    RecursionError,  # of JSON in JSON in JSON
)
"""What the library raises of a proof that is wrong, or none: it reads what a stranger wrote."""


@dataclass(frozen=True)
class RelyingParty:
    """The console as browsers know it (WebAuthn, 4, *Relying Party*).

    Attributes:
        host: its name; passkeys are bound to it. No address: browsers take none.
        origin: as ``https://console.example.hk``.
    """

    host: str
    origin: str


@dataclass(frozen=True)
class NewPasskey:
    """What the browser is to make; `sealed` comes back with what it made."""

    options: str
    sealed: str


@dataclass(frozen=True)
class Wanted:
    """What second factors somebody can give, after their password.

    Attributes:
        code: that of an authenticator.
        options: for the browser to ask for a passkey, as JSON; empty for none.
        elsewhere: names of the console under which they have made passkeys, where there are none
            for this one.
    """

    code: bool = False
    options: str = ""
    elsewhere: Sequence[str] = ()


class Passkeys:
    """Everything may raise RecordsUnavailable."""

    def __init__(self, records: Database, factor: SecondFactor | None) -> None:
        self._records = records
        self.factor = factor

    async def of(self, name: str) -> Sequence[Passkey]:
        """All of one account, the oldest first."""
        async with self._records.reading() as session:
            return await _of(session, name)

    async def begin(self, person: Person, label: str, party: RelyingParty) -> NewPasskey:
        """Raises NotPossible, SecondFactorAway."""
        label, there = must_be_named(label), await self.of(person.name)
        if len(there) >= MOST:
            raise NotPossible("%(number)d passkeys are the most", number=MOST)
        factor = self._must_be_there()
        sealed = factor.ticket(person.name, now(), TicketUse.MAKE_PASSKEY, label)
        ticket = factor.opened(sealed, TicketUse.MAKE_PASSKEY)
        assert ticket is not None
        options = generate_registration_options(
            rp_id=party.host,
            rp_name=ISSUER,
            # Tells nothing of the person to who finds the key, and is the same for all of theirs.
            user_id=hashlib.sha256(f"console account {person.person_id}".encode()).digest(),
            user_name=person.name,
            user_display_name=person.full_name,
            challenge=ticket.challenge,
            # Beside a password: the authenticator need neither know the account nor ask for a PIN.
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED,
                user_verification=UserVerificationRequirement.DISCOURAGED,
            ),
            exclude_credentials=[_descriptor(key) for key in there],
        )
        return NewPasskey(options_to_json(options), sealed)

    async def add(self, name: str, sealed: str, credential: str, party: RelyingParty) -> Passkey:
        """What the browser made. Raises NotPossible, SecondFactorAway."""
        ticket = self._must_be_there().opened(sealed, TicketUse.MAKE_PASSKEY)
        if ticket is None or ticket.name != name:
            raise NotPossible("that took too long: begin anew")
        try:
            parsed = parse_registration_credential_json(credential)
            made = verify_registration_response(
                credential=parsed,
                expected_challenge=ticket.challenge,
                expected_rp_id=party.host,
                expected_origin=party.origin,
            )
        except NO_PROOF as failure:
            raise NotPossible("the passkey is not as it should be") from failure
        passkey = Passkey(
            name=ticket.about,
            host=party.host,
            credential_id=bytes_to_base64url(made.credential_id),
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            transports=[transport.value for transport in parsed.response.transports or ()],
            made_at=now(),
        )
        try:
            async with self._records.writing() as session:
                person = await _held(session, name)
                passkey.person_id = person.person_id
                session.add(passkey)
                await session.flush()
                await audit.note(session, name, "passkey added", name, passkey=passkey.name)
        except IntegrityError:
            raise NotPossible("that passkey is there already") from None
        return passkey

    async def rename(self, name: str, passkey_id: int, label: str) -> None:
        """Raises NotPossible."""
        label = must_be_named(label)
        async with self._records.writing() as session:
            passkey = await one_of(session, await _held(session, name), passkey_id)
            before, passkey.name = passkey.name, label
            await audit.note(session, name, "passkey renamed", name, passkey=label, before=before)

    async def wanted(
        self, ticket: str, party: RelyingParty | None, use: TicketUse = TicketUse.LOG_IN
    ) -> Wanted:
        """What the holder of a ticket can give; nothing, if it is not good (any more)."""
        opened = self.factor.opened(ticket, use) if self.factor is not None else None
        if opened is None:
            return Wanted()
        async with self._records.reading() as session:
            person = await session.scalar(select(Person).where(Person.name == opened.name))
            keys = await _of(session, opened.name)
        code = person is not None and person.totp_seed is not None
        here = [key for key in keys if party is not None and key.host == party.host]
        if party is None or not here:
            return Wanted(code, elsewhere=sorted({key.host for key in keys}))
        options = generate_authentication_options(
            rp_id=party.host,
            challenge=opened.challenge,
            allow_credentials=[_descriptor(key) for key in here],
            user_verification=UserVerificationRequirement.DISCOURAGED,
        )
        return Wanted(code, options_to_json(options))

    def _must_be_there(self) -> SecondFactor:
        if self.factor is None:
            raise SecondFactorAway("console.second_factor_key is not set")
        return self.factor


class PasskeyProof:
    """What a passkey signed (`ivr.records.second_proof.SecondProof`)."""

    kind = ProofKind.PASSKEY

    def __init__(self, credential: str, party: RelyingParty) -> None:
        self._credential = credential
        self._party = party

    async def holds(self, session: AsyncSession, person: Person, ticket: Ticket) -> bool:
        try:
            parsed = parse_authentication_credential_json(self._credential)
            named = bytes_to_base64url(parsed.raw_id)
        except NO_PROOF:
            return False
        passkey = await session.scalar(
            select(Passkey)
            .where(
                Passkey.person_id == person.person_id,
                Passkey.credential_id == named,
                Passkey.host == self._party.host,
            )
            .with_for_update()
        )
        if passkey is None or ticket.made_at <= (passkey.used_at or passkey.made_at):
            return False
        try:
            verified = verify_authentication_response(
                credential=parsed,
                expected_challenge=ticket.challenge,
                expected_rp_id=self._party.host,
                expected_origin=self._party.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
            )
        except NO_PROOF:
            return False
        passkey.sign_count, passkey.used_at = verified.new_sign_count, now()
        return True


def must_be_named(label: str) -> str:
    """The name of a passkey as it is kept. Raises NotPossible."""
    label = " ".join(label.split())
    if not 0 < len(label) <= LONGEST_NAME:
        raise NotPossible(
            "a passkey has a name, of %(number)d letters at most", number=LONGEST_NAME
        )
    return label


def _descriptor(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    known = [transport for transport in AuthenticatorTransport if transport in passkey.transports]
    return PublicKeyCredentialDescriptor(
        id=base64url_to_bytes(passkey.credential_id), transports=known or None
    )


async def _of(session: AsyncSession, name: str) -> Sequence[Passkey]:
    query = (
        select(Passkey)
        .join(Person, Person.person_id == Passkey.person_id)
        .where(Person.name == name)
        .order_by(Passkey.passkey_id)
    )
    return (await session.scalars(query)).all()


async def _held(session: AsyncSession, name: str) -> Person:
    """The account, locked: of two changes of its passkeys one comes after the other."""
    query = select(Person).where(Person.name == name).with_for_update()
    person: Person | None = await session.scalar(query)
    if person is None:
        raise NotPossible("there is no account %(name)s", name=name)
    return person


async def one_of(session: AsyncSession, person: Person, passkey_id: int) -> Passkey:
    """A passkey of this account. Raises NotPossible."""
    passkey = await session.get(Passkey, passkey_id)
    if passkey is None or passkey.person_id != person.person_id:
        raise NotPossible("that passkey is removed already")
    return passkey
