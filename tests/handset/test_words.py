"""Every word of the telephone in the browser is there in all three languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import ivr.handset
from ivr.handset.site import LOOK, WORDS
from ivr.handset.texts import SAID_BY_SCRIPTS

pytestmark = pytest.mark.unit

DIRECTORY = Path(ivr.handset.__file__).parent
METHODS = [("**.py", "python"), ("templates/**.j2", "jinja2.ext:babel_extract")]
OPTIONS = {"templates/**.j2": {"newstyle": "true"}}
PLACE = re.compile(r"\{\w+\}")


def written() -> set[str]:
    """All that the page and its scripts say to a person."""
    found = {LOOK.name, LOOK.home[1], LOOK.without_database}
    for _, _, message, _, _ in extract_from_dir(DIRECTORY, METHODS, OPTIONS):
        assert isinstance(message, str)
        found.add(message)
    return found


@pytest.mark.parametrize("language", ["zh-Hant", "zh-Hans"])
def test_nothing_is_left_in_english(language: str) -> None:
    translated = WORDS.catalogue(language)
    assert len(written()) > 60
    assert [text for text in written() if not translated.knows(text)] == []
    assert [
        text
        for text in written()
        if sorted(PLACE.findall(text)) != sorted(PLACE.findall(translated.gettext(text)))
    ] == []


def test_scripts_say_nothing_that_has_no_words() -> None:
    """Names that a script looks up, those with a value in them left out."""
    for script in (DIRECTORY / "static").glob("*.js"):
        named = set(re.findall(r'\bsay\("([a-z_.]+)"', script.read_text(encoding="utf-8")))
        assert named <= set(SAID_BY_SCRIPTS), script.name
