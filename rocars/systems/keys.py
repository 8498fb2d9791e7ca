"""API keys of companies: issued, found by what a request presents, replaced, revoked.

A key is `rocars_ID_SECRET`. The ID is no secret: it stands in logs, lists and histories. The secret
has 256 bits, so its SHA-256 needs no salt and no cost.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.clock import Clock
from rocars.refusals import Code, Problem
from rocars.registry.companies import company_called
from rocars.store.database import Database
from rocars.store.tables.registration import Company
from rocars.store.tables.systems import CompanyKey, KeyUse
from rocars.systems.messages import KeyData, KeyIssued, KeyList, KeyRecord

log = structlog.get_logger("rocars.keys")

_FORM = re.compile(r"rocars_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
_ID_CHARACTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_ID_LENGTH = 12


class Right(StrEnum):
    """What a key may be used for."""

    LODGE = "lodge"
    CHANGE = "change"
    READ = "read"
    BUNDLE = "bundle"


ANY_RIGHT = frozenset(Right)


@dataclass(frozen=True)
class KnownKey:
    """A key that counts now. `company` is the registration number; a `public_key` means that every
    request must be signed."""

    id: str
    company_id: int
    company: str
    rights: frozenset[Right]
    public_key: Ed25519PublicKey | None = field(repr=False)


@dataclass(frozen=True)
class _Looked:
    """A key as the database had it, and when it was asked, in seconds of `monotonic`."""

    held: CompanyKey
    company: str
    at: float


class CompanyKeys:
    """To be used in one event loop."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        known_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`known_s`: seconds for which a key that was found is not looked up again."""
        self._database = database
        self._clock = clock
        self._known_s = known_s
        self._monotonic = monotonic
        self._looked: dict[str, _Looked] = {}
        self._looking: dict[str, asyncio.Task[_Looked | None]] = {}

    async def issue(self, company: str, data: KeyData) -> KeyIssued:
        """A new key. The one it replaces counts for `overlap_hours` more, and no longer.

        Raises Problem UNKNOWN_COMPANY, UNKNOWN_KEY, INVALID_REGISTRATION (a public key that is
        none).
        """
        now = self._clock()
        if data.public_key is not None:
            public_key_of(data.public_key)
        secret = secrets.token_urlsafe(32)
        key_id = "".join(secrets.choice(_ID_CHARACTERS) for _ in range(_ID_LENGTH))
        key = f"rocars_{key_id}_{secret}"
        issued = CompanyKey(
            id=key_id,
            name=data.name,
            key_hash=_hash(key),
            rights=sorted(set(data.rights)),
            public_key=data.public_key,
            issued_at=now,
            valid_until=now + timedelta(days=data.valid_days) if data.valid_days else None,
            revoked_at=None,
        )
        async with self._database.writing() as session:
            issued.company_id = await company_called(session, company)
            if data.replaces is not None:
                old = await self._held(session, issued.company_id, data.replaces)
                until = now + timedelta(hours=data.overlap_hours)
                old.valid_until = min(until, old.valid_until or until)
            session.add(issued)
        if data.replaces is not None:
            self._forget(data.replaces)
        log.info("key.issued", key=key_id, company=company, replaces=data.replaces)
        return KeyIssued(**_record(issued, None).model_dump(), key=key)

    async def revoke(self, company: str, key_id: str) -> KeyRecord:
        """End a key: on this node at once, on others when they look it up again.

        Raises Problem UNKNOWN_COMPANY, UNKNOWN_KEY.
        """
        async with self._database.writing() as session:
            held = await self._held(session, await company_called(session, company), key_id)
            held.revoked_at = held.revoked_at or self._clock()
        self._forget(key_id)
        log.info("key.revoked", key=key_id, company=company)
        return _record(held, None)

    async def of(self, company: str) -> KeyList:
        """All keys of a company, without the keys themselves. Raises Problem UNKNOWN_COMPANY."""
        last_use = (
            select(KeyUse.key_id, func.max(KeyUse.used_at).label("at"))
            .group_by(KeyUse.key_id)
            .subquery()
        )
        async with self._database.reading() as session:
            company_id = await company_called(session, company)
            rows = await session.execute(
                select(CompanyKey, last_use.c.at)
                .outerjoin(last_use, last_use.c.key_id == CompanyKey.id)
                .where(CompanyKey.company_id == company_id)
                .order_by(CompanyKey.issued_at, CompanyKey.id)
            )
            return KeyList(keys=[_record(held, at) for held, at in rows])

    async def found(self, presented: str) -> KnownKey | None:
        """The key a request presents, if it counts now."""
        form = _FORM.fullmatch(presented)
        if form is None:
            return None
        looked = await self._looked_up(form[1])
        if looked is None:
            return None
        held = looked.held
        if not hmac.compare_digest(held.key_hash, _hash(presented)) or not self._counts(held):
            return None
        return KnownKey(
            id=held.id,
            company_id=held.company_id,
            company=looked.company,
            rights=frozenset(Right(right) for right in held.rights),
            public_key=public_key_of(held.public_key) if held.public_key else None,
        )

    async def _looked_up(self, key_id: str) -> _Looked | None:
        """What the database has of this ID, or had a moment ago. However many requests come with
        one key, they take one connection."""
        looked = self._looked.get(key_id)
        if looked is not None and self._monotonic() - looked.at < self._known_s:
            return looked
        looking = self._looking.get(key_id)
        if looking is None:
            looking = self._looking[key_id] = asyncio.create_task(self._look_up(key_id))
        return await asyncio.shield(looking)

    async def _look_up(self, key_id: str) -> _Looked | None:
        at = self._monotonic()  # before it is asked: what is revoked from now on ends in time
        try:
            async with self._database.reading() as session:
                row = (
                    await session.execute(
                        select(CompanyKey, Company.registration_number)
                        .join(Company, Company.id == CompanyKey.company_id)
                        .where(CompanyKey.id == key_id)
                    )
                ).one_or_none()
        finally:
            is_newest = self._looking.get(key_id) is asyncio.current_task()
            if is_newest:
                del self._looking[key_id]
        if row is None:  # not kept: anybody can think of an ID
            return None
        held, company = row
        looked = _Looked(held, company, at)
        if is_newest:
            self._looked[key_id] = looked
        return looked

    def _forget(self, key_id: str) -> None:
        """It has changed: what is being read of it may be older."""
        self._looked.pop(key_id, None)
        self._looking.pop(key_id, None)

    def _counts(self, held: CompanyKey) -> bool:
        if held.revoked_at is not None:
            return False
        return held.valid_until is None or self._clock() < held.valid_until

    async def _held(self, session: AsyncSession, company_id: int, key_id: str) -> CompanyKey:
        held = await session.get(CompanyKey, key_id)
        if held is None or held.company_id != company_id:
            raise Problem(Code.UNKNOWN_KEY, key_id)
        return held


def public_key_of(text: str) -> Ed25519PublicKey:
    """An Ed25519 public key of its 32 bytes in base64. Raises Problem INVALID_REGISTRATION."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except ValueError:
        raise Problem(
            Code.INVALID_REGISTRATION, "public_key", "expected 32 bytes of Ed25519 in base64"
        ) from None


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _record(held: CompanyKey, last_used_at: datetime | None) -> KeyRecord:
    return KeyRecord(
        id=held.id,
        name=held.name,
        rights=held.rights,
        signed=held.public_key is not None,
        issued_at=held.issued_at,
        valid_until=held.valid_until,
        revoked_at=held.revoked_at,
        last_used_at=last_used_at,
    )
