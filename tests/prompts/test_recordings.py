"""The recordings that come with the service, and a directory of recordings that is damaged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from prompts.library import MANIFEST, RECORDINGS, load_library
from prompts.loudness import loudness
from prompts.recorder import faults, prune, stale
from prompts.script import clips
from prompts.settings import PromptSettings
from speech.languages.language import Language
from speech.voices.settings import EVERYWHERE, OF_RECORDINGS
from tests.support.shipped import shipped_library

pytestmark = pytest.mark.service

SETTINGS = PromptSettings()
LIBRARY = shipped_library()
VICTIM = "login.welcome"


@pytest.fixture
def english(tmp_path: Path) -> Path:
    """A directory of recordings with English only."""
    shutil.copytree(RECORDINGS / "en", tmp_path / "recordings" / "en")
    return tmp_path / "recordings" / "en"


def missing_in_english(directory: Path) -> list[str]:
    found = load_library(directory.parent).missing
    return [line.removeprefix("en ") for line in found if line.startswith("en ")]


@pytest.mark.parametrize("language", list(Language))
def test_nothing_is_stale_and_the_manifest_says_what_the_script_says(language: Language) -> None:
    assert stale(RECORDINGS, language) == []
    manifest = json.loads((RECORDINGS / language / MANIFEST).read_text(encoding="utf-8"))
    speech = {clip.name: clip.speech for clip in clips(language)}
    assert {name: entry["speech"] for name, entry in manifest.items()} == speech


@pytest.mark.parametrize("language", list(Language))
def test_a_language_is_spoken_by_one_voice(language: Language) -> None:
    manifest = json.loads((RECORDINGS / language / MANIFEST).read_text(encoding="utf-8"))
    voices = {entry["voice"].partition(" ")[0] for entry in manifest.values()}
    assert voices == {OF_RECORDINGS[language]}
    versions = {entry.get("version", "") for entry in manifest.values()}
    assert len(versions) == 1 or OF_RECORDINGS[language] == EVERYWHERE


@pytest.mark.parametrize("language", list(Language))
def test_loudness_hardly_differs(language: Language) -> None:
    """Peaks may keep a clip below the target; nothing may bring it above."""
    levels = np.array(
        [
            loudness(np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768))
            for clip in clips(language)
            if (pcm := LIBRARY.clip(language, clip.name)) is not None
        ]
    )
    assert len(levels) > 300
    assert levels.max() < SETTINGS.loudness_lufs + 0.1
    assert levels.min() > SETTINGS.loudness_lufs - 2.0
    assert levels.std() < 0.3


def test_every_clip_begins_and_ends_quietly() -> None:
    """A join of two clips must not click."""
    for language, name in LIBRARY.index:
        samples = np.frombuffer(LIBRARY.clip(language, name) or b"", "<i2")
        assert max(abs(int(samples[0])), abs(int(samples[-1]))) < 33, (language, name)


def test_a_language_without_a_directory_is_missing_alone(english: Path) -> None:
    lost = {line.split(": ")[0] for line in load_library(english.parent).missing}
    assert lost == {
        f"{language} {clip.name}"
        for language in (Language.CANTONESE, Language.PUTONGHUA)
        for clip in clips(language)
    }


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff\xfe"])
def test_without_a_manifest_no_recording_is_trusted(english: Path, content: bytes | None) -> None:
    if content is None:
        (english / MANIFEST).unlink()
    else:
        (english / MANIFEST).write_bytes(content)
    assert len(missing_in_english(english)) == sum(1 for _ in clips(Language.ENGLISH))


@pytest.mark.parametrize("entry", ["a text", {}, {"digest": None}, None, ["digest"]])
def test_a_bad_entry_of_the_manifest_costs_one_recording(english: Path, entry: object) -> None:
    manifest = json.loads((english / MANIFEST).read_text(encoding="utf-8"))
    manifest[VICTIM] = entry
    (english / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    (lost,) = missing_in_english(english)
    assert lost.startswith(f"{VICTIM}: ")
    assert [clip.name for clip in stale(english.parent, Language.ENGLISH)] == [VICTIM]


def test_a_damaged_recording_is_never_played_in_part(english: Path) -> None:
    """FLAC frames carry a CRC; damage is reported, not heard."""
    path = english / f"{VICTIM}.flac"
    whole = path.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :]
    for damaged in (flipped, whole[: len(whole) // 3], whole[:middle], whole[:-100]):
        path.write_bytes(damaged)
        assert missing_in_english(english) == [f"{VICTIM}: cannot be read"]


@pytest.mark.parametrize("shape", ["wrong rate", "stereo"])
def test_a_recording_of_another_format_is_not_played(english: Path, shape: str) -> None:
    samples = np.full((8000, 2) if shape == "stereo" else 8000, 1000, np.int16)
    rate = 16000 if shape == "wrong rate" else 8000
    soundfile.write(english / f"{VICTIM}.flac", samples, rate, format="FLAC")
    assert missing_in_english(english) == [f"{VICTIM}: cannot be read"]


@pytest.mark.parametrize(
    ("amplitude", "seconds", "what"),
    [(1.0, 1.0, "clipped"), (0.3, 0.04, "shorter"), (0.005, 1.0, "LU from the target")],
)
def test_the_check_hears_a_bad_recording(
    english: Path, amplitude: float, seconds: float, what: str
) -> None:
    time = np.arange(int(8000 * seconds)) / 8000
    soundfile.write(english / f"{VICTIM}.flac", amplitude * np.sin(2764 * time), 8000)
    found = [
        fault for fault in faults(english.parent, SETTINGS) if fault.language is Language.ENGLISH
    ]
    assert [fault.clip for fault in found] == [VICTIM]
    assert what in found[0].what


def test_what_nobody_says_is_found_and_pruned(english: Path) -> None:
    shutil.copy(english / f"{VICTIM}.flac", english / "login.forgotten.flac")
    found = [
        fault for fault in faults(english.parent, SETTINGS) if fault.language is Language.ENGLISH
    ]
    assert [(fault.clip, fault.what) for fault in found] == [
        ("login.forgotten", "nothing says this any more")
    ]
    assert prune(english.parent) == ["en login.forgotten"]
    assert missing_in_english(english) == []
