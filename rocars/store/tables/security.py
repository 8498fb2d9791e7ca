"""Security tokens, log-in sessions and failures. No secret is kept in clear."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from rocars.store.tables.base import Base
from rocars.store.tables.registration import Driver


class SecurityToken(Base):
    """The one token of a driver. `seed` is encrypted (Fernet).

    `next_counter` is the lowest HOTP counter, or TOTP step, whose code may still be accepted:
    every acceptance moves it past itself, so that no code counts twice (RFC 6238 section 5.2).
    `drift` is the remembered distance of a TOTP token's clock, in steps (RFC 6238 section 6).
    Without `expires_at` it never expires; once it has, or was revoked, it opens nothing.
    """

    __tablename__ = "security_token"
    __table_args__ = (
        CheckConstraint("kind IN ('hotp', 'totp')", name="known_kind"),
        Index("ix_security_token_serial", "serial", unique=True),
    )

    driver_id: Mapped[int] = mapped_column(ForeignKey(Driver.id), primary_key=True)
    kind: Mapped[str] = mapped_column(String(4))
    seed: Mapped[str] = mapped_column(String(500))
    digits: Mapped[int]
    step_s: Mapped[int | None]
    next_counter: Mapped[int] = mapped_column(BigInteger, default=0)
    drift: Mapped[int] = mapped_column(default=0)
    serial: Mapped[str | None] = mapped_column(String(20))
    issued_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]


class LoginSession(Base):
    """A log-in that lasts. The bearer token is kept as its SHA-256 only."""

    __tablename__ = "login_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    driver_id: Mapped[int] = mapped_column(ForeignKey(Driver.id))
    expires_at: Mapped[datetime] = mapped_column(index=True)


class LoginFailures(Base):
    """Failures of a user ID, whether such a driver exists or not."""

    __tablename__ = "login_failures"

    user_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)


class Tries(Base):
    """How often something was tried from one place in one minute (of the Unix epoch), on all nodes.
    `place` is the SHA-256 of what was tried and from where."""

    __tablename__ = "tries"

    place: Mapped[str] = mapped_column(String(64), primary_key=True)
    minute: Mapped[int] = mapped_column(BigInteger, primary_key=True, index=True)
    count: Mapped[int]
