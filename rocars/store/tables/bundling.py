"""Bundles of cargo and vehicle, and the answers given under an Idempotency-Key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from rocars.store.tables.base import Base
from rocars.store.tables.cargo import Consignment
from rocars.store.tables.registration import Driver


class Bundle(Base):
    """Cargo and vehicle under one unique bundling reference (UBR).

    `state` is live, unbundled, crossed or expired; a live one past `expires_at` counts as expired.
    """

    __tablename__ = "bundle"
    __table_args__ = (
        CheckConstraint("state IN ('live', 'unbundled', 'crossed', 'expired')", name="known_state"),
        Index("ix_bundle_driver_newest", "driver_id", "bundled_at"),
        Index("ix_bundle_mark_newest", "mark", "id"),
        Index(
            "ix_bundle_live_mark",
            "mark",
            sqlite_where=text("state = 'live'"),
            postgresql_where=text("state = 'live'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ubr: Mapped[str] = mapped_column(String(20), unique=True)
    driver_id: Mapped[int] = mapped_column(ForeignKey(Driver.id))
    mark: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(9), default="live")
    bundled_at: Mapped[datetime]
    immediately: Mapped[bool]
    cross_from: Mapped[datetime]
    expires_at: Mapped[datetime]
    crossed_at: Mapped[datetime | None]
    control_point: Mapped[str | None] = mapped_column(String(8))
    cargo: Mapped[list[BundledCargo]] = relationship(
        order_by="BundledCargo.place", lazy="selectin", cascade="all, delete-orphan"
    )


class BundledCargo(Base):
    """A consignment in a bundle. The database itself admits one live bundle per consignment."""

    __tablename__ = "bundled_cargo"
    __table_args__ = (
        UniqueConstraint("bundle_id", "consignment_id"),
        Index(
            "one_live_bundle_per_consignment",
            "consignment_id",
            unique=True,
            sqlite_where=text("live"),
            postgresql_where=text("live"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    bundle_id: Mapped[int] = mapped_column(ForeignKey("bundle.id"))
    consignment_id: Mapped[int] = mapped_column(ForeignKey(Consignment.id), index=True)
    place: Mapped[int]
    live: Mapped[bool]
    consignment: Mapped[Consignment] = relationship(lazy="joined", innerjoin=True)


class IdempotentAnswer(Base):
    """What was answered to a driver's Idempotency-Key; written in the transaction of the operation.

    `request_hash` is the SHA-256 of operation and body.
    """

    __tablename__ = "idempotent_answer"

    driver_id: Mapped[int] = mapped_column(ForeignKey(Driver.id), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    answered_at: Mapped[datetime] = mapped_column(index=True)
