"""The tables of the records."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Double,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ground.database.instants import Instant
from ivr.records.calling_number import NumberKind
from ivr.records.outcome import BundleRequestState, CallOutcome, EndedBy


def as_text(kind: type[StrEnum]) -> Enum:
    """A column that holds a word of a closed set, readable in the database."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


Json = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Call(Base):
    """A call detail record (CDR). In progress as long as it has no outcome."""

    __tablename__ = "calls"
    __table_args__ = (
        CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="ended_with_outcome"),
        Index("ix_calls_in_progress", "node", "worker_pid", "ended_at"),
        Index(
            "ix_calls_not_ended",
            "offered_at",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_calls_last_language",
            "caller_e164",
            "offered_at",
            "language",
            sqlite_where=text("language IS NOT NULL"),
            postgresql_where=text("language IS NOT NULL"),
        ),
        # The newest first, as they are looked for.
        Index("ix_calls_caller", "caller_e164", "call_id"),
        Index("ix_calls_driver", "driver", "call_id"),
        Index("ix_calls_outcome", "outcome", "call_id"),
    )

    call_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    node: Mapped[str] = mapped_column(Text)
    worker_pid: Mapped[int]
    worker_slot: Mapped[int]
    sip_call_id: Mapped[str] = mapped_column(Text, index=True)
    source: Mapped[str] = mapped_column(Text)
    caller_kind: Mapped[NumberKind] = mapped_column(as_text(NumberKind))
    caller_e164: Mapped[str | None] = mapped_column(String(16))
    caller_region: Mapped[str | None] = mapped_column(String(3))
    called: Mapped[str] = mapped_column(Text)
    offered_at: Mapped[datetime] = mapped_column(Instant, index=True)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[CallOutcome | None] = mapped_column(as_text(CallOutcome))
    ended_by: Mapped[EndedBy | None] = mapped_column(as_text(EndedBy))
    sip_code: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(8))
    driver: Mapped[str | None] = mapped_column(Text)
    ubr: Mapped[str | None] = mapped_column(Text, index=True)
    login_attempts: Mapped[int | None]
    codec: Mapped[str | None] = mapped_column(Text)
    packets_sent: Mapped[int | None]
    packets_received: Mapped[int | None]
    packets_lost: Mapped[int | None]
    jitter_ms: Mapped[float | None] = mapped_column(Double)
    keys: Mapped[int | None]
    stand_ins: Mapped[int | None]
    practice: Mapped[bool] = mapped_column(server_default=false())


class CallStep(Base):
    """One step of a call's trace, secrets masked."""

    __tablename__ = "steps"

    call_id: Mapped[str] = mapped_column(
        ForeignKey("calls.call_id", ondelete="CASCADE"), primary_key=True
    )
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(String(16))
    attempt: Mapped[int]
    ms: Mapped[int]
    language: Mapped[str] = mapped_column(String(8))
    detail: Mapped[dict[str, Any]] = mapped_column(Json)


class BundleRequest(Base):
    """The audit of what was asked of ROCARS in a driver's name, written before it was sent.

    It outlives the CDR, so `call_id` is no foreign key. `told_at` is when a caller heard how it
    ended.
    """

    __tablename__ = "bundle_requests"
    __table_args__ = (Index("ix_bundle_requests_unsettled", "state", "sent_at"),)

    idempotency_key: Mapped[str] = mapped_column(Text, primary_key=True)
    call_id: Mapped[str] = mapped_column(String(36), index=True)
    node: Mapped[str] = mapped_column(Text)
    worker_pid: Mapped[int]
    operation: Mapped[str] = mapped_column(String(16))
    driver_user_id: Mapped[str] = mapped_column(Text, index=True)
    ccrns: Mapped[list[str]] = mapped_column(Json)
    vehicle: Mapped[str] = mapped_column(Text, index=True)
    state: Mapped[BundleRequestState] = mapped_column(as_text(BundleRequestState))
    attempts: Mapped[int]
    sent_at: Mapped[datetime] = mapped_column(Instant)
    last_sent_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    ubr: Mapped[str | None] = mapped_column(Text, index=True)
    reason: Mapped[str | None] = mapped_column(Text)
    crossing_at: Mapped[datetime | None] = mapped_column(Instant)
    crossing_immediately: Mapped[bool | None]
    told_at: Mapped[datetime | None] = mapped_column(Instant)


class RequestCcrn(Base):
    """Which bundle requests a CCRN was in, to find a call by it."""

    __tablename__ = "request_ccrns"

    ccrn: Mapped[str] = mapped_column(Text, primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(
        ForeignKey("bundle_requests.idempotency_key", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    )
