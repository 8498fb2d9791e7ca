"""Benchmarks are run seldom, so what was renamed under them shows here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


@pytest.mark.service
def test_everything_that_benchmarks_import_exists() -> None:
    """In one process of its own, started as `python -m benchmarks.NAME` is."""
    files = (path.relative_to(BENCHMARKS.parent) for path in BENCHMARKS.rglob("*.py"))
    names = sorted(".".join(file.with_suffix("").parts) for file in files)
    assert {"benchmarks.lines", "benchmarks.support.console_pages"} <= set(names)
    words = [sys.executable, "-c", IMPORT_ALL, *names]
    done = subprocess.run(words, cwd=BENCHMARKS.parent, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
