"""Log-in, lock-out and session."""

from __future__ import annotations

from pydantic import Field

from rocars.section import Section


class LoginRules(Section):
    """Log-in, lock-out and session (facts A5, A7)."""

    pin_required: bool = Field(
        default=True, description="Whether the telephone PIN is asked as well (our assumption)."
    )
    max_failures: int = Field(
        default=5,
        ge=1,
        le=100,
        description="Failures of one user ID before it is locked (OGCIO G3: five).",
    )
    lock_minutes: int = Field(
        default=30, ge=1, le=10_080, description="How long a user ID stays locked (our assumption)."
    )
    reset_minutes: int = Field(
        default=30,
        ge=1,
        le=10_080,
        description="Failures are forgotten after so long (our assumption).",
    )
    session_minutes: int = Field(
        default=30, ge=1, le=1440, description="How long a log-in lasts (our assumption)."
    )


class WebSessionRules(Section):
    """How long a log-in to the web portal lasts."""

    session_hours: float = Field(
        default=12.0, gt=0, le=168, description="Longest log-in to the portal, hours."
    )
    idle_minutes: float = Field(
        default=30.0, gt=0, le=1440, description="It ends so long after the last page, minutes."
    )
