"""Variables are named by what they stand for: not told, heard, said or one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
ROOMS = (
    *("backend_client", "benchmarks", "call_flows", "ground", "ivr", "prompts", "rocars"),
    *("sip_config", "speech", "tests", ".ci", "docs"),
)
EMPTY = {"told", "heard", "said", "one"}
KEPT = {("ivr/caller/reporting/report.py", "heard")}
"""A field of a file format: the report of a test call."""


def named_in(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of all that a module defines."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.Name(id=name, ctx=ast.Store())
                | ast.Attribute(attr=name, ctx=ast.Store())
                | ast.arg(arg=name)
            ):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name
            case ast.alias(asname=str(name)) | ast.MatchAs(name=str(name)):
                yield node.lineno, name


@pytest.mark.parametrize("room", ROOMS)
def test_names_say_what_they_stand_for(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in files
        for line, name in named_in(path.read_text(encoding="utf-8"))
        if name in EMPTY and (str(path.relative_to(ROOT)), name) not in KEPT
    ]
    assert found == []
