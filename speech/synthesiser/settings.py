"""Voices of the synthesiser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from speech.languages.language import Language
from speech.languages.registry import LANGUAGES

VoiceName = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True)
class Voice:
    """One voice of espeak-ng, and its speed."""

    name: str
    words_per_minute: int


class SynthesiserSettings(BaseModel):
    """Which voice speaks which language, and how long it may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    voices: dict[Language, VoiceName] = Field(
        default={},
        description='espeak-ng voices by language, such as `{ en = "gmw/en-US" }`. A language not '
        "named has "
        + ", ".join(f"`{known.voice}` ({tag})" for tag, known in LANGUAGES.items())
        + ".",
    )
    cantonese_voice: VoiceName | None = Field(
        default=None, description="The older name of `voices.yue`."
    )
    putonghua_voice: VoiceName | None = Field(
        default=None, description="The older name of `voices.cmn`."
    )
    english_voice: VoiceName | None = Field(
        default=None, description="The older name of `voices.en`."
    )
    words_per_minute: int = Field(default=150, ge=80, le=400, description="Speed of speech.")
    timeout_s: float = Field(
        default=4.0, gt=0, le=60, description="One text slower than this has failed, seconds."
    )

    @property
    def _older(self) -> dict[Language, str | None]:
        return {
            Language.CANTONESE: self.cantonese_voice,
            Language.PUTONGHUA: self.putonghua_voice,
            Language.ENGLISH: self.english_voice,
        }

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        for language, name in self._older.items():
            if name is not None and self.voices.get(language, name) != name:
                raise ValueError(f"expected voices.{language} or its older name, not both")
        return self

    def voice(self, language: Language) -> Voice:
        name = self.voices.get(language) or self._older.get(language) or LANGUAGES[language].voice
        return Voice(name, self.words_per_minute)
