"""The table of the audit log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from ground.database.instants import Instant
from ivr.records.models import Base, Json

AUDIT_KEPT = timedelta(days=730)
"""The database refuses to delete younger entries of the audit log (migration 0003)."""


class AuditEntry(Base):
    """Who did what. The database refuses to change an entry, and to delete a young one.

    Attributes:
        previous, hash: of the entry before, and of this one (`ivr.records.audit_chain`).
    """

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_who", "who", "entry_id"),
        Index("ix_audit_action", "action", "entry_id"),
        Index("ix_audit_who_action", "who", "action", "entry_id"),
    )

    entry_id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    who: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    previous: Mapped[str] = mapped_column(String(64), server_default=text("''"))
    hash: Mapped[str] = mapped_column(String(64), server_default=text("''"))
