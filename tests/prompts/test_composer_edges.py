"""Utterances of odd values: every gap, every kind of slot, and nothing that raises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from prompts import catalogue
from prompts.catalogue import SlotKind
from prompts.composer import HONG_KONG, Composer
from prompts.library import Library
from prompts.settings import PromptSettings
from prompts.stand_in import StandIns
from prompts.utterance import Phrase, SlotValue, Utterance
from speech.languages.language import Language
from speech.synthesiser.settings import SynthesiserSettings
from speech.synthesiser.synthesiser import Samples, Synthesiser, SynthesisFailed
from tests.support.shipped import shipped_library

pytestmark = pytest.mark.service

SETTINGS = PromptSettings()
NOW = datetime(2010, 5, 17, 14, 0, tzinfo=HONG_KONG)
LIBRARY = shipped_library()

FITTING: dict[SlotKind, SlotValue] = {
    SlotKind.DIGITS: "1234567890",
    SlotKind.REFS: ["12345678", "1234567890123"],
    SlotKind.ENDINGS: ["12345678", "1234567890123"],
    SlotKind.PLATE: "AB1234",
    SlotKind.TIME: NOW + timedelta(hours=2),
    SlotKind.NUMBER: 6,
    SlotKind.LETTER: "F",
    SlotKind.KEY: "#",
}


class MuteSynthesiser(Synthesiser):
    """Always fails, so that what is not recorded is noticed."""

    def __init__(self) -> None:
        super().__init__(SynthesiserSettings())

    async def speak(self, language: Language, text: str, **_: object) -> Samples:
        raise SynthesisFailed("on purpose")


class Told(list[tuple[str, str, str]]):
    def __call__(self, language: str, clip: str, how: str) -> None:
        self.append((language, clip, how))


async def composed(
    tmp_path: Path, *phrases: Phrase, library: Library = LIBRARY, noted: Told | None = None
) -> Utterance:
    stand_ins = StandIns(SETTINGS, tmp_path / "cache", MuteSynthesiser())
    observer = Told() if noted is None else noted
    composer = Composer(library, SETTINGS, stand_ins, observer=observer, now=lambda: NOW)
    return await composer.compose(phrases)


def length(name: str) -> int:
    """Samples of an English recording."""
    return len(LIBRARY.clip(Language.ENGLISH, name) or b"") // 2


def gap(ms: int) -> int:
    return ms * 8


async def test_gaps_between_groups_references_and_phrases_in_samples(tmp_path: Path) -> None:
    phrase = Phrase(Language.ENGLISH, "own.cargo", {"ccrns": ["123456", "12"]})
    utterance = await composed(tmp_path, phrase, Phrase(Language.ENGLISH, "login.welcome"))
    places = ("1.begins", "2", "3.ends", "4.begins", "5", "6.ends", "1.begins", "2.ends")
    units = [f"unit/digit.{place}" for place in places]
    recorded = ["own.cargo--1", "login.welcome", *units]
    expected = (
        sum(length(name) for name in recorded)
        + gap(SETTINGS.comma_gap_ms)  # cargo: | 123
        + gap(SETTINGS.unit_gap_ms) * (2 + 2 + 1)
        + gap(SETTINGS.group_gap_ms)  # 123 | 456
        + gap(SETTINGS.item_gap_ms)  # 456 | 12
        + gap(SETTINGS.phrase_gap_ms)
    )
    assert len(utterance.pcm) // 2 == expected
    # the gap before the last phrase is true silence
    tail = length("login.welcome") * 2
    silence = gap(SETTINGS.phrase_gap_ms) * 2
    assert memoryview(utterance.pcm)[-tail:] == LIBRARY.clip(Language.ENGLISH, "login.welcome")
    assert not any(utterance.pcm[-tail - silence : -tail])
    digit = LIBRARY.clip(Language.ENGLISH, "unit/digit.2.ends") or b""
    assert utterance.pcm[: -tail - silence].endswith(bytes(digit))


async def test_nothing_to_say_is_no_sound(tmp_path: Path) -> None:
    assert await composed(tmp_path) == Utterance(b"", "", (), ())


@pytest.mark.parametrize("language", list(Language))
async def test_every_prompt_is_spoken_whole_from_recordings(
    tmp_path: Path, language: Language
) -> None:
    for prompt in catalogue.load(language):
        slots = {name: FITTING[kind] for name, kind in prompt.slots.items()}
        utterance = await composed(tmp_path, Phrase(language, prompt.name, slots))
        assert utterance.stand_ins == (), prompt.name
        assert utterance.seconds > 0.2
        assert "{" not in utterance.text


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOW, "2 pm"),
        (NOW + timedelta(days=1, minutes=5), "tomorrow at 2:05 pm"),
        (NOW - timedelta(days=1), "yesterday at 2 pm"),
        (NOW + timedelta(days=2), "19 May 2 pm"),
        (datetime(2010, 5, 17, 15, 59, tzinfo=UTC), "11:59 pm"),
        (datetime(2010, 5, 17, 16, 0, tzinfo=UTC), "tomorrow at 12 am"),
    ],
)
async def test_a_time_is_of_hong_kong_and_its_day_is_told_from_today(
    tmp_path: Path, at: datetime, words: str
) -> None:
    utterance = await composed(tmp_path, Phrase(Language.ENGLISH, "bundle.cross_from", {"at": at}))
    assert utterance.text == f"You may cross from {words}."


@pytest.mark.parametrize(
    ("prompt", "slot", "value"),
    [
        ("bundle.done", "ubr", None),
        ("bundle.done", "ubr", "12A4"),
        ("bundle.done", "ubr", 1234),
        ("bundle.one_cargo", "ccrns", "12345678"),
        ("bundle.one_cargo", "ccrns", ["12345678", "x"]),
        ("vehicle.option", "vehicle", "AB 12"),
        ("vehicle.option", "vehicle", "AB²"),
        ("login.pin", "length", 100),
        ("login.pin", "length", -1),
        ("login.pin", "length", "6"),
        ("bundle.cross_from", "at", "14:00"),
        ("bundle.cross_from", "at", datetime.max.replace(tzinfo=UTC)),
        ("vehicle.letter_option", "letter", "FU"),
        ("confirm.right", "key", "A"),
    ],
)
@pytest.mark.parametrize("language", list(Language))
async def test_what_cannot_be_said_is_left_out_and_told(
    tmp_path: Path, language: Language, prompt: str, slot: str, value: SlotValue | None
) -> None:
    noted = Told()
    kinds = catalogue.load(language).prompts[prompt].slots
    slots = {name: FITTING[kind] for name, kind in kinds.items() if name != slot}
    if value is not None:
        slots[slot] = value
    utterance = await composed(tmp_path, Phrase(language, prompt, slots), noted=noted)
    assert "…" in utterance.text
    assert utterance.stand_ins == (f"{prompt} {slot}: left out",)
    assert noted == [(language, f"{prompt} {slot}", "left out")]
    assert utterance.seconds > 0.2  # the rest is said


async def test_an_empty_library_leaves_everything_out_and_raises_nothing(tmp_path: Path) -> None:
    noted = Told()
    phrase = Phrase(Language.CANTONESE, "bundle.done", {"ubr": "1234"})
    utterance = await composed(tmp_path, phrase, library=Library(b"", {}, ()), noted=noted)
    assert not any(utterance.pcm)  # gaps only
    assert utterance.text
    assert {how for _, _, how in noted} == {"left out"}
    assert len(utterance.stand_ins) == len(noted) >= 5


async def test_an_unknown_prompt_is_named_and_the_others_are_said(tmp_path: Path) -> None:
    utterance = await composed(
        tmp_path, Phrase(Language.ENGLISH, "no.such"), Phrase(Language.ENGLISH, "login.welcome")
    )
    assert utterance.text == "[no.such] You are logged in."
    assert utterance.stand_ins == ("no.such: left out",)
    assert utterance.prompts == ("no.such", "login.welcome")
    assert utterance.pcm.endswith(bytes(LIBRARY.clip(Language.ENGLISH, "login.welcome") or b""))
