"""How callers are heard."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from speech.languages.language import Language


class RecognitionSettings(BaseModel):
    """Which model hears which language, and how long the service lets a caller pause.

    *completetimeout* and *incompletetimeout* are those of VoiceXML 2.1, 6.3.2.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(True, description="Whether callers can speak; if not, keys alone.")
    models: dict[Language, Path] = Field(
        {},
        description='Vosk model directories by language, such as `{ en = "/srv/model" }`; their '
        "words must be those of the grammars. A folder `numbers` in one is a model for questions "
        "whose answer is a number. A language not named has the one that comes along.",
    )
    cantonese_model: Path | None = Field(None, description="The older name of `models.yue`.")
    putonghua_model: Path | None = Field(None, description="The older name of `models.cmn`.")
    english_model: Path | None = Field(None, description="The older name of `models.en`.")
    complete_timeout_s: float = Field(
        0.5, ge=0.1, le=5, description="Silence that ends what could be a whole answer."
    )
    full_timeout_s: float = Field(
        0.3, ge=0.1, le=5, description="Silence that ends an answer that nothing can follow."
    )
    incomplete_timeout_s: float = Field(
        2.0, ge=0.2, le=10, description="Silence that ends what is no whole answer yet."
    )
    longest_s: float = Field(30.0, ge=2, le=120, description="Longest answer that is listened to.")
    least_confidence: float = Field(
        0.6,
        ge=0,
        le=1,
        description="An answer less sure than this is asked for again; 1 is certainty.",
    )
    alternatives: int = Field(
        10, ge=1, le=50, description="Readings of an answer that are weighed against each other."
    )
    stall_s: float = Field(
        2.0, gt=0, le=30, description="A recogniser that takes longer is given up for this call."
    )
    speech_dbfs: float = Field(
        -45.0, ge=-70, le=-10, description="Sound below this level is never taken for speech."
    )
    echo_db: float = Field(
        17.0,
        ge=0,
        le=40,
        description="While a prompt plays, sound is speech only if it is at most so much softer "
        "than the prompt: what comes back of the prompt itself is softer.",
    )
    threads: int = Field(
        2, ge=1, le=16, description="Recognisers of one worker that may work at the same time."
    )

    @property
    def _older(self) -> dict[Language, Path | None]:
        return {
            Language.CANTONESE: self.cantonese_model,
            Language.PUTONGHUA: self.putonghua_model,
            Language.ENGLISH: self.english_model,
        }

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        for language, directory in self._older.items():
            if directory is not None and self.models.get(language, directory) != directory:
                raise ValueError(f"expected models.{language} or its older name, not both")
        return self

    def model_directory(self, language: Language) -> Path:
        configured = self.models.get(language) or self._older.get(language)
        return configured or Path(__file__).parents[1] / "models" / language
