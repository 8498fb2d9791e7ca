"""The tables of the operators' console: people, their sessions and deeds, prompt versions, orders
to running calls, and the counts that charts are drawn from."""

from __future__ import annotations

from datetime import date, datetime, timedelta
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
    select,
    text,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column

from ground.database.instants import Instant
from ground.web.sessions import SessionColumns
from ivr.records.models import Base, Json, as_text
from ivr.records.passkey_tables import Passkey
from ivr.records.roles import Role

AUDIT_KEPT = timedelta(days=730)
"""The database refuses to delete younger entries of the audit log (migration 0003)."""


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
    """

    __tablename__ = "web_sessions"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.person_id", ondelete="CASCADE"), index=True
    )
    address: Mapped[str] = mapped_column(Text, server_default=text("''"))
    agent: Mapped[str] = mapped_column(Text, server_default=text("''"))


class AuditEntry(Base):
    """Who did what. The database refuses to change an entry, and to delete a young one.

    Attributes:
        previous, hash: of the entry before, and of this one (`ivr.records.audit_chain`).
    """

    __tablename__ = "audit"

    entry_id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    who: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    previous: Mapped[str] = mapped_column(String(64), server_default=text("''"))
    hash: Mapped[str] = mapped_column(String(64), server_default=text("''"))


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
        batch: the set it came with.
        release_id: the set it goes live with.
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
    made_at: Mapped[datetime] = mapped_column(Instant)
    note: Mapped[str] = mapped_column(Text)
    reviewed_by: Mapped[str | None] = mapped_column(Text)
    reviewed_at: Mapped[datetime | None] = mapped_column(Instant)
    live_from: Mapped[datetime | None] = mapped_column(Instant)
    was_live_at: Mapped[datetime | None] = mapped_column(Instant)
    retired_by: Mapped[str | None] = mapped_column(Text)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)
    batch: Mapped[str | None] = mapped_column(String(36), index=True)
    release_id: Mapped[int | None] = mapped_column(index=True)


class Release(Base):
    """A set of versions that go live, wait for their day and are rolled back as one. How far it is
    stands in its versions."""

    __tablename__ = "releases"

    release_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Instant)


class WentLive(Base):
    """That a version went live, in the order in which they did: what a roll back goes back along.

    Attributes:
        undone: it was rolled back from.
    """

    __tablename__ = "went_live"
    __table_args__ = (Index("ix_went_live_clip", "language", "clip"),)

    went_id: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(String(8))
    clip: Mapped[str] = mapped_column(Text)
    version_id: Mapped[int] = mapped_column(ForeignKey("prompt_versions.version_id"))
    undone: Mapped[bool] = mapped_column(server_default=false())


class AtPrompt(Base):
    """Somebody has the page of a prompt open, as that page says every few seconds."""

    __tablename__ = "at_prompt"

    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    clip: Mapped[str] = mapped_column(Text, primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.person_id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime] = mapped_column(Instant)


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
    at: Mapped[datetime] = mapped_column(Instant)
    taken_at: Mapped[datetime | None] = mapped_column(Instant)


class NodeState(Base):
    """How a node was when it last said so: what the consoles of other nodes know of it.

    Attributes:
        overload: why it took no new calls (`ivr.observe.strain.Cause`), empty when it did.
        holder: data folder of the service that has the name (`ivr.records.node_name`); empty when
            it has left.
        whereabouts: the same for people.
    """

    __tablename__ = "node_states"

    node: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    lines: Mapped[int]
    active: Mapped[int]
    front_up: Mapped[bool]
    closed: Mapped[bool] = mapped_column(server_default=false())
    overload: Mapped[str] = mapped_column(Text, server_default=text("''"))
    workers: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    holder: Mapped[str] = mapped_column(Text, server_default=text("''"))
    whereabouts: Mapped[str] = mapped_column(Text, server_default=text("''"))


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


class AnnouncementKind(StrEnum):
    """Why an announcement of the day is made."""

    EMERGENCY = "emergency"  # said first, and cut short by no key
    CLOSURE = "closure"
    MAINTENANCE = "maintenance"


class AnnouncementPlace(StrEnum):
    """Where in the call it is said."""

    BEFORE = "before_the_greeting"
    INSTEAD = "instead_of_the_greeting"
    CLOSING = "the_call_ends_with_it"


class Announcement(Base):
    """What callers hear at the beginning of their call, for a time. It is ended, never changed.

    Attributes:
        words: by language tag, as spoken.
        ends_at: when it is no longer said, if nobody ends it before.
    """

    __tablename__ = "announcements"

    announcement_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[AnnouncementKind] = mapped_column(as_text(AnnouncementKind))
    place: Mapped[AnnouncementPlace] = mapped_column(as_text(AnnouncementPlace))
    words: Mapped[dict[str, str]] = mapped_column(Json)
    begins_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant, index=True)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Instant)
    ended_by: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
