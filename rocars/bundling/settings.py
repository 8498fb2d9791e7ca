"""Rules of bundling."""

from __future__ import annotations

from pydantic import Field

from rocars.section import Section


class BundlingRules(Section):
    """Rules of bundling and of the crossing instruction (facts A9 to A13)."""

    ubr_digits: int = Field(
        default=10, ge=8, le=20, description="Digits of a UBR (our assumption)."
    )
    max_ccrns: int = Field(
        default=20, ge=1, le=1000, description="CCRNs in one bundle (our assumption)."
    )
    lead_minutes: int = Field(
        default=30,
        ge=0,
        le=1440,
        description="Cargo lodged for at least so long at bundling may cross at once; otherwise so "
        "long after bundling. The 30 minutes are sourced, this reading is our assumption.",
    )
    amendment_restarts_lead: bool = Field(
        default=True,
        description="An amendment counts as lodging anew for the lead (our assumption).",
    )
    unbundle_enabled: bool = Field(
        default=True,
        description="Whether drivers may unbundle by this channel (cut-off: our assumption).",
    )
    idempotency_days: int = Field(
        default=7, ge=1, le=365, description="How long the answer to an Idempotency-Key is kept."
    )
    bundles_listed: int = Field(default=10, ge=1, le=100, description="Bundles listed to a driver.")
