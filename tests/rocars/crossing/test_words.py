"""Every word of the boundary's pages, boards and panels is there in all three languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import rocars.crossing
import rocars.hotline
from rocars.crossing.instructions import Instruction
from rocars.crossing.lanes import LaneView
from rocars.crossing.settings import LANES
from rocars.crossing.web import texts
from rocars.crossing.web.app import MODULES
from rocars.crossing.web.showing import board
from rocars.crossing.web.site import LANGUAGES, LOOK, WORDS
from rocars.refusals import Code
from tests.rocars.conftest import MORNING

pytestmark = pytest.mark.unit

WEB = Path(rocars.crossing.__file__).parent / "web"
METHODS = [("**.py", "python"), ("templates/**.j2", "jinja2.ext:babel_extract")]
OPTIONS = {"templates/**.j2": {"newstyle": "true"}}
PLACE = re.compile(r"%\(\w+\)[.\d]*[a-z]")
RAISED = re.compile(r"(?:NotPossible|NotASubject|WrongCondition)\(\s*\"([^\"]+)\"")


def written() -> set[str]:
    """All that templates and code say to a person."""
    found = set()
    for _, _, message, _, _ in extract_from_dir(WEB, METHODS, OPTIONS):
        found.add(message if isinstance(message, str) else message[0])
    for path in (*WEB.parent.glob("*.py"), *Path(rocars.hotline.__file__).parent.glob("*.py")):
        found |= set(RAISED.findall(path.read_text(encoding="utf-8")))
    found |= {text for names in texts.EVERY_SET for text in names.values()}
    found |= {entry.name for module in MODULES for entry in module.entries}
    found |= {Code.BAD_VEHICLE.meaning, Code.MAINLAND_PLATE.meaning}
    found |= {Code.UNKNOWN_BUNDLE.meaning, Code.BUNDLE_NOT_LIVE.meaning}
    return found | {LOOK.name, LOOK.home[1], LOOK.without_database}


@pytest.mark.parametrize("language", ["zh-Hant", "zh-Hans"])
def test_nothing_is_left_in_english(language: str) -> None:
    translated = WORDS.catalogue(language)
    assert len(written()) > 120
    assert [text for text in written() if not translated.knows(text)] == []
    assert [
        text
        for text in written()
        if sorted(PLACE.findall(text)) != sorted(PLACE.findall(translated.gettext(text)))
    ] == []


@pytest.mark.parametrize("instruction", Instruction)
def test_a_board_says_each_instruction_in_three_languages(instruction: Instruction) -> None:
    view = LaneView(LANES[0], True, instruction=instruction, mark="AB1234", cross_from=MORNING)
    shown = board(view)
    assert [wording["lang"] for wording in shown["texts"]] == list(LANGUAGES)
    assert len({wording["headline"] for wording in shown["texts"]}) >= 2
    assert all("%(" not in wording["detail"] for wording in shown["texts"])
    if instruction is Instruction.TOO_EARLY:
        assert all("09:00" in wording["detail"] for wording in shown["texts"])
