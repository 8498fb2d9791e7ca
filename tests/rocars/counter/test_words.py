"""Every word of the desk and of its sheets is there in Traditional and Simplified Chinese."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import rocars.counter
import rocars.registry
from rocars.counter import texts
from rocars.counter.app import MODULES
from rocars.counter.site import LANGUAGES, LOOK, WORDS

pytestmark = pytest.mark.unit

ROOM = Path(rocars.counter.__file__).parent
REGISTRY = Path(rocars.registry.__file__).parent
METHODS = [("**.py", "python"), ("templates/**.j2", "jinja2.ext:babel_extract")]
OPTIONS = {"templates/**.j2": {"newstyle": "true"}}
PLACE = re.compile(r"%\(\w+\)[.\d]*[a-z]")
RAISED = re.compile(r"NotPossible\(\s*\"([^\"]+)\"")
OF_APPLICANTS = {"This form was too old, or not of this web. Try again."}
"""What no officer is told."""


def written() -> set[str]:
    """All that templates and code say to an officer, and what a sheet says."""
    found = set()
    for _, _, message, _, _ in extract_from_dir(ROOM, METHODS, OPTIONS):
        found.add(message if isinstance(message, str) else message[0])
    for path in REGISTRY.glob("*.py"):
        found |= set(RAISED.findall(path.read_text(encoding="utf-8")))
    found |= {text for names in texts.EVERY_SET for text in names.values()}
    found |= {entry.name for module in MODULES for entry in module.entries}
    return (found - OF_APPLICANTS) | {LOOK.name, LOOK.home[1], LOOK.without_database}


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if tag != "en"])
def test_nothing_is_left_in_english(language: str) -> None:
    translated = WORDS.catalogue(language)
    assert len(written()) > 150
    assert [text for text in written() if not translated.knows(text)] == []
    assert [
        text
        for text in written()
        if sorted(PLACE.findall(text)) != sorted(PLACE.findall(translated.gettext(text)))
    ] == []
