"""Speech made for what has no recording: once, kept whole, and nobody else's harm."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import numpy as np
import pytest

from prompts.script import Clip
from prompts.settings import PromptSettings
from prompts.stand_in import StandIns
from speech.languages.language import Language
from speech.synthesiser.settings import SynthesiserSettings
from speech.synthesiser.synthesiser import Samples, Synthesiser, SynthesisFailed

pytestmark = pytest.mark.service

CLIP = Clip(Language.ENGLISH, "login.welcome", "You are logged in")
OTHER = Clip(Language.ENGLISH, "login.refused", "Those details were not accepted")


class ToneSynthesiser(Synthesiser):
    """A tone as long as the text, after a moment; its first requests fail if it is told so."""

    def __init__(self, failures: int = 0) -> None:
        super().__init__(SynthesiserSettings())
        self.failures = failures
        self.asked: list[str] = []
        self.closed = False

    async def speak(
        self, language: Language, text: str, *, voice_name: str = "", words_per_minute: int = 0
    ) -> Samples:
        self.asked.append(text)
        await asyncio.sleep(0.02)
        if len(self.asked) <= self.failures:
            raise SynthesisFailed("on purpose")
        time = np.arange(400 * len(text)) / 8000
        return (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)

    async def close(self) -> None:
        self.closed = True


def stand_ins(
    cache: Path, synthesiser: Synthesiser, settings: PromptSettings | None = None
) -> StandIns:
    return StandIns(settings or PromptSettings(), cache, synthesiser)


async def test_ten_at_once_are_made_once_and_two_clips_are_two(tmp_path: Path) -> None:
    synthesiser = ToneSynthesiser()
    made = stand_ins(tmp_path, synthesiser)
    sounds = await asyncio.gather(*(made.synthesised(clip) for clip in [CLIP, OTHER] * 10))
    assert sorted(synthesiser.asked) == sorted([CLIP.speech, OTHER.speech])
    assert len(set(sounds)) == 2
    assert len(sounds[0]) < len(sounds[1])


async def test_a_caller_who_hangs_up_does_not_take_the_sound_from_the_other(
    tmp_path: Path,
) -> None:
    synthesiser = ToneSynthesiser()
    made = stand_ins(tmp_path, synthesiser)
    first, second = (asyncio.create_task(made.synthesised(CLIP)) for _ in range(2))
    await asyncio.sleep(0.005)
    first.cancel()
    assert len(await second) > 0
    assert first.cancelled()
    assert synthesiser.asked == [CLIP.speech]


async def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    made = stand_ins(tmp_path, ToneSynthesiser(failures=1))
    assert await made.synthesised(CLIP) == b""
    assert list(tmp_path.rglob("*.flac")) == []
    assert len(await made.synthesised(CLIP)) > 0


async def test_the_disk_gives_back_the_same_samples(tmp_path: Path) -> None:
    first = await stand_ins(tmp_path, ToneSynthesiser()).synthesised(CLIP)
    after_restart = ToneSynthesiser(failures=9)
    assert await stand_ins(tmp_path, after_restart).synthesised(CLIP) == first
    assert after_restart.asked == []
    assert list(tmp_path.rglob("*.draft")) == []


@pytest.mark.parametrize("damage", ["truncated", "empty", "rubbish"])
async def test_a_damaged_file_is_made_again_and_mended(tmp_path: Path, damage: str) -> None:
    whole = await stand_ins(tmp_path, ToneSynthesiser()).synthesised(CLIP)
    (kept,) = tmp_path.rglob("*.flac")
    good = kept.read_bytes()
    kept.write_bytes({"truncated": good[:-50], "empty": b"", "rubbish": b"x" * 500}[damage])
    synthesiser = ToneSynthesiser()
    assert await stand_ins(tmp_path, synthesiser).synthesised(CLIP) == whole
    assert synthesiser.asked == [CLIP.speech]
    assert kept.read_bytes() == good


@pytest.mark.parametrize(
    "changed",
    [
        PromptSettings(synthesiser=SynthesiserSettings(english_voice="gmw/en-US")),
        PromptSettings(synthesiser=SynthesiserSettings(words_per_minute=200)),
        PromptSettings(loudness_lufs=-25.0),
    ],
    ids=["voice", "speed", "loudness"],
)
async def test_another_voice_is_another_sound(tmp_path: Path, changed: PromptSettings) -> None:
    await stand_ins(tmp_path, ToneSynthesiser()).synthesised(CLIP)
    synthesiser = ToneSynthesiser()
    await stand_ins(tmp_path, synthesiser, changed).synthesised(CLIP)
    assert synthesiser.asked == [CLIP.speech]


async def test_a_directory_in_the_place_of_a_file_costs_only_the_cache(tmp_path: Path) -> None:
    await stand_ins(tmp_path, ToneSynthesiser()).synthesised(CLIP)
    (kept,) = tmp_path.rglob("*.flac")
    kept.unlink()
    kept.mkdir()
    assert len(await stand_ins(tmp_path, ToneSynthesiser()).synthesised(CLIP)) > 0
    assert list(tmp_path.rglob("*.draft")) == []


async def test_without_a_place_for_temporary_files_nothing_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    made = StandIns(PromptSettings(), tmp_path / "cache")  # the real synthesiser
    assert await made.synthesised(CLIP) == b""
    await made.close()


async def test_closing_ends_the_synthesiser(tmp_path: Path) -> None:
    synthesiser = ToneSynthesiser()
    await stand_ins(tmp_path, synthesiser).close()
    assert synthesiser.closed


class OwnVoice(ToneSynthesiser):
    """The voice of the recordings, which takes its time or fails."""

    def __init__(self, takes_s: float = 0.0, *, failures: int = 0) -> None:
        super().__init__(failures)
        self.may_go_on = asyncio.Event()
        if not takes_s:
            self.may_go_on.set()

    async def speak(
        self, language: Language, text: str, *, voice_name: str = "", words_per_minute: int = 0
    ) -> Samples:
        await self.may_go_on.wait()
        return await super().speak(language, f"{voice_name} {text}")


@pytest.fixture
def all_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prompts.stand_in.installed", lambda name, settings: True)


@pytest.mark.usefixtures("all_installed")
async def test_a_stand_in_is_spoken_by_the_voice_of_the_recordings(tmp_path: Path) -> None:
    own, espeak = OwnVoice(), ToneSynthesiser()
    made = StandIns(PromptSettings(), tmp_path, espeak, own=own)
    sound = await made.synthesised(CLIP)
    assert (own.asked, espeak.asked) == (["kokoro/en You are logged in."], [])
    again = StandIns(PromptSettings(), tmp_path, ToneSynthesiser(9), own=OwnVoice(failures=9))
    assert await again.synthesised(CLIP) == sound


@pytest.mark.usefixtures("all_installed")
async def test_a_caller_who_waited_long_enough_hears_espeak_and_the_next_the_other(
    tmp_path: Path,
) -> None:
    own, espeak = OwnVoice(takes_s=1), ToneSynthesiser()
    settings = PromptSettings.model_validate({"voices": {"patience_s": 0}})
    made = StandIns(settings, tmp_path, espeak, own=own)
    first = await made.synthesised(CLIP)
    assert (own.asked, espeak.asked) == ([], [CLIP.speech])
    own.may_go_on.set()
    while await made.synthesised(CLIP) == first:
        await asyncio.sleep(0.01)
    assert own.asked == ["kokoro/en You are logged in."]
    await made.close()


@pytest.mark.usefixtures("all_installed")
async def test_a_voice_that_fails_costs_nothing_but_its_sound(tmp_path: Path) -> None:
    own, espeak = OwnVoice(failures=1), ToneSynthesiser()
    made = StandIns(PromptSettings(), tmp_path, espeak, own=own)
    assert len(await made.synthesised(CLIP)) > 0
    assert espeak.asked == [CLIP.speech]
