"""How many workers there are, and how patient the supervisor is with them."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

PUBLISHED_LINES = 4
"""Calls a worker holds with the published wheel of pjsua2. What a worker really holds it asks its
library, and the front is told; this is only for planning before the library is loaded."""

MOST_WORKERS = 128


class PoolSettings(BaseModel):
    """The pool of one node."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workers: int = Field(
        3,
        ge=1,
        le=MOST_WORKERS,
        description="Call workers. Each holds as many calls as the library allows (4 with the "
        "published wheel), so 3 workers make 12 lines.",
    )
    start_timeout_s: float = Field(
        20.0, gt=0, le=300, description="A worker that is not ready by then is replaced."
    )
    heartbeat_timeout_s: float = Field(
        8.0, gt=1, le=120, description="A worker silent for longer is killed and replaced."
    )
    drain_deadline_s: float = Field(
        180.0,
        ge=0,
        le=3600,
        description="SIGTERM: running calls may go on for so long; then they are told and ended.",
    )
    recovery_after_s: float = Field(
        30.0,
        ge=5,
        le=3600,
        description="A request to ROCARS whose end nobody knows is settled when it is so old; "
        "never before the client's own budget (rocars.budget_s) is over.",
    )
    restart_pause_s: float = Field(
        0.2,
        ge=0,
        le=10,
        description="Pause before a dead worker is replaced; doubled while it keeps dying.",
    )
    restart_pause_max_s: float = Field(
        10.0, gt=0, le=300, description="Longest pause between two replacements of one worker."
    )

    def with_lines(self, lines: int) -> Self:
        """These settings with as many workers as `lines` need with the published library."""
        return self.model_copy(update={"workers": -(-lines // PUBLISHED_LINES)})
