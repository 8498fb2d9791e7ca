"""Why no test can be made of a call is said in the language of the page that was asked for one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import ivr.caller.retold
import ivr.handset
from ground.web.catalogues import Catalogue
from ivr.caller.retold.history import TRANSLATIONS, CannotBeRetold
from ivr.caller.retold.repeatable import STATES
from ivr.handset.handset import UNREADABLE

pytestmark = pytest.mark.unit

SOURCES = (Path(ivr.caller.retold.__file__).parent, Path(ivr.handset.__file__).parent)
PLACE = re.compile(r"%\(\w+\)s")


def reasons() -> set[str]:
    """All that `CannotBeRetold` is raised with."""
    found = {*STATES.values(), UNREADABLE}
    for folder in SOURCES:
        extracted = extract_from_dir(
            folder, [("**.py", "python")], keywords={"CannotBeRetold": None}
        )
        found |= {str(message) for _, _, message, _, _ in extracted}
    return found


@pytest.mark.parametrize("language", ["zh-Hant", "zh-Hans"])
def test_no_reason_is_left_in_english(language: str) -> None:
    translated = Catalogue(language, (TRANSLATIONS,))
    assert len(reasons()) > 20
    assert [text for text in reasons() if not translated.knows(text)] == []
    for text in reasons():
        assert sorted(PLACE.findall(text)) == sorted(PLACE.findall(translated.gettext(text)))


def test_the_values_are_filled_in() -> None:
    reason = CannotBeRetold("call %(call)s is not over", call="c1")
    assert str(reason) == "call c1 is not over"
    assert reason.message(Catalogue("zh-Hant", (TRANSLATIONS,)).gettext) == "通話 c1 尚未結束"
