"""The tables of the counts that charts are drawn from."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, Double, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ivr.records.models import Base


class Tally(Base):
    """A count of one Hong Kong day, so that a chart reads a few rows and not all calls.

    `measure` says what is counted (`ivr.records.tallies.Measure`), `name` of what: an outcome, an
    hour, a question.
    """

    __tablename__ = "tallies"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    measure: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[float] = mapped_column(Double)


class TallySum(Base):
    """The same of all languages together, written with them: most charts are of all, and of many
    days there are a quarter of the rows to read."""

    __tablename__ = "tally_sums"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    measure: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[float] = mapped_column(Double)
