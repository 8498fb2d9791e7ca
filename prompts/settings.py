"""Where recordings are, and how an utterance is put together."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from speech.synthesiser.settings import SynthesiserSettings
from speech.voices.settings import VoiceSettings


class TakeSettings(BaseModel):
    """What a new recording must be like to be taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    largest_mb: float = Field(
        20.0, gt=0, le=200, description="Largest file of one recording, megabytes."
    )
    longest_s: float = Field(120.0, gt=1, le=600, description="Longest recording, seconds.")
    least_snr_db: float = Field(
        10.0, ge=0, le=60, description="Least distance of speech from the noise in it, dB."
    )
    least_share: float = Field(
        0.4, ge=0, le=1, description="Shortest take, as a share of the recording it replaces."
    )
    most_share: float = Field(
        2.5, ge=1, le=20, description="Longest take, as a share of the recording it replaces."
    )


class PromptSettings(BaseModel):
    """Prompts and their recordings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    recordings: Path | None = Field(
        None, description="Directory of recordings; empty: those that come with the service."
    )
    cache: Path | None = Field(
        None,
        description="Directory of what was synthesised because it has no recording; "
        "empty: `synthesised` in the data directory.",
    )
    loudness_lufs: float = Field(
        -20.0, ge=-40, le=-10, description="Loudness every recording is brought to (EBU R 128)."
    )
    unit_gap_ms: int = Field(40, ge=0, le=1000, description="Pause between two digits or letters.")
    group_gap_ms: int = Field(
        300, ge=0, le=2000, description="Pause between two groups of a number."
    )
    item_gap_ms: int = Field(600, ge=0, le=3000, description="Pause between two references.")
    slot_gap_ms: int = Field(
        80, ge=0, le=2000, description="Pause where a text meets what fills its slot."
    )
    comma_gap_ms: int = Field(
        200, ge=0, le=2000, description="The same after a comma, colon or full stop."
    )
    phrase_gap_ms: int = Field(220, ge=0, le=3000, description="Pause between two phrases.")
    takes: TakeSettings = Field(
        default_factory=lambda: TakeSettings.model_validate({}),
        description="What a new recording must be like.",
    )
    synthesiser: SynthesiserSettings = Field(
        default_factory=lambda: SynthesiserSettings.model_validate({}),
        description="espeak-ng, which speaks what no other voice can.",
    )
    voices: VoiceSettings = Field(
        default_factory=lambda: VoiceSettings.model_validate({}),
        description="Voices that make recordings, and speak what has none.",
    )
