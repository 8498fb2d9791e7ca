"""What a node loads once, before it forks, so that all its workers share it."""

from __future__ import annotations

from dataclasses import dataclass

from backend_client.settings import RocarsClientSettings
from ivr.pool.scoreboard import Scoreboard
from ivr.settings import Settings
from prompts.library import Library


@dataclass(frozen=True)
class Premises:
    """Read-only after the fork, but for the scoreboard.

    Attributes:
        rocars: how ROCARS is reached in truth; `settings.rocars`, or the embedded one.
    """

    settings: Settings
    library: Library
    scoreboard: Scoreboard
    rocars: RocarsClientSettings
