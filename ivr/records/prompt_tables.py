"""The tables of recordings: their versions, releases and numbers, and who has one open."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
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

from ground.database.instants import Instant
from ivr.records.models import Base, as_text
from ivr.records.people_tables import Person


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
        ForeignKey(Person.person_id, ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime] = mapped_column(Instant)


class ClipNumber(Base):
    """The number an operator keys to name a clip on the telephone; given once, for good."""

    __tablename__ = "clip_numbers"

    clip: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
