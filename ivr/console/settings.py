"""The calls the service places to itself."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class SelfTestSettings(BaseModel):
    """A scripted call the service places to itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every_minutes: float = Field(
        0.0, ge=0, le=1440, description="How often, beginning at the start; 0: never."
    )
    scenario: Path | None = Field(
        None, description="Scenario file; empty: one that comes with the service."
    )
    unready_after: int = Field(
        2,
        ge=0,
        le=100,
        description="So many failures in a row make the node unready; 0: none do.",
    )
