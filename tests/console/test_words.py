"""Every word of the pages is there in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import ivr.console
from ivr.console import shown
from ivr.console.faults import REASONS
from ivr.console.rendering import LANGUAGES, catalogue
from ivr.records.console_tables import Source, VersionState
from ivr.records.outcome import BundleRequestState, CallOutcome, EndedBy
from ivr.records.roles import Role

pytestmark = pytest.mark.unit

DIRECTORY = Path(ivr.console.__file__).parent
METHODS = [("**.py", "python"), ("templates/**.j2", "jinja2.ext:babel_extract")]
PLACE = re.compile(r"%\(\w+\)[.\d]*[a-z]")


def written() -> set[str]:
    """All that templates and code say to a person."""
    found = set()
    options = {"templates/**.j2": {"newstyle": "true"}}
    for _, _, message, _, _ in extract_from_dir(DIRECTORY, METHODS, options):
        found.add(message if isinstance(message, str) else message[0])
    return found


def chosen() -> set[str]:
    """Words that come from closed sets."""
    sets = (CallOutcome, EndedBy, VersionState, Source, Role, BundleRequestState)
    words = {shown.word(one.value) for kind in sets for one in kind}
    return words | set(shown.TONGUES.values()) | set(REASONS.values())


def test_nothing_is_left_in_english() -> None:
    translated = catalogue("zh-Hant")
    found = written()
    assert len(found) > 200
    missing = [one for one in found | chosen() if not translated.knows(one)]
    assert missing == []


def test_what_is_filled_in_is_the_same_in_both() -> None:
    translated = catalogue("zh-Hant")
    differing = [
        one
        for one in written() | chosen()
        if sorted(PLACE.findall(one)) != sorted(PLACE.findall(translated.gettext(one)))
    ]
    assert differing == []


def test_english_is_as_written() -> None:
    assert set(LANGUAGES) == {"en", "zh-Hant"}
    assert catalogue("en").gettext("Calls") == "Calls"
