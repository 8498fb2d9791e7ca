"""Consignments, as shippers lodge them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from rocars.tables.base import Base


class Consignment(Base):
    """One consignment: the eight mandatory data items, and the optional ones."""

    __tablename__ = "consignment"
    __table_args__ = (
        CheckConstraint("direction IN ('inbound', 'outbound')", name="known_direction"),
        CheckConstraint("packages > 0", name="some_packages"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ccrn: Mapped[str] = mapped_column(String(20), unique=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    direction: Mapped[str] = mapped_column(String(8))
    packages: Mapped[int]
    package_description: Mapped[str] = mapped_column(Text)
    articles: Mapped[str] = mapped_column(Text)
    consignor_name: Mapped[str] = mapped_column(Text)
    consignor_address: Mapped[str] = mapped_column(Text)
    consignee_name: Mapped[str] = mapped_column(Text)
    consignee_address: Mapped[str] = mapped_column(Text)
    expected_date: Mapped[date]
    container_numbers: Mapped[list[str]] = mapped_column(JSON)
    licence_numbers: Mapped[list[str]] = mapped_column(JSON)
    transhipment: Mapped[bool]
    lodged_at: Mapped[datetime]
    amended_at: Mapped[datetime | None]
    crossed_at: Mapped[datetime | None]
