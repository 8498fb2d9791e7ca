"""The table of reports by e-mail: one row for each that is due, whoever sends it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ground.database.instants import Instant
from ivr.records.models import Base, as_text
from ivr.records.report_periods import ReportPeriod


class Report(Base):
    """One report, until it is sent or given up.

    Attributes:
        first, last: the days of Hong Kong that it is of.
        try_at: not before; while somebody sends it, when it is free again; None: no more.
        failure: why the last try failed.
    """

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("period", "first"),)

    report_id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[ReportPeriod] = mapped_column(as_text(ReportPeriod))
    first: Mapped[date] = mapped_column(Date)
    last: Mapped[date] = mapped_column(Date)
    made_at: Mapped[datetime] = mapped_column(Instant)
    tries: Mapped[int]
    try_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    failure: Mapped[str] = mapped_column(Text)
