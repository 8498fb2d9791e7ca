"""Systems of companies: their API keys, the messages they send, and what is pushed to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from rocars.store.tables.applications import Agency
from rocars.store.tables.base import Base
from rocars.store.tables.cargo import Consignment
from rocars.store.tables.registration import Company


class CompanyKey(Base):
    """An API key of a company; the key itself is kept as its SHA-256 only.

    `rights` are values of `rocars.systems.keys.Right`. With a `public_key` (Ed25519, base64) it
    opens nothing but requests that are signed.
    """

    __tablename__ = "company_key"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey(Company.id), index=True)
    name: Mapped[str] = mapped_column(String(120))
    key_hash: Mapped[str] = mapped_column(String(64))
    rights: Mapped[list[str]] = mapped_column(JSON)
    public_key: Mapped[str | None] = mapped_column(String(64))
    issued_at: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class KeyUse(Base):
    """One request that came with a key of a company. `subject` is the CCRN, UBR, message
    or batch."""

    __tablename__ = "key_use"
    __table_args__ = (Index("ix_key_use_newest", "key_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey(CompanyKey.id))
    used_at: Mapped[datetime] = mapped_column(index=True)
    operation: Mapped[str] = mapped_column(String(40))
    status: Mapped[int]
    subject: Mapped[str] = mapped_column(String(80))


class SignatureNonce(Base):
    """The nonce of a signed request that changes something, kept while the signature counts."""

    __tablename__ = "signature_nonce"

    key_id: Mapped[str] = mapped_column(ForeignKey(CompanyKey.id), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime] = mapped_column(index=True)


class BulkMessage(Base):
    """A message of up to a thousand orders, under an ID its sender chose; `done` of `count` orders
    have been worked off. `sha256` is that of the message as it came."""

    __tablename__ = "bulk_message"
    __table_args__ = (
        UniqueConstraint("company_id", "message"),
        CheckConstraint("state IN ('waiting', 'done')", name="known_state"),
        CheckConstraint("done BETWEEN 0 AND count", name="no_more_than_there_are"),
        Index(
            "ix_bulk_message_waiting",
            "company_id",
            "id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey(Company.id))
    message: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[str] = mapped_column(ForeignKey(CompanyKey.id))
    sha256: Mapped[str] = mapped_column(String(64))
    format: Mapped[str] = mapped_column(String(4))
    count: Mapped[int]
    done: Mapped[int]
    state: Mapped[str] = mapped_column(String(7))
    taken_at: Mapped[datetime] = mapped_column(index=True)
    done_at: Mapped[datetime | None]


class AgentMessage(Base):
    """That an agent sent a message for a client: under which consent. Its orders are about the
    client's cargo."""

    __tablename__ = "agent_message"

    message_id: Mapped[int] = mapped_column(ForeignKey(BulkMessage.id), primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey(Agency.id))


class BulkOrders(Base):
    """Orders of a message from `first` (0: its first) on, until all of the message are worked off:
    some in a row, so that no more need be read than are done at once."""

    __tablename__ = "bulk_orders"

    message_id: Mapped[int] = mapped_column(ForeignKey(BulkMessage.id), primary_key=True)
    orders: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    first: Mapped[int] = mapped_column(primary_key=True)


class BulkResults(Base):
    """What came of the orders of a message from `first` (0: its first) on, as many as were worked
    off in one transaction with this row."""

    __tablename__ = "bulk_results"

    message_id: Mapped[int] = mapped_column(ForeignKey(BulkMessage.id), primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True)
    results: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class BulkConsignment(Base):
    """A consignment that was lodged by a message, and its sender's reference."""

    __tablename__ = "bulk_consignment"

    consignment_id: Mapped[int] = mapped_column(ForeignKey(Consignment.id), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey(BulkMessage.id), index=True)
    reference: Mapped[str] = mapped_column(String(120), index=True)


class PushAddress(Base):
    """Where results of a company's messages are posted to."""

    __tablename__ = "push_address"

    company_id: Mapped[int] = mapped_column(ForeignKey(Company.id), primary_key=True)
    url: Mapped[str] = mapped_column(String(300))
    set_at: Mapped[datetime]


class Push(Base):
    """The results of one message, to be posted at `due_at`; `last` says how the last try ended."""

    __tablename__ = "push"
    __table_args__ = (
        CheckConstraint("state IN ('due', 'delivered', 'given_up')", name="known_state"),
        Index(
            "ix_push_due",
            "due_at",
            sqlite_where=text("state = 'due'"),
            postgresql_where=text("state = 'due'"),
        ),
    )

    message_id: Mapped[int] = mapped_column(ForeignKey(BulkMessage.id), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey(Company.id), index=True)
    state: Mapped[str] = mapped_column(String(9))
    due_at: Mapped[datetime]
    tries: Mapped[int]
    last: Mapped[str] = mapped_column(String(80))
