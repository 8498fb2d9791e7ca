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
    names = sorted(f"benchmarks.{path.stem}" for path in BENCHMARKS.glob("*.py"))
    assert "benchmarks.lines" in names
    words = [sys.executable, "-c", IMPORT_ALL, *names]
    done = subprocess.run(words, cwd=BENCHMARKS.parent, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
