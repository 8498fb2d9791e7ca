"""Each row of `docs/interoperability.md` names tests, and those tests are there.

The same of `docs/key-presses.md` and `docs/hostile-input.md`, as far as they name any.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
TEST_FILE = re.compile(r"`(tests/[\w/]+\.py)`")
BARE_FILE = re.compile(r"`(test_\w+\.py)`")
TEST_NAME = re.compile(r"`(test_\w+)`")


def rows(page: str) -> list[str]:
    """Those of its tables, without heads."""
    found = []
    lines = (ROOT / "docs" / page).read_text(encoding="utf-8").split("\n")
    for at, line in enumerate(lines):
        head = at + 1 < len(lines) and lines[at + 1].startswith("|--")
        if line.startswith("|") and not line.startswith("|--") and not head:
            found.append(line)
    return found


@pytest.mark.parametrize("row", rows("interoperability.md"), ids=lambda row: row[2:50].strip())
def test_each_row_names_a_test_that_is_there(row: str) -> None:
    named = TEST_FILE.findall(row)
    if "(key-presses.md)" not in row:
        assert named, "no test is named"
    for file in named:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert "def test_" in text, file
        # Where tests are named as well, they are in the files of the row.
    for name in TEST_NAME.findall(row):
        assert any(f"def {name}(" in (ROOT / file).read_text(encoding="utf-8") for file in named), (
            name
        )


@pytest.mark.parametrize("page", ["key-presses.md", "hostile-input.md", "interoperability.md"])
def test_tests_named_without_their_folder_are_there(page: str) -> None:
    there = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert set(BARE_FILE.findall(text)) <= there
    written = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for name in TEST_NAME.findall(text):
        assert f"def {name}(" in written, name
