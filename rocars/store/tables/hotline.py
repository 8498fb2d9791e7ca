"""What was done through each channel, and what officers of the hotline looked at and did."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from rocars.store.tables.base import Base


class ChannelEvent(Base):
    """Something done about a CCRN, a UBR or a user ID, through a channel.

    `about` is ccrn, ubr or user; `place` the name of the kiosk, empty elsewhere; `channel` is empty
    for what ROCARS did by itself.
    """

    __tablename__ = "channel_event"
    __table_args__ = (Index("ix_channel_event_subject", "about", "subject", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    done_at: Mapped[datetime] = mapped_column(index=True)
    channel: Mapped[str] = mapped_column(String(9))
    place: Mapped[str] = mapped_column(String(32))
    deed: Mapped[str] = mapped_column(String(16))
    about: Mapped[str] = mapped_column(String(4))
    subject: Mapped[str] = mapped_column(String(32))


class HotlineDeed(Base):
    """What an officer of the hotline looked at, was shown in clear, or did, and why."""

    __tablename__ = "hotline_deed"
    __table_args__ = (Index("ix_hotline_deed_subject", "kind", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    done_at: Mapped[datetime] = mapped_column(index=True)
    officer: Mapped[str] = mapped_column(String(20))
    deed: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(7))
    subject: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(Text)
