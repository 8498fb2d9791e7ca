"""Applications for registration, secure packs, ordered devices, consents of clients, and the log of
who did what. No secret is kept in clear."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from rocars.store.tables.base import Base
from rocars.store.tables.registration import Company
from rocars.store.tables.web import WebAccount


class Application(Base):
    """What somebody applied for, and what became of it.

    `reference` and a code, kept as its argon2 hash, let the applicant look again. `version` grows
    with every change of `data`, so that nobody approves what they have not seen. `answer` is what
    an officer asked, or why they refused.
    """

    __tablename__ = "application"
    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'asked', 'approved', 'refused', 'withdrawn')", name="known_state"
        ),
        Index("ix_application_queue", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(12), unique=True)
    code_hash: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(9))
    counter: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(7))
    version: Mapped[int]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    answer: Mapped[str] = mapped_column("said", Text)
    sent_at: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey(Company.id))


class Agency(Base):
    """That an agent acts for a client, who need not be registered, and who of the client agreed.

    Until the client itself confirms it on the portal (`confirmed_by` is a user ID of theirs), it is
    what the agent said, and opens nothing.
    """

    __tablename__ = "agency"

    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey(Company.id), index=True)
    client_number: Mapped[str] = mapped_column(String(32), index=True)
    client_name: Mapped[str] = mapped_column(String(120))
    consented_by: Mapped[str] = mapped_column(String(120))
    consented_on: Mapped[date]
    recorded_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None] = mapped_column(String(32))


class AgentDeed(Base):
    """What somebody of an agent did for a client, or a system with one of the agent's keys, whose
    ID is its `user_id` then.

    `about` is ccrn, ubr, file (the number of a batch) or msg (the beginning of a message's ID).
    """

    __tablename__ = "agent_deed"
    __table_args__ = (
        Index("ix_agent_deed_newest", "agency_id", "id"),
        Index("ix_agent_deed_subject", "about", "subject"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey(Agency.id))
    done_at: Mapped[datetime]
    user_id: Mapped[str] = mapped_column(String(32))
    deed: Mapped[str] = mapped_column(String(16))
    about: Mapped[str] = mapped_column(String(4))
    subject: Mapped[str] = mapped_column(String(32))


class SecurePack(Base):
    """User ID and first secrets of an account, to be handed over in person.

    The hashes are of what was last printed, and the seed is encrypted (Fernet); all of them are
    gone once the pack is handed over or void. `token` says what comes with it: no token, one as a
    QR code, or a device whose serial number is noted when it is handed over. `ordered_by` is the
    officer who approved the application or ordered the pack; None in packs of earlier releases.
    """

    __tablename__ = "secure_pack"
    __table_args__ = (
        CheckConstraint("state IN ('ordered', 'printed', 'active', 'void')", name="known_state"),
        CheckConstraint("token IN ('none', 'soft', 'device')", name="known_token"),
        Index("ix_secure_pack_waiting", "state", "counter"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(WebAccount.id), index=True)
    counter: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(7))
    state: Mapped[str] = mapped_column(String(7))
    secrets: Mapped[bool]
    token: Mapped[str] = mapped_column(String(6))
    ordered_at: Mapped[datetime]
    printed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    password_hash: Mapped[str | None] = mapped_column(String(200))
    pin_hash: Mapped[str | None] = mapped_column(String(200))
    serial: Mapped[str | None] = mapped_column(String(20))
    seed: Mapped[str | None] = mapped_column(String(500))
    ordered_by: Mapped[str | None] = mapped_column(String(20))


class StockedToken(Base):
    """A device that was ordered of a token maker and is nobody's yet. `seed` is encrypted."""

    __tablename__ = "stocked_token"

    serial: Mapped[str] = mapped_column(String(20), primary_key=True)
    kind: Mapped[str] = mapped_column(String(4))
    digits: Mapped[int]
    step_s: Mapped[int | None]
    seed: Mapped[str] = mapped_column(String(500))
    ordered_at: Mapped[datetime]


class RegistrationDeed(Base):
    """What an officer, an applicant or a registrant did, and why."""

    __tablename__ = "registration_deed"

    id: Mapped[int] = mapped_column(primary_key=True)
    done_at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str] = mapped_column(String(32))
    deed: Mapped[str] = mapped_column(String(24))
    subject: Mapped[str] = mapped_column(String(40), index=True)
    reason: Mapped[str] = mapped_column(Text)
