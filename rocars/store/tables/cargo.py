"""Consignments, as shippers lodge them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from rocars.store.tables.base import Base
from rocars.store.tables.registration import Company


class Consignment(Base):
    """One consignment: the eight mandatory data items, and the optional ones."""

    __tablename__ = "consignment"
    __table_args__ = (
        CheckConstraint("direction IN ('inbound', 'outbound')", name="known_direction"),
        CheckConstraint("packages > 0", name="some_packages"),
        Index("ix_consignment_company_newest", "company_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ccrn: Mapped[str] = mapped_column(String(20), unique=True)
    company_id: Mapped[int] = mapped_column(ForeignKey(Company.id))
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
    withdrawn_at: Mapped[datetime | None]


class ConsignmentChange(Base):
    """What was done to a consignment after it was lodged.

    `changes` has, by item, what was there before and what is there now; `done_by` is the user ID of
    the account or the ID of the company's API key, empty for the key of all shippers' systems.
    """

    __tablename__ = "consignment_change"
    __table_args__ = (CheckConstraint("deed IN ('amended', 'withdrawn')", name="known_deed"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    consignment_id: Mapped[int] = mapped_column(ForeignKey(Consignment.id), index=True)
    done_at: Mapped[datetime]
    done_by: Mapped[str] = mapped_column(String(32))
    deed: Mapped[str] = mapped_column(String(9))
    changes: Mapped[dict[str, list[Any]]] = mapped_column(JSON)


class LodgingKey(Base):
    """That a form was sent, and what was lodged for it: sent again, it lodges nothing more."""

    __tablename__ = "lodging_key"

    company_id: Mapped[int] = mapped_column(ForeignKey(Company.id), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    consignment_id: Mapped[int] = mapped_column(ForeignKey(Consignment.id))


class KeptForm(Base):
    """A form of a consignment as it was filled in, right or wrong: a draft, to be lodged once, or a
    template. `items` are the texts of its fields, by name."""

    __tablename__ = "kept_form"
    __table_args__ = (CheckConstraint("kind IN ('draft', 'template')", name="known_kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey(Company.id), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(60))
    items: Mapped[dict[str, str]] = mapped_column(JSON)
    kept_by: Mapped[str] = mapped_column(String(32))
    kept_at: Mapped[datetime]
