"""Which voice speaks which language, and where voices find what they need."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from speech.languages.language import Language

OF_RECORDINGS = {
    Language.CANTONESE: "cantonese",
    Language.PUTONGHUA: "kokoro",
    Language.ENGLISH: "kokoro",
}
"""The voices that made the included recordings, by language."""

EVERYWHERE = "espeak-ng"
"""The voice that speaks what no other voice can."""


class VoiceSettings(BaseModel):
    """Voices that make recordings and stand in for them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by_language: dict[Language, str] = Field(
        default={},
        description="Voice by language: `espeak-ng`, `kokoro`, `cantonese` or `wyoming`. A "
        "language not named has that of its recordings: "
        + ", ".join(f"`{voice}` ({tag})" for tag, voice in OF_RECORDINGS.items())
        + ".",
    )
    files: Path = Field(
        default=Path("var/voices"),
        description="Folder of the voices' model files, as `make voices` fetches them.",
    )
    wyoming: str = Field(
        default="tcp://127.0.0.1:10200",
        pattern=r"^tcp://[^/]+:\d+$",
        description="Address of a Wyoming server, for the voice `wyoming`.",
    )
    timeout_s: float = Field(
        default=20.0, gt=0, le=600, description="A Wyoming server slower than this has failed."
    )
    patience_s: float = Field(
        default=2.0,
        ge=0,
        le=20,
        description="So long a caller waits for the voice of the recordings where one is missing, "
        "seconds; then espeak-ng speaks.",
    )
    longest_s: float = Field(
        default=60.0,
        gt=0,
        le=600,
        description="So long that voice may go on, for the next caller, seconds.",
    )

    def voice(self, language: Language) -> str:
        """The name of a language's voice."""
        return self.by_language.get(language, OF_RECORDINGS.get(language, EVERYWHERE))
