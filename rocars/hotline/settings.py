"""How long is kept what was done through each channel, and what officers looked at."""

from __future__ import annotations

from pydantic import Field

from rocars.section import Section


class HotlineSettings(Section):
    """The enquiry hotline (that it exists is public; how its officers work is our assumption)."""

    event_days: int = Field(
        default=365,
        ge=1,
        le=3650,
        description="How long it is kept what was done through which channel.",
    )
    look_days: int = Field(
        default=730,
        ge=1,
        le=3650,
        description="How long it is kept what officers of the hotline looked at and did.",
    )
    listed: int = Field(
        default=100,
        ge=10,
        le=1000,
        description="Newest bundles, passages and events of one subject that are shown.",
    )
