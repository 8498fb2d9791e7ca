"""Utterances: gaps to the sample, words, and what is done about a missing recording."""

from __future__ import annotations

import asyncio
import shutil
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from prompts.composer import HONG_KONG, Composer
from prompts.library import MANIFEST, RECORDINGS, Library, load_library
from prompts.settings import PromptSettings
from prompts.stand_in import StandIns
from prompts.utterance import Phrase
from speech.languages.language import Language
from speech.synthesiser.settings import SynthesiserSettings
from speech.synthesiser.synthesiser import Samples, Synthesiser, SynthesisFailed
from tests.support.shipped import shipped_library

pytestmark = pytest.mark.service

SETTINGS = PromptSettings()
NOW = datetime(2010, 5, 17, 23, 45, tzinfo=HONG_KONG)
LIBRARY = shipped_library()


class FakeSynthesiser(Synthesiser):
    """Says everything as half a second of tone, or fails."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__(SynthesiserSettings())
        self.fails = fails
        self.asked: list[str] = []

    async def speak(self, language: Language, text: str, **_: object) -> Samples:
        self.asked.append(text)
        await asyncio.sleep(0.01)
        if self.fails:
            raise SynthesisFailed("on purpose")
        time = np.arange(4000) / 8000
        return (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


class Told(list[tuple[str, str, str]]):
    def __call__(self, language: str, clip: str, how: str) -> None:
        self.append((language, clip, how))


def composer(
    tmp_path: Path,
    library: Library = LIBRARY,
    synthesiser: Synthesiser | None = None,
    noted: Told | None = None,
) -> Composer:
    stand_ins = StandIns(SETTINGS, tmp_path / "cache", synthesiser or FakeSynthesiser())
    observer = Told() if noted is None else noted
    return Composer(library, SETTINGS, stand_ins, observer=observer, now=lambda: NOW)


def without(*names: str, languages: tuple[Language, ...] = (Language.ENGLISH,)) -> Library:
    """The library with some recordings lost."""
    index = {
        key: place
        for key, place in LIBRARY.index.items()
        if not (key[0] in languages and key[1] in names)
    }
    return Library(LIBRARY.pcm, index, ())


def phrase(prompt: str, **slots: object) -> Phrase:
    return Phrase(Language.ENGLISH, prompt, slots)  # type: ignore[arg-type]


async def test_gaps_are_exact(tmp_path: Path) -> None:
    utterance = await composer(tmp_path).compose(
        [phrase("vehicle.option", vehicle="AB12", key="1")]
    )
    units = ["letter.a", "letter.b", "digit.1.begins", "digit.2.ends", "digit.1.ends"]
    clips = ["vehicle.option--1", *(f"unit/{name}" for name in units), "vehicle.option--2"]
    lengths = [len(LIBRARY.clip(Language.ENGLISH, name) or b"") for name in clips]
    # For |gap| A gap B |group| 1 gap 2 |comma| press |gap| 1
    gaps_ms = (
        SETTINGS.slot_gap_ms * 2
        + SETTINGS.unit_gap_ms * 2
        + SETTINGS.group_gap_ms
        + SETTINGS.comma_gap_ms
    )
    assert len(utterance.pcm) == sum(lengths) + gaps_ms * 16


async def test_the_text_is_what_a_person_would_write(tmp_path: Path) -> None:
    phrases = [
        phrase("bundle.done", ubr="5550001234"),
        phrase("bundle.cross_from", at=datetime(2010, 5, 18, 0, 15, tzinfo=HONG_KONG)),
        phrase("bundle.one_cargo", ccrns=["12345678", "1234567890123"], vehicle="FU88"),
    ]
    utterance = await composer(tmp_path).compose(phrases)
    assert utterance.text == (
        "Bundled. Your reference is: 555 000 1234. "
        "You may cross from tomorrow at 12:15 am. "
        "Bundle cargo ending 5678, 0123, vehicle FU 88."
    )
    assert utterance.prompts == ("bundle.done", "bundle.cross_from", "bundle.one_cargo")
    assert utterance.stand_ins == ()


async def test_the_same_phrase_is_composed_once(tmp_path: Path) -> None:
    same = composer(tmp_path)
    first, second = [await same.compose([phrase("login.pin", length=6)]) for _ in range(2)]
    assert first.pcm == second.pcm
    at = datetime(2010, 5, 18, 0, 15, tzinfo=HONG_KONG)
    tonight = await same.compose([phrase("bundle.cross_from", at=at)])
    same._now = lambda: at  # midnight passes: "tomorrow" is no longer true
    assert "tomorrow" in tonight.text
    assert "tomorrow" not in (await same.compose([phrase("bundle.cross_from", at=at)])).text


async def test_a_missing_recording_is_synthesised_once_and_counted(tmp_path: Path) -> None:
    noted, synthesiser = Told(), FakeSynthesiser()
    missing = composer(tmp_path, without("login.welcome"), synthesiser, noted)
    ten = await asyncio.gather(*(missing.compose([phrase("login.welcome")]) for _ in range(10)))
    assert synthesiser.asked == ["You are logged in"]
    assert {utterance.stand_ins for utterance in ten} == {("login.welcome: synthesised",)}
    assert all(utterance.seconds > 0.4 for utterance in ten)
    assert noted == [("en", "login.welcome", "synthesised")] * 10
    other = FakeSynthesiser(fails=True)  # the next start finds it on disk
    again = composer(tmp_path, without("login.welcome"), other)
    assert (await again.compose([phrase("login.welcome")])).seconds > 0.4
    assert other.asked == []


async def test_without_a_synthesiser_another_language_is_borrowed(tmp_path: Path) -> None:
    noted = Told()
    borrowing = composer(tmp_path, without("login.welcome"), FakeSynthesiser(fails=True), noted)
    utterance = await borrowing.compose([phrase("login.welcome")])
    assert memoryview(utterance.pcm) == LIBRARY.clip(Language.CANTONESE, "login.welcome")
    assert noted == [("en", "login.welcome", "borrowed from yue")]


async def test_what_cannot_be_said_at_all_is_left_out_and_the_rest_is_said(tmp_path: Path) -> None:
    noted = Told()
    lost = without("unit/digit.7.begins", languages=tuple(Language))
    mute = composer(tmp_path, lost, FakeSynthesiser(fails=True), noted)
    utterance = await mute.compose([phrase("bundle.done", ubr="7001234567"), phrase("no.such")])
    assert ("en", "unit/digit.7.begins", "left out") in noted
    assert ("en", "no.such", "left out") in noted
    assert utterance.seconds > 3


async def test_a_slot_that_is_not_filled_is_no_silence(tmp_path: Path) -> None:
    utterance = await composer(tmp_path).compose(
        [phrase("bundle.done"), phrase("bundle.cross_now")]
    )
    assert "…" in utterance.text
    assert utterance.seconds > 3


@pytest.mark.parametrize("damage", ["gone", "empty", "truncated", "rubbish", "stale"])
async def test_a_damaged_recording_is_missing_and_nothing_else_is(
    tmp_path: Path, damage: str
) -> None:
    shutil.copytree(RECORDINGS / "en", tmp_path / "recordings" / "en")
    victim = tmp_path / "recordings" / "en" / "login.welcome.flac"
    match damage:
        case "gone":
            victim.unlink()
        case "empty":
            victim.write_bytes(b"")
        case "truncated":
            victim.write_bytes(victim.read_bytes()[:60])
        case "rubbish":
            victim.write_bytes(b"not audio at all" * 100)
        case "stale":
            manifest = victim.with_name(MANIFEST)
            text = manifest.read_text()
            at = text.index('"login.welcome"')
            manifest.write_text(text[:at] + text[at:].replace('"digest": "', '"digest": "x', 1))
    library = load_library(tmp_path / "recordings")
    (missing,) = [lost for lost in library.missing if lost.startswith("en ")]
    assert missing.startswith("en login.welcome: ")
    utterance = await composer(tmp_path, library).compose([phrase("login.welcome")])
    assert utterance.stand_ins == ("login.welcome: synthesised",)


async def test_a_cache_that_cannot_be_written_costs_nothing_but_the_cache(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    utterance = await composer(tmp_path, without("login.welcome")).compose(
        [phrase("login.welcome")]
    )
    assert utterance.seconds > 0.4
