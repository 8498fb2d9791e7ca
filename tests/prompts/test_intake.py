"""How long a recording may be: by what is heard today and the words, never by a draft."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np
import pytest
import soundfile

from ivr.records.prompt_tables import PromptVersion, Source
from ivr.records.prompt_versions import NewVersion
from ivr.studio.clips import StudioClip
from ivr.studio.intake import Intake
from prompts.library import RECORDINGS
from prompts.loudness import SAMPLE_RATE
from prompts.settings import PromptSettings
from prompts.take import BadTake, Fault
from speech.languages.language import Language

pytestmark = pytest.mark.unit

WORDS = "Welcome to ROCARS of the Customs."
SPOKEN, _ = soundfile.read(RECORDINGS / "en" / "welcome.greeting.flac", dtype="float32")
SECONDS = len(SPOKEN) / SAMPLE_RATE


@dataclass
class PaperVersions:
    added: list[NewVersion] = field(default_factory=list)

    async def add(self, by: str, version: NewVersion, *, once: bool = False) -> NewVersion:
        self.added.append(version)
        return version


def clip(newest: PromptVersion | None) -> StudioClip:
    return StudioClip(
        language=Language.ENGLISH,
        name="welcome.greeting",
        number=1001,
        prompt="welcome.greeting",
        words=WORDS,
        shipped_words=WORDS,
        digest="d",
        live=None,
        newest=newest,
        used_in=(),
        shipped_source="synthesised",
        shipped_seconds=SECONDS,
    )


def draft(seconds: float, words: str = WORDS) -> PromptVersion:
    return PromptVersion(words=words, seconds=seconds)


def a_file(times: int = 1) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.tile(SPOKEN, times), SAMPLE_RATE, format="WAV")
    return file.getvalue()


async def take(newest: PromptVersion | None, data: bytes) -> float:
    versions = PaperVersions()
    intake = Intake(versions, PromptSettings.model_validate({}))  # type: ignore[arg-type]
    await intake.file("chan", clip(newest), data, Source.IMPORTED)
    return versions.added[0].seconds


@pytest.mark.parametrize("bad_s", [SECONDS / 5, SECONDS * 9])
async def test_a_bad_draft_is_no_measure_of_a_good_one(bad_s: float) -> None:
    assert await take(draft(bad_s), a_file()) == pytest.approx(SECONDS, abs=0.25)


async def test_a_bad_draft_does_not_let_a_bad_one_pass() -> None:
    for newest in (None, draft(SECONDS * 9)):
        with pytest.raises(BadTake) as refused:
            await take(newest, a_file(9))
        assert refused.value.fault is Fault.TOO_LONG


async def test_longer_words_may_take_longer() -> None:
    long = replace_words(9)
    assert await take(long, a_file(9)) == pytest.approx(SECONDS * 9, abs=1.0)
    with pytest.raises(BadTake) as refused:
        await take(long, a_file())
    assert refused.value.fault is Fault.TOO_SHORT


def replace_words(times: int) -> PromptVersion:
    return draft(0.1, " ".join([WORDS] * times))
