"""What is said: the same prompts and slots in every language, each with a good recording."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr.records.clip_numbers import FIRST_NUMBER
from prompts import catalogue
from prompts.catalogue import CatalogueError, SlotKind
from prompts.library import RECORDINGS, load_library
from prompts.recorder import faults
from prompts.script import ADDED_SINCE, clips, names_in_order
from prompts.settings import PromptSettings
from speech.languages.language import Language

pytestmark = pytest.mark.service


def test_all_languages_say_the_same() -> None:
    assert catalogue.differences() == []


@pytest.mark.parametrize("language", [Language.CANTONESE, Language.PUTONGHUA])
def test_chinese_prompts_have_no_latin_letters(language: Language) -> None:
    """Its voice would stumble over them, or switch to another."""
    for prompt in catalogue.load(language):
        for segment in prompt.segments:
            assert not re.search("[A-Za-z0-9]", segment.speech), prompt.name


def test_every_recording_is_there_and_sounds_right() -> None:
    assert faults(RECORDINGS, PromptSettings()) == []
    library = load_library()
    assert library.missing == ()
    for language in Language:
        for clip in clips(language):
            pcm = library.clip(language, clip.name)
            assert pcm is not None
            seconds = len(pcm) / 16000
            slowest, fastest = (0.8, 0.02) if language is Language.ENGLISH else (1.0, 0.08)
            assert fastest < seconds / max(1, len(clip.speech)) < slowest, (clip, seconds)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("login: hello", "login: expected names"),
        ("login:\n  yes: a", "is not a name"),
        ("login:\n  a: ''", "login.a: expected a text"),
        ("login:\n  a: 'x {b:nonsense}'", "expected one of the kinds"),
        ("login:\n  a: 'x {b}'", "a slot is written"),
        ("- a", "expected groups"),
        ("a: [", "en.yaml"),
    ],
)
def test_a_bad_catalogue_says_where(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "en.yaml").write_text(text)
    with pytest.raises(CatalogueError, match=re.escape(what)):
        catalogue.load(Language.ENGLISH, tmp_path)


def test_a_text_is_cut_at_its_slots() -> None:
    prompt = catalogue.parse("a.b", "Cargo {ccrn:digits}, with {vehicle:plate}.")
    assert prompt.slots == {"ccrn": SlotKind.DIGITS, "vehicle": SlotKind.PLATE}
    assert [(segment.name, segment.speech) for segment in prompt.segments] == [
        ("a.b--1", "Cargo"),
        ("a.b--2", "with"),
    ]


def test_numbers_of_clips_stay_when_prompts_are_added() -> None:
    """They are on sheets and in names of files; see `prompts.script.ADDED_SINCE`."""
    names = names_in_order()
    numbers = {name: FIRST_NUMBER + at for at, name in enumerate(names)}
    assert len(set(names)) == len(names)
    assert (numbers["enquiries.help"], numbers["unit/clock.pm"]) == (1149, 1498)
    assert names[-1].partition("--")[0] == ADDED_SINCE[-1]
