"""A scenario is run, its calls become scenarios, those are run: both traces are the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ivr.dialogue.trace import StepKind
from tests.support.pace import PACE, limit
from tests.support.service import Service

pytestmark = pytest.mark.call

SCENARIO = Path(__file__).parent / "scripted" / "wrong_numbers.call.yaml"
"""Keys pressed ahead, a key that is no choice, unknown cargo, a second look, and a bundle."""

LANGUAGES = ("yue", "cmn", "en")


def performed(service: Service, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ivr.cli", "calls", *words, "--config", str(service.config)],
        capture_output=True,
        timeout=limit(240),
        check=False,
    )
    scenario = done.stdout.decode()
    assert done.returncode == 0, scenario + done.stderr.decode()[-2000:]
    return scenario


def calls_since(service: Service, known: set[str]) -> dict[str, str]:
    """The calls made since then, by language; the last of each, if one was tried again."""
    service.until_idle()
    rows = service.query("SELECT call_id, language FROM calls ORDER BY offered_at")
    new = {language: call_id for call_id, language in rows if call_id not in known}
    assert sorted(new) == sorted(LANGUAGES)
    return new


def trace(service: Service, call_id: str) -> Sequence[tuple[Any, ...]]:
    """What was said, asked and answered, without what differs from call to call: numbers that were
    given, times, and fillers."""
    rows = service.query(
        "SELECT kind, name, value, mode, attempt, language, detail FROM steps WHERE call_id = ? "
        "ORDER BY sequence",
        call_id,
    )
    steps: list[tuple[Any, ...]] = []
    for kind, name, value, mode, attempt, language, detail in rows:
        more = json.loads(detail)
        if more.get("filler"):
            continue
        prompts = [(prompt["name"], prompt["language"]) for prompt in more.get("prompts", ())]
        if name == "welcome.language":
            prompts.sort()  # the language last spoken by this number is offered first
        how = [more.get(key) for key in ("why", "sent", "ended", "before", "only_now")]
        answer = kind in (StepKind.ANSWERED, StepKind.NOMATCH)
        shown = "a number" if answer and len(value) > 2 else value
        steps.append((kind, name, shown, mode, attempt, language, prompts, how))
    return steps


def test_a_call_becomes_a_scenario_that_does_the_same(service: Service, tmp_path: Path) -> None:
    patience = ("--patience", f"{max(1.0, PACE.scale()):.1f}", "--at-once", "3", "--tries", "2")
    known = {call_id for (call_id,) in service.query("SELECT call_id FROM calls")}
    performed(service, "run", str(SCENARIO), *patience, "--report", str(tmp_path / "old.report"))
    first = calls_since(service, known)
    made = []
    for language, call_id in first.items():
        made.append(tmp_path / f"{language}.call.yaml")
        performed(service, "from-call", call_id, "--out", str(made[-1]))
    performed(service, "run", *map(str, made), *patience)
    second = calls_since(service, known | set(first.values()))
    for language in LANGUAGES:
        assert trace(service, second[language]) == trace(service, first[language])
