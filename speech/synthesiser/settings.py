"""Voices of the synthesiser."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from speech.language import Language


class Voice(BaseModel):
    """One voice of espeak-ng and how it speaks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="Voice of espeak-ng, such as `sit/yue`.")
    words_per_minute: int = Field(150, ge=80, le=400, description="Speed of speech.")


class SynthesiserSettings(BaseModel):
    """Which voice speaks which language, and how long it may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cantonese: Voice = Field(
        Voice(name="sit/yue", words_per_minute=150), description="Voice of Cantonese."
    )
    putonghua: Voice = Field(
        Voice(name="sit/cmn-latn-pinyin", words_per_minute=150),
        description="Voice of Putonghua; `sit/cmn` of Debian 12 reads characters wrongly.",
    )
    english: Voice = Field(
        Voice(name="gmw/en", words_per_minute=150), description="Voice of English."
    )
    timeout_s: float = Field(
        4.0, gt=0, le=60, description="One text slower than this has failed, seconds."
    )

    def voice(self, language: Language) -> Voice:
        return {
            Language.CANTONESE: self.cantonese,
            Language.PUTONGHUA: self.putonghua,
            Language.ENGLISH: self.english,
        }[language]
