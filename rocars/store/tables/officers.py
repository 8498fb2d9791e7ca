"""Officers, and their log-ins to the pages of the boundary and of registration."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ground.web.sessions import SessionColumns
from rocars.store.tables.base import Base


class Officer(Base):
    """An officer. The password is kept as an argon2 hash, the seed of the token encrypted (Fernet);
    `next_step` is the first time step whose code still counts (RFC 6238 section 5.2)."""

    __tablename__ = "officer"
    __table_args__ = (
        CheckConstraint(
            "role IN ('officer', 'analyst', 'hotline', 'registrar')", name="known_role"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    role: Mapped[str] = mapped_column(String(9))
    password_hash: Mapped[str] = mapped_column(String(200))
    seed: Mapped[str] = mapped_column(String(500))
    next_step: Mapped[int] = mapped_column(BigInteger)
    drift: Mapped[int]
    active: Mapped[bool]


class OfficerSession(SessionColumns, Base):
    """An officer's log-in; the cookie's token is kept as its SHA-256."""

    __tablename__ = "officer_session"

    officer_id: Mapped[int] = mapped_column(ForeignKey(Officer.id))
