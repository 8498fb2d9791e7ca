"""What a node loads once, before it forks, so that all its workers share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from backend_client.settings import RocarsClientSettings
from ivr.node.scoreboard import Scoreboard
from ivr.settings.service import Settings
from ivr.studio.draft_calls import DraftKey
from prompts.library import Library
from speech.languages.language import Language
from speech.recognition.models import Model


@dataclass(frozen=True)
class SharedState:
    """Read-only after the fork, except for the scoreboard.

    Attributes:
        models: the speech model of each language; a language without one is keypad only.
        rocars: how ROCARS is really reached: `settings.rocars`, or the embedded ROCARS.
        draft_key: by which test calls are known that are to hear drafts.
    """

    settings: Settings
    library: Library
    scoreboard: Scoreboard
    rocars: RocarsClientSettings
    models: Mapping[Language, Model]
    draft_key: DraftKey = field(default_factory=DraftKey)
