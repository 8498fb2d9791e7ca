"""At the boundary: lanes, what cameras read, passages, examinations, and officers' decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from rocars.store.tables.base import Base


class LaneState(Base):
    """Whether a lane of the settings is open. Its row is locked while something is decided in the
    lane, so that of two readings at a time the second sees what the first led to."""

    __tablename__ = "lane_state"

    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    is_open: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(500))
    changed_at: Mapped[datetime]


class Passage(Base):
    """One vehicle in one lane, and what it was last instructed to do.

    `crossed` is true when it passed the boundary, `resolved_at` when nothing more is to be decided.
    `ubrs` are the bundles that were found for it; those of a passage that crossed, crossed with it.
    """

    __tablename__ = "passage"
    __table_args__ = (
        CheckConstraint("direction IN ('inbound', 'outbound')", name="known_direction"),
        Index("ix_passage_lane_newest", "lane", "id"),
        Index("ix_passage_of_vehicle", "mark", "direction", "resolved_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lane: Mapped[str] = mapped_column(String(16))
    control_point: Mapped[str] = mapped_column(String(8))
    direction: Mapped[str] = mapped_column(String(8))
    mark: Mapped[str | None] = mapped_column(String(8))
    instruction: Mapped[str] = mapped_column(String(20))
    cause: Mapped[str] = mapped_column(String(20))
    ubrs: Mapped[list[str]] = mapped_column(JSON)
    cross_from: Mapped[datetime | None]
    unladen: Mapped[bool]
    crossed: Mapped[bool]
    decided_at: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    resolved_at: Mapped[datetime | None]


class PlateReading(Base):
    """What a camera posted, under its own Idempotency-Key."""

    __tablename__ = "plate_reading"
    __table_args__ = (UniqueConstraint("lane", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lane: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(128))
    request_hash: Mapped[str] = mapped_column(String(64))
    plate: Mapped[str] = mapped_column(String(32))
    confidence: Mapped[float]
    alternatives: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    taken_at: Mapped[datetime]
    received_at: Mapped[datetime]
    passage_id: Mapped[int] = mapped_column(ForeignKey(Passage.id), index=True)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)


class ReadingPicture(Base):
    """The picture of a reading, kept for a time of its own."""

    __tablename__ = "reading_picture"

    reading_id: Mapped[int] = mapped_column(ForeignKey(PlateReading.id), primary_key=True)
    content_type: Mapped[str] = mapped_column(String(20))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    taken_at: Mapped[datetime] = mapped_column(index=True)


class UnladenDeclaration(Base):
    """The button on an all-in-one panel was pressed; without a passage it waits for a reading."""

    __tablename__ = "unladen_declaration"
    __table_args__ = (UniqueConstraint("lane", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lane: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(128))
    declared_at: Mapped[datetime]
    result: Mapped[str] = mapped_column(String(10))
    passage_id: Mapped[int | None] = mapped_column(ForeignKey(Passage.id), index=True)


class RiskProfile(Base):
    """Officers' conditions, all of which must hold. `scope` is laden, unladen or both."""

    __tablename__ = "risk_profile"
    __table_args__ = (CheckConstraint("scope IN ('laden', 'unladen', 'both')", name="known_scope"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    scope: Mapped[str] = mapped_column(String(8))
    conditions: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime] = mapped_column(index=True)
    made_by: Mapped[str] = mapped_column(String(20))
    made_at: Mapped[datetime]
    withdrawn_by: Mapped[str | None] = mapped_column(String(20))
    withdrawn_at: Mapped[datetime | None]


class ProfileHit(Base):
    """That a profile held of a passage."""

    __tablename__ = "profile_hit"

    profile_id: Mapped[int] = mapped_column(ForeignKey(RiskProfile.id), primary_key=True)
    passage_id: Mapped[int] = mapped_column(ForeignKey(Passage.id), primary_key=True, index=True)


class BoundaryDeed(Base):
    """What an officer or the administration did at the boundary, and why."""

    __tablename__ = "boundary_deed"

    id: Mapped[int] = mapped_column(primary_key=True)
    done_at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str] = mapped_column(String(20))
    deed: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(Text)
