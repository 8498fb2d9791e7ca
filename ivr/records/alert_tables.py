"""The tables of alerts, and of the messages that tell people of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from ground.database.instants import Instant
from ivr.records.alert_kinds import AlertEvent, AlertKind, Channel
from ivr.records.models import Base, Json, as_text


class Alert(Base):
    """One thing that is or was wrong.

    Attributes:
        subject: a node's name; empty for the whole service.
        text: the words, in English, with places for `figures` (`ground.sentence.Sentence`).
        told_at: when people were last to be told.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        Index(
            "ix_alerts_one_open",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("over_at IS NULL"),
            postgresql_where=text("over_at IS NULL"),
        ),
    )

    alert_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[AlertKind] = mapped_column(as_text(AlertKind))
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column("told", Text)
    figures: Mapped[dict[str, Any]] = mapped_column(Json)
    since: Mapped[datetime] = mapped_column(Instant)
    told_at: Mapped[datetime] = mapped_column(Instant)
    over_at: Mapped[datetime | None] = mapped_column(Instant, index=True)


class AlertMessage(Base):
    """One message about an alert, until it is sent or given up.

    Attributes:
        try_at: not before; while somebody sends it, when it is free again.
        failure: why the last try failed.
    """

    __tablename__ = "alert_messages"

    message_id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(
        ForeignKey("alerts.alert_id", ondelete="CASCADE"), index=True
    )
    channel: Mapped[Channel] = mapped_column(as_text(Channel))
    event: Mapped[AlertEvent] = mapped_column(as_text(AlertEvent))
    made_at: Mapped[datetime] = mapped_column(Instant)
    tries: Mapped[int]
    try_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    failure: Mapped[str] = mapped_column(Text)
