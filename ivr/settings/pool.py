"""The number of workers, and the time-outs of the supervisor for them."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ivr.settings.overload import OverloadSettings

PUBLISHED_LINES = 4
"""Calls that a line card holds with the published wheel of pjsua2. The real number is asked from
the library and given to the front; this one is only for planning before the library is loaded."""

MOST_CARDS = 128
CARDS_A_WORKER = 12
"""The most line cards that `with_lines` gives a worker. A further worker costs the memory and
wake-ups of a process; a further card means more calls lost when a worker dies."""

FEWEST_WORKERS = 2
"""`with_lines` shares the line cards among at least so many workers, so that one of them can
die."""


class PoolSettings(BaseModel):
    """The pool of one node."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workers: int = Field(
        3,
        ge=1,
        le=MOST_CARDS,
        description="Call workers, processes of their own: one that dies takes its calls with it.",
    )
    cards_per_worker: int = Field(
        1,
        ge=1,
        le=16,
        description="Line cards of each worker: copies of the SIP library, each with a SIP port "
        "and as many lines as the library allows (4 with the published wheel). 3 workers of one "
        "card make 12 lines.",
    )
    start_timeout_s: float = Field(
        60.0, gt=0, le=300, description="A worker that is not ready by then is replaced."
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

    nice: int = Field(
        -10,
        ge=-20,
        le=0,
        description="Priority of what carries calls (supervisor, SIP front, call workers), see "
        "nice(2); below 0 only where the system permits it. What does not carry calls is always "
        "put behind.",
    )
    overload: OverloadSettings = Field(default_factory=lambda: OverloadSettings.model_validate({}))

    def with_lines(self, lines: int) -> Self:
        """These settings with as many workers and cards as `lines` need, or a few more."""
        cards = -(-lines // PUBLISHED_LINES)
        workers = min(cards, max(FEWEST_WORKERS, -(-cards // CARDS_A_WORKER)))
        return self.model_copy(
            update={"workers": workers, "cards_per_worker": -(-cards // workers)}
        )

    @property
    def cards(self) -> int:
        """Line cards of the node."""
        return self.workers * self.cards_per_worker

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if self.cards > MOST_CARDS:
            raise ValueError(f"expected workers * cards_per_worker not above {MOST_CARDS}")
        return self
