"""What a node loads once, before it forks, so that all its workers share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backend_client.settings import RocarsClientSettings
from ivr.node.scoreboard import Scoreboard
from ivr.settings.service import Settings
from prompts.library import Library
from speech.languages.language import Language
from speech.recognition.models import Model


@dataclass(frozen=True)
class SharedState:
    """Read-only after the fork, but for the scoreboard.

    Attributes:
        models: what hears each language; one that is missing is keypad only.
        rocars: how ROCARS is reached in truth; `settings.rocars`, or the embedded one.
    """

    settings: Settings
    library: Library
    scoreboard: Scoreboard
    rocars: RocarsClientSettings
    models: Mapping[Language, Model]
