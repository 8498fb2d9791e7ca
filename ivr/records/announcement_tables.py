"""The table of announcements of the day."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from ground.database.instants import Instant
from ivr.records.models import Base, Json, as_text


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
