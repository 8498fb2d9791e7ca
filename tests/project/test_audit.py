"""What continuous integration says of pip-audit's report."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.unit

VERDICT = runpy.run_path(str(Path(__file__).parents[2] / ".ci" / "audit.py"))["verdict"]

SOUND = {"name": "aiohttp", "version": "3.14.5", "vulns": []}
SKIPPED = {"name": "numpy", "skip_reason": "not found"}


def vulnerable(*fixed_in: str) -> dict[str, Any]:
    finding = {"id": "PYSEC-2026-1", "fix_versions": list(fixed_in)}
    return {"name": "jinja2", "version": "3.1.0", "vulns": [finding]}


def test_nothing_known_passes() -> None:
    assert VERDICT([SOUND]) == (["1 packages: no known vulnerability."], 0)


def test_a_finding_fails_and_names_the_version_that_mends_it() -> None:
    lines, status = VERDICT([SOUND, vulnerable("3.1.1", "4.0")])
    assert status == 1
    assert lines[0] == "jinja2 3.1.0: PYSEC-2026-1, fixed in 3.1.1, 4.0"
    assert VERDICT([vulnerable()])[0][0].endswith("fixed in no version yet")


def test_what_could_not_be_looked_up_is_never_called_sound() -> None:
    lines, status = VERDICT([SKIPPED])
    assert status == 0
    assert len(lines) == 1
    assert lines[0].startswith("*** NOT CHECKED")
    assert "1 of 1 packages" in lines[0]


def test_a_finding_fails_beside_packages_that_were_not_looked_up() -> None:
    lines, status = VERDICT([SKIPPED, vulnerable("3.1.1")])
    assert status == 1
    assert any("NOT CHECKED" in line and "1 of 2" in line for line in lines)
