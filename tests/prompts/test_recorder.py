"""Recordings made with a voice: what it is given, what the manifest says, what is made again."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import soundfile

from prompts.library import MANIFEST
from prompts.recorder import record, stale
from prompts.script import Clip, clips
from prompts.settings import PromptSettings
from speech.languages.language import Language
from speech.voices.voice import Speech, VoiceUnavailable

pytestmark = pytest.mark.unit

SETTINGS = PromptSettings.model_validate({})


class Tone:
    """A tone of 50 ms a character between two silences, at 24 kHz."""

    licence, languages = "CC0-1.0", frozenset(Language)

    def __init__(self, name: str = "tone", version: str = "1") -> None:
        self.name, self.version = name, version
        self.given: list[str] = []

    def speak(self, text: str, language: Language) -> Speech:
        if "vehicle" in text:
            raise VoiceUnavailable("no sounds for 'vehicle'")
        self.given.append(text)
        time = np.arange(1200 * len(text)) / 24_000
        tone = 0.5 * np.sin(2 * np.pi * 440 * time)
        quiet = np.zeros(12_000)
        return Speech(np.concatenate([quiet, tone, quiet]).astype(np.float32), 24_000)

    def close(self) -> None:
        pass


async def made(directory: Path, wanted: list[Clip], voice: Tone) -> dict[str, dict[str, object]]:
    async for _ in record(directory, wanted, SETTINGS, {Language.ENGLISH: voice}):
        pass
    manifest: dict[str, dict[str, object]] = json.loads(
        (directory / "en" / MANIFEST).read_text(encoding="utf-8")
    )
    return manifest


async def test_the_manifest_names_the_voice_and_its_version(tmp_path: Path) -> None:
    clip = Clip(Language.ENGLISH, "welcome.language--1", "For English, press")
    voice = Tone(version="1.0, somebody")
    entry = (await made(tmp_path, [clip], voice))[clip.name]
    assert (entry["voice"], entry["version"]) == ("tone", "1.0, somebody")
    assert (entry["digest"], entry["speech"]) == (clip.digest, clip.speech)
    assert voice.given == ["For English, press,"]


async def test_a_recording_is_for_a_telephone_without_its_silence(tmp_path: Path) -> None:
    clip = Clip(Language.ENGLISH, "login.welcome", "You are logged in")
    await made(tmp_path, [clip], Tone())
    samples, rate = soundfile.read(tmp_path / "en/login.welcome.flac", dtype="float32")
    assert rate == 8000
    assert len(samples) / rate == pytest.approx(0.05 * len("You are logged in."), abs=0.03)
    assert abs(samples[0]) < 0.001
    assert abs(samples[-1]) < 0.001


async def test_what_another_voice_made_is_made_again_by_the_one_that_is_named(
    tmp_path: Path,
) -> None:
    first, second = islice(clips(Language.ENGLISH), 2)
    await made(tmp_path, [first], Tone("espeak-ng"))
    await made(tmp_path, [second], Tone("tone"))
    assert not {first, second} & set(stale(tmp_path, Language.ENGLISH))
    again = stale(tmp_path, Language.ENGLISH, by="tone")
    assert first in again
    assert second not in again


async def test_a_voice_that_cannot_say_a_text_leaves_what_was_made_before(tmp_path: Path) -> None:
    good = Clip(Language.ENGLISH, "login.welcome", "You are logged in")
    bad = Clip(Language.ENGLISH, "vehicle.which", "Which vehicle")
    with pytest.raises(VoiceUnavailable, match="no sounds for 'vehicle'"):
        await made(tmp_path, [good, bad], Tone())
    assert sorted(path.name for path in (tmp_path / "en").glob("*.flac")) == ["login.welcome.flac"]


async def test_the_same_words_are_told_apart_by_their_length(tmp_path: Path) -> None:
    same = [clip for clip in clips(Language.ENGLISH) if clip.speech == "press"]
    assert len(same) > 1
    voice = Tone()
    manifest = await made(tmp_path, same, voice)
    assert set(voice.given) == {"press,"}
    lengths = {manifest[clip.name]["seconds"] for clip in same}
    assert len(lengths) == len(same)
    assert all(0.27 < float(str(length)) < 0.36 for length in lengths)


class Words(Tone):
    """A word as so many tones as it has letters, with a stop in it; a pause after each comma."""

    def speak(self, text: str, language: Language) -> Speech:
        self.given.append(text)
        pieces: list[np.ndarray] = []
        for at in range(1, text.count(",") + 2):
            time = np.arange(4800) / 24_000
            half = (0.5 * np.sin(2 * np.pi * 200 * at * time)).astype(np.float32)
            stop, pause = np.zeros(1600, np.float32), np.zeros(self.pause, np.float32)
            pieces += [half, stop, half, pause]
        return Speech(np.concatenate(pieces), 24_000)

    pause = 4000


@pytest.mark.parametrize(
    ("name", "hz"), [("digit.6.begins", 200), ("digit.6", 400), ("digit.6.ends", 600)]
)
async def test_a_digit_is_taken_from_a_row_by_its_place(tmp_path: Path, name: str, hz: int) -> None:
    clip = Clip(Language.ENGLISH, f"unit/{name}", "six")
    voice = Words()
    entry = (await made(tmp_path, [clip], voice))[clip.name]
    assert voice.given == ["six, six, six."]
    assert 0.44 < float(str(entry["seconds"])) < 0.53  # two halves, the stop, and its edges
    samples, rate = soundfile.read(tmp_path / f"en/{clip.name}.flac", dtype="float32")
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) * rate / len(samples) == pytest.approx(hz, rel=0.05)
    assert abs(samples[[0, -1]]).max() < 0.001  # joined to others without a click


async def test_a_digit_is_spoken_alone_by_a_voice_that_does_not_pause(tmp_path: Path) -> None:
    clip = Clip(Language.ENGLISH, "unit/digit.6.ends", "six")
    voice = Tone()
    await made(tmp_path, [clip], voice)
    assert voice.given == ["six, six, six.", "six."]
