"""Templates of pages can be read, and compared, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
LONGEST = 120
LEFT_OUT = {".venv", "build", "var"}


def test_no_line_is_too_long() -> None:
    templates = [
        path
        for path in ROOT.glob("*/**/*.html.j2")
        if path.relative_to(ROOT).parts[0] not in LEFT_OUT
    ]
    assert len(templates) > 10
    too_long = [
        f"{path.relative_to(ROOT)}:{number}: {len(line)}"
        for path in templates
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > LONGEST
    ]
    assert too_long == []
