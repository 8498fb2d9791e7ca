"""The operators' console, and the calls the service places to itself."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class ConsoleSettings(BaseModel):
    """The operators' web pages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    public_url: str = Field(
        "",
        pattern=r"^$|^https?://[^\s/]+/?$",
        description="How browsers reach the console, as `https://console.example.hk`, where a "
        "proxy with TLS stands before it; makes cookies Secure. Empty: as it is asked.",
    )
    session_hours: float = Field(
        12.0, gt=0, le=168, description="Longest time between two log-ins, hours."
    )
    idle_minutes: float = Field(
        60.0, gt=0, le=1440, description="A session nobody uses ends after so long."
    )
    logins_per_minute: int = Field(
        10, ge=1, le=1000, description="Log-ins tried from one address; more are turned away."
    )
    largest_set_mb: float = Field(
        200.0, gt=1, le=2000, description="Largest zip of recordings, megabytes."
    )


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
