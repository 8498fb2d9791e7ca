"""The three catalogue files compared as they are written, and how a bad one is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from prompts import catalogue
from prompts.catalogue import CatalogueError
from prompts.script import clips
from speech.languages.language import Language

pytestmark = pytest.mark.unit


def written(language: Language) -> dict[str, str]:
    """Prompt names and texts, read without the catalogue's own reader."""
    path = catalogue.DIRECTORY / f"{language}.yaml"
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        f"{group}.{name}": text
        for group, entries in groups.items()
        for name, text in entries.items()
    }


def slots(text: str) -> list[str]:
    return sorted(re.findall(r"\{[^}]*\}", text))


@pytest.mark.parametrize("language", [Language.CANTONESE, Language.PUTONGHUA])
def test_each_language_has_the_names_and_slots_of_english(language: Language) -> None:
    english, other = written(Language.ENGLISH), written(language)
    assert {name: slots(text) for name, text in english.items()} == {
        name: slots(text) for name, text in other.items()
    }


@pytest.mark.parametrize("language", list(Language))
def test_nothing_written_is_lost_in_reading(language: Language) -> None:
    for name, text in written(language).items():
        read = "".join(
            part.text if isinstance(part, catalogue.Segment) else f"{{{part.name}:{part.kind}}}"
            for part in catalogue.load(language).prompts[name].parts
        )
        assert read == text.strip()


@pytest.mark.parametrize("language", list(Language))
def test_one_clip_name_says_one_thing(language: Language) -> None:
    named = [clip.name for clip in clips(language)]
    assert len(named) == len(set(named))


@pytest.mark.parametrize(
    "text",
    [
        "login:\n  pin: ''",
        "login:\n  pin: 4711",
        "login:\n  pin: [a, b]",
        "login:\n  pin: 'Key {length:lengths} digits'",
        "login:\n  pin: 'Key {length} digits'",
        "login:\n  pin: 'Key {length:number digits'",
        "login:\n  pin: 'Key length:number} digits'",
        "login:\n  pin: 'Key {Length:number} digits'",
    ],
)
@pytest.mark.parametrize("language", list(Language))
def test_an_error_names_file_and_prompt(tmp_path: Path, language: Language, text: str) -> None:
    (tmp_path / f"{language}.yaml").write_text(text)
    with pytest.raises(CatalogueError) as failure:
        catalogue.load(language, tmp_path)
    assert str(failure.value).startswith(f"{language}.yaml: login.pin: ")


def test_a_catalogue_that_is_absent_or_empty_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"^yue\.yaml: "):
        catalogue.load(Language.CANTONESE, tmp_path)
    (tmp_path / "cmn.yaml").write_text("")
    with pytest.raises(CatalogueError, match=r"^cmn\.yaml: expected groups"):
        catalogue.load(Language.PUTONGHUA, tmp_path)
