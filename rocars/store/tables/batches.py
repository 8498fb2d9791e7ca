"""Files of many consignments: what came of each, and the CCRNs it was answered with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from rocars.store.tables.base import Base
from rocars.store.tables.cargo import Consignment
from rocars.store.tables.registration import Company


class Batch(Base):
    """One file that was taken in. `errors` are its `RowError`s, `unlisted` how many there were more
    than are kept; `sha256` is that of the file as it came."""

    __tablename__ = "batch"
    __table_args__ = (
        CheckConstraint("keep IN ('all', 'good')", name="known_keep"),
        Index("ix_batch_company_file", "company_id", "sha256"),
        Index("ix_batch_company_newest", "company_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey(Company.id))
    file_name: Mapped[str] = mapped_column(String(120))
    sha256: Mapped[str] = mapped_column(String(64))
    format: Mapped[str] = mapped_column(String(3))
    encoding: Mapped[str] = mapped_column(String(10))
    keep: Mapped[str] = mapped_column(String(4))
    rows: Mapped[int]
    lodged: Mapped[int]
    errors: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    unlisted: Mapped[int]
    taken_at: Mapped[datetime]


class BatchedConsignment(Base):
    """A consignment that came in a file: on which line, with which reference of the shipper."""

    __tablename__ = "batched_consignment"

    consignment_id: Mapped[int] = mapped_column(ForeignKey(Consignment.id), primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey(Batch.id), index=True)
    line: Mapped[int]
    reference: Mapped[str] = mapped_column(String(120), index=True)


class FileReading(Base):
    """A file that is being read, or was, and what came of it.

    The process that took the file reads it, and says at `seen_at` that it still does; `read` of
    `size` bytes are done. Of a file that was refused, `code` and `subject` say why.
    """

    __tablename__ = "file_reading"
    __table_args__ = (
        CheckConstraint("state IN ('reading', 'done', 'refused')", name="known_state"),
    )

    token: Mapped[str] = mapped_column(String(32), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey(Company.id))
    file_name: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]
    read: Mapped[int]
    rows: Mapped[int]
    begun_at: Mapped[datetime] = mapped_column(index=True)
    seen_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(7))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey(Batch.id))
    code: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(120))
