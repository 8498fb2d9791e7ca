"""Every word of the kiosk is there in Traditional and Simplified Chinese."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import rocars.kiosk
from rocars.kiosk.site import LANGUAGES, LOOK, WORDS
from tests.rocars.portal.test_words import METHODS, PLACE, REFUSED

pytestmark = pytest.mark.unit

DIRECTORY = Path(rocars.kiosk.__file__).parent
SAID = re.compile(r'say\("([^"]+)"\)')


def written() -> set[str]:
    """All that templates and code say to a person."""
    options = {"templates/**.j2": {"newstyle": "true"}}
    found = {LOOK.name, LOOK.home[1], LOOK.without_database} | {code.meaning for code in REFUSED}
    for _, _, message, _, _ in extract_from_dir(DIRECTORY, METHODS, options):
        found.add(message if isinstance(message, str) else message[0])
    for path in DIRECTORY.glob("templates/*.j2"):
        found |= set(SAID.findall(path.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if tag != "en"])
def test_nothing_is_left_in_english(language: str) -> None:
    translated = WORDS.catalogue(language)
    assert len(written()) > 70
    assert [text for text in written() if not translated.knows(text)] == []
    assert [
        text
        for text in written()
        if sorted(PLACE.findall(text)) != sorted(PLACE.findall(translated.gettext(text)))
    ] == []
