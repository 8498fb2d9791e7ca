"""How far people got in the courses. What they lodge and bundle there is in a database of its
own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from rocars.store.tables.base import Base
from rocars.store.tables.registration import Driver
from rocars.store.tables.web import WebAccount


class CourseTaken(Base):
    """Somebody's course, on the web or at kiosks. `steps` has, by name, when each was done
    (ISO 8601).

    `ccrn` and `board` are what the later steps are about: a number of the training ground, and what
    its board showed.
    """

    __tablename__ = "course_taken"
    __table_args__ = (CheckConstraint("place IN ('web', 'kiosk')", name="known_place"),)

    account_id: Mapped[int] = mapped_column(ForeignKey(WebAccount.id), primary_key=True)
    place: Mapped[str] = mapped_column(String(5), primary_key=True, server_default="web")
    begun_at: Mapped[datetime]
    steps: Mapped[dict[str, str]] = mapped_column(JSON)
    ccrn: Mapped[str] = mapped_column(String(20))
    board: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class Rehearsed(Base):
    """What was done on the practice line of the telephone with the user ID of a driver. `steps`
    has, by name, when each was done first (ISO 8601)."""

    __tablename__ = "rehearsed"

    driver_id: Mapped[int] = mapped_column(ForeignKey(Driver.id), primary_key=True)
    begun_at: Mapped[datetime]
    steps: Mapped[dict[str, str]] = mapped_column(JSON)
