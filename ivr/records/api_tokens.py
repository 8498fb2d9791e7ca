"""Tokens of the API: made, shown once, looked up by what a program sends, revoked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update

from ground.refusal import Refusal
from ivr.records import audit
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.token_tables import ApiToken, Scope

PREFIX = "rocars_"
"""By which scanners of source code know a token that somebody has left in it."""

LONGEST_NAME = 80
LONGEST = timedelta(days=731)
_ENDING = 4
_NOTED_EVERY = timedelta(minutes=1)
"""How exactly it is kept when a token was last used: a request must not cost a transaction."""


class TokenRefused(Refusal):
    """What was asked of a token cannot be; it says why, to the one who asked."""


@dataclass(frozen=True)
class NewToken:
    """A token just made; `secret` is what the program sends, and is kept nowhere."""

    token: ApiToken
    secret: str = field(repr=False)


class ApiTokens:
    """Everything may raise RecordsUnavailable."""

    def __init__(self, records: Database) -> None:
        self._records = records

    async def all(self) -> Sequence[ApiToken]:
        """The newest first; those that are over too."""
        query = select(ApiToken).order_by(ApiToken.token_id.desc())
        async with self._records.reading() as session:
            return (await session.scalars(query)).all()

    async def make(
        self, by: str, name: str, scopes: Sequence[Scope], expires_at: datetime | None
    ) -> NewToken:
        """Raises TokenRefused."""
        name, at = " ".join(name.split()), now()
        if not 0 < len(name) <= LONGEST_NAME:
            raise TokenRefused(
                "a token has a name, of %(number)d letters at most", number=LONGEST_NAME
            )
        if not scopes:
            raise TokenRefused("a token opens something: choose what")
        if expires_at is None or not at < expires_at <= at + LONGEST:
            raise TokenRefused("a token expires, within the next two years")
        secret = PREFIX + secrets.token_urlsafe(32)
        token = ApiToken(
            name=name,
            token_hash=_hashed(secret),
            ending=secret[-_ENDING:],
            scopes=sorted({*scopes}),
            made_by=by,
            made_at=at,
            expires_at=expires_at,
            used_from="",
        )
        async with self._records.writing() as session:
            same = select(ApiToken.token_id).where(
                ApiToken.name == name, ApiToken.revoked_at.is_(None), ApiToken.expires_at > at
            )
            if await session.scalar(same.limit(1)) is not None:
                raise TokenRefused("there is a token %(name)s already", name=name)
            session.add(token)
            until = expires_at.isoformat(timespec="minutes")
            what = " ".join(token.scopes)
            await audit.note(session, by, "token made", name, scopes=what, until=until)
        return NewToken(token, secret)

    async def revoke(self, by: str, token_id: int) -> None:
        """Raises TokenRefused where there is none, or it is revoked already."""
        async with self._records.writing() as session:
            token = await session.get(ApiToken, token_id, with_for_update=True)
            if token is None or token.revoked_at is not None:
                raise TokenRefused("that token is revoked already")
            token.revoked_by, token.revoked_at = by, now()
            await audit.note(session, by, "token revoked", token.name)

    async def known(self, secret: str, address: str) -> ApiToken | None:
        """The token that was sent, if it is good now; that it is used is written down."""
        at = now()
        async with self._records.reading() as session:
            token: ApiToken | None = await session.scalar(
                select(ApiToken).where(
                    ApiToken.token_hash == _hashed(secret),
                    ApiToken.revoked_at.is_(None),
                    ApiToken.expires_at > at,
                )
            )
        if token is None:
            return None
        lately = token.used_at is not None and at - token.used_at < _NOTED_EVERY
        if not lately or token.used_from != address:
            async with self._records.writing() as session:
                await session.execute(
                    update(ApiToken)
                    .where(ApiToken.token_id == token.token_id)
                    .values(used_at=at, used_from=address)
                )
        return token


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
