"""Accounts of the web portal, and who is logged in to it. No secret is kept in clear."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ground.web.sessions import SessionColumns
from rocars.store.tables.base import Base
from rocars.store.tables.registration import Company, Driver


class WebAccount(Base):
    """Whoever logs in to the portal: a shipper of a company, or a driver of it.

    The user ID of a driver's account is that of the driver. The password is kept as an argon2 hash.
    `first_password_at` is when a password was handed over that is still to be changed.
    """

    __tablename__ = "web_account"
    __table_args__ = (
        CheckConstraint("role IN ('shipper', 'driver')", name="known_role"),
        CheckConstraint("(role = 'driver') = (driver_id IS NOT NULL)", name="driver_is_driver"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(String(32), unique=True)
    role: Mapped[str] = mapped_column(String(7))
    company_id: Mapped[int] = mapped_column(ForeignKey(Company.id))
    driver_id: Mapped[int | None] = mapped_column(ForeignKey(Driver.id), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    first_password_at: Mapped[datetime | None]


class WebSession(SessionColumns, Base):
    """Somebody logged in. `code_until` is how long the driver's one-time code opens bundling;
    `notices` are to be said on the next page, whichever node makes it."""

    __tablename__ = "web_session"

    account_id: Mapped[int] = mapped_column(ForeignKey(WebAccount.id), index=True)
    code_until: Mapped[datetime | None] = mapped_column(sort_order=4)
    notices: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON, sort_order=5)
