"""A folder of recordings beside a scenario: its names come first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr.caller.hearing.prompt_detector import Detected, PromptDetector
from ivr.caller.hearing.prompt_ear import SoFar, begins, find
from ivr.caller.hearing.repertoire import NotASound, Repertoire, Sound, read_wavs
from ivr.caller.hearing.wanted import Wanted
from prompts.library import Library
from speech.languages.language import Language

pytestmark = pytest.mark.unit

CHANCE = np.random.default_rng(17)


def noise(seconds: float) -> Sound:
    """Sound like no other."""
    steps = CHANCE.normal(0, 3000, round(seconds * 8000))
    return np.convolve(steps, np.ones(4) / 4, "same").astype("<i2").astype(np.float32)


OURS = {"goodbye.plain": noise(1.2), "main_menu.bundle": noise(0.9)}


def library() -> Library:
    index, pcm = dict[tuple[Language, str], tuple[int, int]](), b""
    for name, sound in OURS.items():
        clip = sound.astype("<i2").tobytes()
        index[Language.ENGLISH, name] = len(pcm), len(pcm) + len(clip)
        pcm += clip
    return Library(pcm, index, ())


def folder_of(path: Path, sounds: Mapping[str, Sound]) -> Path:
    for name, sound in sounds.items():
        soundfile.write(path / name, sound / 32768, 8000)
    return path


def hear(repertoire: Repertoire, sound: Sound) -> list[Detected]:
    ear = PromptDetector(repertoire)
    line = np.concatenate([np.zeros(3000), sound, np.zeros(5000)]).astype("<i2").tobytes()
    return [
        recording for at in range(0, len(line), 320) for recording in ear.hear(line[at : at + 320])
    ] + (ear.end())


def test_a_sound_that_our_catalogue_has_too_goes_by_the_folders_name(tmp_path: Path) -> None:
    """Of another level, and with more silence before it."""
    theirs = np.concatenate([np.zeros(801, np.float32), OURS["goodbye.plain"] * 0.6])
    folder = folder_of(tmp_path, {"farewell.wav": theirs, "menu.wav": noise(1.0)})
    repertoire = Repertoire.of_library(library(), read_wavs(folder).values())
    detected = hear(repertoire, OURS["goodbye.plain"])
    assert [recording.known.name for recording in detected] == ["farewell"]
    line = SoFar(detected, 9000, 0, 8000)
    found = find(Wanted("farewell"), line, 0)
    assert found is not None
    assert found.language is None
    # Under its name in our catalogue it is known as well.
    assert [known.name for known in detected[0].known.also] == ["goodbye.plain"]
    assert begins(Wanted("farewell"), detected[0], 9000, 0)
    assert not begins(Wanted("menu"), detected[0], 9000, 0)


def test_the_rest_of_our_catalogue_is_heard_as_before(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"farewell.wav": OURS["goodbye.plain"]})
    repertoire = Repertoire.of_library(library(), read_wavs(folder).values())
    (detected,) = hear(repertoire, OURS["main_menu.bundle"])
    assert (detected.known.name, detected.known.language) == ("main_menu.bundle", Language.ENGLISH)


def test_two_files_of_one_name_are_one_too_many(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"menu.wav": noise(0.5), "menu.flac": noise(0.5)})
    with pytest.raises(NotASound, match="has the name menu too"):
        read_wavs(folder)
