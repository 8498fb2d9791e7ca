"""Where the telephone in the browser is, and how much it may call."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

MOST_CALLS = 4
"""Lines of one line card."""


class HandsetSettings(BaseModel):
    """The telephone in the browser. It is there in trials only: beside `embedded_rocars` with
    `demo_data`, for browsers of the same machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(
        default=True,
        description="Offer a telephone in the browser, on loopback, while the embedded ROCARS has "
        "demonstration data.",
    )
    port: int = Field(
        default=8482, ge=1, le=65535, description="TCP port of its page, on 127.0.0.1."
    )
    calls: int = Field(
        default=2, ge=1, le=MOST_CALLS, description="Calls it places at the same time, at most."
    )
    longest_call_s: float = Field(
        default=600.0, ge=10, le=3600, description="Longest call from it, in seconds."
    )

    @property
    def host(self) -> str:
        """No setting: it shows PINs and codes, and asks nobody who they are."""
        return "127.0.0.1"
