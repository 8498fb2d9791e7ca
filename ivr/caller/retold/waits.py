"""How long the service waits for a caller, as far as a scenario made of a call depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ivr.dialogue.settings import DialogueSettings
from speech.recognition.settings import RecognitionSettings


@dataclass(frozen=True)
class Waits:
    """Settings of the service.

    Attributes:
        terminator_grace_s: how long a # belongs to the previous answer.
        end_of_speech_s: the longest silence after which the service answers what was said. Which
            silence that is, depends on the words that were recognised
            (`speech.recognition.ending`), and they may differ from call to call.
    """

    terminator_grace_s: float
    end_of_speech_s: float

    @classmethod
    def of(cls, dialogue: DialogueSettings, recognition: RecognitionSettings) -> Self:
        """Those of a service with these settings."""
        ends = (
            recognition.full_timeout_s,
            recognition.complete_timeout_s,
            recognition.incomplete_timeout_s,
        )
        return cls(dialogue.terminator_grace_s, max(ends))
