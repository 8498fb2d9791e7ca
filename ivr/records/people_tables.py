"""The tables of the people of the console: accounts, failed log-ins, browsers, sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, false, select, text
from sqlalchemy.orm import Mapped, column_property, mapped_column

from ground.database.instants import Instant
from ground.web.sessions import SessionColumns
from ivr.records.models import Base, as_text
from ivr.records.passkey_tables import Passkey
from ivr.records.roles import Role


class Person(Base):
    """An account of the console. Passwords and PINs are argon2 hashes.

    Attributes:
        operator_id: digits keyed on the telephone, None for who may not record by phone.
        totp_seed: of their authenticator, sealed (`ivr.records.second_factor`).
        totp_step: the time step of the last code that was taken; no code is taken twice.
        has_passkey: whether they have one, as their row was read.
        must_change: the password is somebody else's choice: nothing is shown until it is changed.
        issuer, subject: the OpenID provider that they log in with and by what it knows them; None
            for a local account. An issuer alone: they have not logged in with it yet.
    """

    __tablename__ = "people"
    __table_args__ = (Index("ix_people_subject", "issuer", "subject", unique=True),)

    person_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    full_name: Mapped[str] = mapped_column(Text)
    role: Mapped[Role] = mapped_column(as_text(Role))
    password_hash: Mapped[str] = mapped_column(Text)
    operator_id: Mapped[str | None] = mapped_column(String(16), unique=True)
    pin_hash: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool]
    must_change: Mapped[bool] = mapped_column(server_default=false())
    totp_seed: Mapped[str | None] = mapped_column(Text)
    totp_step: Mapped[int | None]
    issuer: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Instant)
    has_passkey: Mapped[bool] = column_property(
        select(Passkey.passkey_id).where(Passkey.person_id == person_id).exists()
    )

    @property
    def has_second_factor(self) -> bool:
        return self.totp_seed is not None or self.has_passkey


class LoginFailures(Base):
    """Log-ins that failed of late, so that guessing gets slow. Of names that do not exist too.

    Attributes:
        way: ``web`` or ``phone``: neither locks the other.
        subject: SHA-256 of the name or operator ID as given; it may have been a password.
        source: where they came from (an address, a known device); empty: from everywhere.
    """

    __tablename__ = "login_failures"

    way: Mapped[str] = mapped_column(String(8), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant)


class KnownDevice(Base):
    """A browser in which somebody has logged in before; its cookie is kept as SHA-256 only."""

    __tablename__ = "known_devices"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.person_id", ondelete="CASCADE"), primary_key=True, index=True
    )
    seen_at: Mapped[datetime] = mapped_column(Instant)


class WebSession(SessionColumns, Base):
    """Somebody logged in. The cookie's token is kept as its SHA-256 only.

    Attributes:
        address: from where they logged in.
        agent: what their browser says that it is (User-Agent).
        id_token, provider_session: of a session that an OpenID provider has begun: what it said it
            with, for its log-out, and what it calls the session (`sid`), if it does.
    """

    __tablename__ = "web_sessions"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.person_id", ondelete="CASCADE"), index=True
    )
    address: Mapped[str] = mapped_column(Text, server_default=text("''"))
    agent: Mapped[str] = mapped_column(Text, server_default=text("''"))
    id_token: Mapped[str | None] = mapped_column(Text)
    provider_session: Mapped[str | None] = mapped_column(Text)
