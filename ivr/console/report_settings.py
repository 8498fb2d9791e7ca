"""Who gets figures by e-mail, and when."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from ivr.records.report_periods import ReportPeriod


class ReportSettings(BaseModel):
    """Figures by e-mail, as text and CSV, without personal data. Mail server and sender are those
    of `alerts`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    daily_to: tuple[str, ...] = Field(
        (), description="Who gets the figures of each day; empty: nobody."
    )
    weekly_to: tuple[str, ...] = Field(
        (), description="Who gets those of each week, Monday to Sunday."
    )
    monthly_to: tuple[str, ...] = Field((), description="Who gets those of each month.")
    hour: int = Field(
        7,
        ge=0,
        le=23,
        description="From this hour on of the day after, Hong Kong time, they are sent.",
    )

    @property
    def to(self) -> Mapping[ReportPeriod, tuple[str, ...]]:
        """Addresses by period, of the periods that somebody wants."""
        wanted = {
            ReportPeriod.DAILY: self.daily_to,
            ReportPeriod.WEEKLY: self.weekly_to,
            ReportPeriod.MONTHLY: self.monthly_to,
        }
        return {period: addresses for period, addresses in wanted.items() if addresses}
