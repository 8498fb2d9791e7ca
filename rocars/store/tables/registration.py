"""Registrants: companies with their signatories, drivers, and the vehicles they drive."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from rocars.store.tables.base import Base

MAX_SIGNATORIES = 4


class Company(Base):
    """A company, known by its business registration number, and who answers for it."""

    __tablename__ = "company"

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_number: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    responsible_person: Mapped[str] = mapped_column(String(120))
    signatories: Mapped[list[Signatory]] = relationship(
        order_by="Signatory.place", cascade="all, delete-orphan", lazy="selectin"
    )


class Signatory(Base):
    """An authorised message signatory; a company has up to four."""

    __tablename__ = "signatory"
    __table_args__ = (
        CheckConstraint(f"place BETWEEN 1 AND {MAX_SIGNATORIES}", name="at_most_four"),
        UniqueConstraint("company_id", "place"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    place: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))


class Driver(Base):
    """A trucker. The PIN is kept as an argon2 hash only."""

    __tablename__ = "driver"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(String(32), unique=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    name: Mapped[str] = mapped_column(String(120))
    pin_hash: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(3))


class Vehicle(Base):
    """A Hong Kong registration mark and its spelling on a telephone keypad (ITU-T E.161)."""

    __tablename__ = "vehicle"

    id: Mapped[int] = mapped_column(primary_key=True)
    mark: Mapped[str] = mapped_column(String(8), unique=True)
    keyed: Mapped[str] = mapped_column(String(8), index=True)


class DriverVehicle(Base):
    """That a driver drives a vehicle, and when they last did."""

    __tablename__ = "driver_vehicle"

    driver_id: Mapped[int] = mapped_column(ForeignKey("driver.id"), primary_key=True)
    vehicle_id: Mapped[int] = mapped_column(ForeignKey("vehicle.id"), primary_key=True, index=True)
    used_at: Mapped[datetime]
