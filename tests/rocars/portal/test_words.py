"""Every word of the portal is there in Traditional and Simplified Chinese."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import rocars.portal
from rocars.cargo import batch, kept_forms
from rocars.cargo.batch.items import ITEMS
from rocars.portal import shown
from rocars.portal.app import ROOMS
from rocars.portal.fields import FIELDS, LABELS
from rocars.portal.pages import course, learning, register
from rocars.portal.rendering import LANGUAGES, LOOK, WORDS
from rocars.refusals import Code
from rocars.registry import application_form, applications

pytestmark = pytest.mark.unit

DIRECTORY = Path(rocars.portal.__file__).parent
METHODS = [("**.py", "python"), ("templates/**.j2", "jinja2.ext:babel_extract")]
PLACE = re.compile(r"%\(\w+\)[.\d]*[a-z]")
CHINESE = [tag for tag in LANGUAGES if tag != "en"]
REFUSED = (
    *(Code.UNKNOWN_CCRN, Code.ALREADY_BUNDLED, Code.CARGO_EXPIRED, Code.CARGO_CROSSED),
    *(Code.CARGO_WITHDRAWN, Code.TOO_MANY_CCRNS, Code.MIXED_DIRECTIONS, Code.UNKNOWN_BUNDLE),
    *(Code.BUNDLE_NOT_LIVE, Code.BAD_VEHICLE, Code.MAINLAND_PLATE, Code.IDEMPOTENCY_KEY_MISSING),
    *(Code.IDEMPOTENCY_KEY_REUSED, Code.KEY_ANNULLED, Code.UNBUNDLE_DISABLED, Code.DATE_PAST),
    *(Code.TOO_EARLY_TO_LODGE, Code.CARGO_IN_BUNDLE, Code.UNKNOWN_COMPANY, Code.UNKNOWN_DRIVER),
    *(Code.UNAVAILABLE, Code.COMPANY_REFUSED),
)
"""What a page may have to tell."""


def written() -> set[str]:
    """All that templates and code say to a person."""
    found = set()
    options = {"templates/**.j2": {"newstyle": "true"}}
    for _, _, message, _, _ in extract_from_dir(DIRECTORY, METHODS, options):
        found.add(message if isinstance(message, str) else message[0])
    for path in DIRECTORY.glob("pages/*.py"):
        for text in re.findall(r'words_for\(request\)\(\s*"([^"]+)"', path.read_text()):
            found.add(text)
    return found


def expected_of_files() -> set[str]:
    """The texts of every `RowError` that the code makes: all their constants with a blank in."""
    found = {item.expected for item in ITEMS}
    for path in Path(batch.__file__).parent.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                if call.func.id not in ("RowError", "_error", "_check"):
                    continue
                texts = [a.value for a in call.args if isinstance(a, ast.Constant)]
                found |= {text for text in texts if isinstance(text, str) and " " in text}
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                texts = [a.value for a in call.args if isinstance(a, ast.Constant)]
                if call.func.attr == "_wrong":
                    found |= {text for text in texts if isinstance(text, str)}
    return found


def expected_of_applications() -> set[str]:
    """What an applicant is told of a field, or of an application, and why a form is not kept."""
    found = set()
    for module in (application_form, applications, kept_forms):
        source = inspect.getsource(module)
        found |= set(re.findall(r'(?:Refusal|NotPossible|CannotBeKept)\(\s*"([^"]+)"', source))
    return found


def chosen() -> set[str]:
    """Words that come from closed sets."""
    words = set()
    for table in (
        *(shown.STATES, shown.DEEDS, shown.DIRECTIONS, shown.YES_NO, shown.ROLES),
        *(shown.KINDS, shown.APPLICATION_STATES, shown.SPOKEN, register.LABELS),
        *(course.MEANINGS, learning.MEANINGS),
    ):
        words |= set(table.values())
    for row, fields in register.ROWS.values():
        words |= {row, *fields.values()}
    for topic in learning.TOPICS.values():
        words |= {topic.title, *topic.steps}
    words |= set(LABELS.values()) | {field.help for field in FIELDS}
    words |= {LOOK.name, LOOK.home[1], LOOK.without_database}
    words |= {entry.name for room in ROOMS for entry in room.entries} | {course.ENTRY.name}
    return words | {code.meaning for code in REFUSED}


ALL = sorted(written() | chosen() | expected_of_files() | expected_of_applications())


@pytest.mark.parametrize("language", CHINESE)
def test_nothing_is_left_in_english(language: str) -> None:
    translated = WORDS.catalogue(language)
    assert len(ALL) > 180
    assert [text for text in ALL if not translated.knows(text)] == []


@pytest.mark.parametrize("language", CHINESE)
def test_what_is_filled_in_is_the_same_in_every_language(language: str) -> None:
    translated = WORDS.catalogue(language)
    differing = [
        text
        for text in ALL
        if sorted(PLACE.findall(text)) != sorted(PLACE.findall(translated.gettext(text)))
    ]
    assert differing == []


def test_simplified_is_not_traditional() -> None:
    traditional, simplified = (WORDS.catalogue(tag) for tag in ("zh-Hant", "zh-Hans"))
    same = [text for text in ALL if traditional.gettext(text) == simplified.gettext(text)]
    assert len(same) < len(ALL) / 4
    assert not [text for text in ALL if re.search("[們這個檔號請過貨車]", simplified.gettext(text))]
