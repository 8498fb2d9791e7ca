"""The tables of the operators' console: people, their sessions and deeds, prompt versions, orders
to running calls, and the counts that charts are drawn from."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Date,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ivr.records.models import Base, Json, UtcDateTime, as_text
from ivr.records.roles import Role


class Person(Base):
    """An account of the console. Passwords and PINs are argon2 hashes.

    Attributes:
        operator_id: digits keyed on the telephone, None for who may not record by phone.
        failures: log-ins that failed since the last good one, by web and by telephone.
    """

    __tablename__ = "people"

    person_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    full_name: Mapped[str] = mapped_column(Text)
    role: Mapped[Role] = mapped_column(as_text(Role))
    password_hash: Mapped[str] = mapped_column(Text)
    operator_id: Mapped[str | None] = mapped_column(String(16), unique=True)
    pin_hash: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WebSession(Base):
    """Somebody logged in. The cookie's token is kept as its SHA-256 only."""

    __tablename__ = "web_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.person_id", ondelete="CASCADE"), index=True
    )
    csrf: Mapped[str] = mapped_column(String(64))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AuditEntry(Base):
    """Who did what. The database refuses to change an entry, and to delete a young one."""

    __tablename__ = "audit"

    entry_id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    who: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(Json)


class VersionState(StrEnum):
    DRAFT = "draft"
    REVIEWED = "reviewed"  # by a second person; may be scheduled
    LIVE = "live"
    RETIRED = "retired"


class Source(StrEnum):
    """How a recording came in."""

    UPLOADED = "uploaded"
    BROWSER = "browser"
    PHONE = "phone"
    IMPORTED = "imported"
    SYNTHESISED = "synthesised"  # a stand-in for words that nobody has recorded yet


class PromptVersion(Base):
    """One recording of one clip, with its words. Sound and words never change.

    Attributes:
        serial: counts the versions of a clip from 1.
        words: as written, punctuation and all.
        base_digest: of the words that came with the service when this was made; once those
            change, this version may say the wrong thing and is not played any more.
        sound: FLAC, mono, 8000 Hz, at the loudness of all prompts.
        raw_lufs: loudness as it came in.
        live_from: when a reviewed version goes live by itself.
        was_live_at: when it last went live.
    """

    __tablename__ = "prompt_versions"
    __table_args__ = (
        UniqueConstraint("language", "clip", "serial"),
        Index(
            "ix_prompt_versions_one_live",
            "language",
            "clip",
            unique=True,
            sqlite_where=text("state = 'live'"),
            postgresql_where=text("state = 'live'"),
        ),
        Index("ix_prompt_versions_state", "state", "live_from"),
    )

    version_id: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(String(8))
    clip: Mapped[str] = mapped_column(Text)
    serial: Mapped[int]
    words: Mapped[str] = mapped_column(Text)
    base_digest: Mapped[str] = mapped_column(String(64))
    sound: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    seconds: Mapped[float] = mapped_column(Double)
    raw_lufs: Mapped[float | None] = mapped_column(Double)
    source: Mapped[Source] = mapped_column(as_text(Source))
    state: Mapped[VersionState] = mapped_column(as_text(VersionState))
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text)
    reviewed_by: Mapped[str | None] = mapped_column(Text)
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    live_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    was_live_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retired_by: Mapped[str | None] = mapped_column(Text)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ClipNumber(Base):
    """The number an operator keys to name a clip on the telephone; given once, for good."""

    __tablename__ = "clip_numbers"

    clip: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)


class OrderKind(StrEnum):
    HANG_UP = "hang_up"
    PASS_ON = "pass_on"  # to the hotline
    RECYCLE = "recycle"  # a worker: finish its calls, then make way for a fresh one
    CLOSE = "close"  # a node: take no new calls
    OPEN = "open"


class NodeOrder(Base):
    """Something a person wants a node to do. `subject` is a call's id or a worker's slot."""

    __tablename__ = "node_orders"
    __table_args__ = (Index("ix_node_orders_waiting", "node", "taken_at"),)

    order_id: Mapped[int] = mapped_column(primary_key=True)
    node: Mapped[str] = mapped_column(Text)
    kind: Mapped[OrderKind] = mapped_column(as_text(OrderKind))
    subject: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class NodeState(Base):
    """How a node was when it last said so: what the consoles of other nodes know of it."""

    __tablename__ = "node_states"

    node: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    lines: Mapped[int]
    active: Mapped[int]
    front_up: Mapped[bool]
    closed: Mapped[bool] = mapped_column(server_default=false())
    workers: Mapped[list[dict[str, Any]]] = mapped_column(Json)


class Tally(Base):
    """A count of one Hong Kong day, so that a chart reads a few rows and not all calls.

    `measure` says what is counted (`ivr.records.tallies.Measure`), `name` of what: an outcome, an
    hour, a question.
    """

    __tablename__ = "tallies"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    measure: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[float] = mapped_column(Double)


class RequestCcrn(Base):
    """Which bundle requests a CCRN was in, to find a call by it."""

    __tablename__ = "request_ccrns"

    ccrn: Mapped[str] = mapped_column(Text, primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(
        ForeignKey("bundle_requests.idempotency_key", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    )
