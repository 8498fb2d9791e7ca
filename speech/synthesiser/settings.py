"""Voices of the synthesiser."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from speech.language import Language


@dataclass(frozen=True)
class Voice:
    """One voice of espeak-ng, and its speed."""

    name: str
    words_per_minute: int


class SynthesiserSettings(BaseModel):
    """Which voice speaks which language, and how long it may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cantonese_voice: str = Field(
        default="sit/yue", min_length=1, description="espeak-ng voice of Cantonese."
    )
    putonghua_voice: str = Field(
        default="sit/cmn-latn-pinyin",
        min_length=1,
        description="espeak-ng voice of Putonghua; Debian 12's `sit/cmn` reads characters wrongly.",
    )
    english_voice: str = Field(
        default="gmw/en", min_length=1, description="espeak-ng voice of English."
    )
    words_per_minute: int = Field(default=150, ge=80, le=400, description="Speed of speech.")
    timeout_s: float = Field(
        default=4.0, gt=0, le=60, description="One text slower than this has failed, seconds."
    )

    def voice(self, language: Language) -> Voice:
        name = {
            Language.CANTONESE: self.cantonese_voice,
            Language.PUTONGHUA: self.putonghua_voice,
            Language.ENGLISH: self.english_voice,
        }[language]
        return Voice(name, self.words_per_minute)
