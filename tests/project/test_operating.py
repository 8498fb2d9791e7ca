"""docs/operating.md: its tests exist, and what the service is said to say is in its source."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operating.md").read_text()
CODE = ("ivr", "ground", "rocars", "sip_config", "prompts", "call_flows")


def rows() -> list[list[str]]:
    """The cells of the table: what happens, what the service does, what it says, the test."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


@cache
def source() -> str:
    """All that our programs can say, on one line: a sentence may be written over several."""
    files = [
        path
        for room in CODE
        for kind in ("*.py", "*.yaml", "*.po")
        for path in (ROOT / room).rglob(kind)
    ]
    text = "\n".join(path.read_text() for path in sorted(files))
    return re.sub(r'"\s*\n\s*f?"', "", text)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:40])
def test_each_case_has_its_tests(row: list[str]) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", row[-1])
    assert named
    for test in named:
        assert "def test_" in (ROOT / test).read_text(), test


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:40])
def test_what_it_is_said_to_say_is_said(row: list[str]) -> None:
    """Without figures, names and places, which are filled in."""
    for words in re.findall(r"`([^`]+)`", " ".join(row[1:-1])):
        for piece in re.split(
            r"[\d…(),:]+|\bhk\b|\bivr\b", words.removesuffix("_total").removeprefix("rocars_ivr_")
        ):
            text = piece.strip(" .")
            known = text in source() or all(part in source() for part in re.split(r"[ .]+", text))
            assert known or text.startswith("/"), f"{text!r} of {row[0]!r}"
