"""What the recording line needs of the prompt studio."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from speech.languages.language import Language


class Refusal(StrEnum):
    """Why a recording is not taken, as the caller can mend it; names of prompts."""

    NOTHING = "recording.nothing"
    DISTORTED = "recording.distorted"
    NOISY = "recording.noisy"
    QUIET = "recording.quiet"
    TOO_SHORT = "recording.too_short"
    TOO_LONG = "recording.too_long"


class NotTaken(Exception):
    """The recording is not good enough."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


class StudioLocked(Exception):
    """Too many log-ins failed."""


class StudioAway(Exception):
    """Nothing can be looked up or kept now."""


@dataclass(frozen=True)
class ClipToRecord:
    """One recording of the script.

    Attributes:
        today: what callers hear, PCM; empty where there is none.
    """

    number: str
    language: Language
    name: str
    today: bytes


class RecordingStudio(Protocol):
    """One call's share of the studio. Every method may raise StudioAway."""

    async def log_in(self, operator_id: str, pin: str) -> bool:
        """Whether this is somebody who may record. Raises StudioLocked."""

    async def clip(self, number: str, language: Language) -> ClipToRecord | None:
        """The recording with this number; None if there is none."""

    async def mended(self, clip: ClipToRecord, spoken: bytes) -> bytes:
        """What was said, as callers would hear it. Raises NotTaken."""

    async def keep(self, clip: ClipToRecord, spoken: bytes) -> None:
        """Keep what was said as a draft. Raises NotTaken."""
