"""What reports by e-mail are of."""

from __future__ import annotations

from enum import StrEnum


class ReportPeriod(StrEnum):
    """Days of Hong Kong."""

    DAILY = "daily"
    WEEKLY = "weekly"  # Monday to Sunday
    MONTHLY = "monthly"
