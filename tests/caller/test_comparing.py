"""Two reports of runs: what differs in prompts, order, latency and confidence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ivr.caller.performing.results import CallDone, Outcome, PromptDone, RunDone, StepDone
from ivr.caller.reporting.report import report
from ivr.cli.calls import app

pytestmark = pytest.mark.unit

HEARD = [
    PromptDone("welcome.greeting", "yue", 0.1, 0.999),
    PromptDone("login.user_id.say", "en", 4.0, 0.998),
    PromptDone("login.checking", "en", 9.0, 0.998),
    PromptDone("login.welcome", "en", 12.0, 0.997),
]


def run(prompts: list[PromptDone], latency_s: float = 0.2) -> RunDone:
    steps = [
        StepDone("dial 3902", Outcome.PASSED, 0, 0.1, written="dial 3902"),
        StepDone("press 61234567", Outcome.PASSED, 5, 7, written="press {user_id}"),
        StepDone(
            "expect login.welcome", Outcome.PASSED, 7, 13,
            latency_s=latency_s, written="expect login.welcome",
        ),
    ]  # fmt: skip
    return RunDone(Path("a.call.yaml"), "logs in", "en", calls=[CallDone("", steps, prompts)])


def compared(folder: Path, old: list[RunDone], new: list[RunDone], *more: str) -> tuple[int, str]:
    paths = []
    for name, runs in (("old", old), ("new", new)):
        path = folder / f"{name}.report"
        path.write_text(report(runs))
        paths.append(str(path))
    done = CliRunner().invoke(app, ["compare", *paths, *more])
    return done.exit_code, done.output


def test_the_same_twice(tmp_path: Path) -> None:
    almost = [replace(prompt, score=prompt.score - 0.01) for prompt in HEARD]
    assert compared(tmp_path, [run(HEARD)], [run(almost, 0.3)]) == (0, "1 of 1 runs are the same\n")


def test_what_differs_is_told(tmp_path: Path) -> None:
    greeting, question, checking, welcome = HEARD
    new = [
        question,
        greeting,
        replace(welcome, score=0.8),
        PromptDone("main_menu.intro", "en", 15.0, 1.0),
    ]
    code, report = compared(
        tmp_path, [run([greeting, question, checking, welcome])], [run(new, 1.4)]
    )
    assert code == 1
    assert report.splitlines() == [
        "logs in [en]",
        "  order: login.user_id.say (en) after welcome.greeting (yue) → first",
        "  prompt: login.checking (en) is not heard any more after login.user_id.say (en)",
        "  prompt: main_menu.intro (en) is new after login.welcome (en)",
        "  confidence: login.welcome (en) 0.997 → 0.800",
        "  latency: expect login.welcome 0.20 s → 1.40 s",
        "0 of 1 runs are the same",
    ]


def test_what_may_come_or_not_is_ignored(tmp_path: Path) -> None:
    without = [prompt for prompt in HEARD if prompt.name != "login.checking"]
    assert compared(tmp_path, [run(HEARD)], [run(without)])[0] == 1
    assert compared(tmp_path, [run(HEARD)], [run(without)], "--ignore", "login.checking")[0] == 0


def test_runs_that_one_report_lacks_and_outcomes(tmp_path: Path) -> None:
    other = replace(run(HEARD), row="cmn")
    failed = run(HEARD)
    failed.broken = "no cargo was given"
    code, report = compared(tmp_path, [run(HEARD), other], [failed])
    assert code == 1
    assert "outcome: passed → broken: no cargo was given" in report
    assert "logs in [cmn]\n  only in the old report" in report


def test_a_report_has_steps_as_written_and_no_values(tmp_path: Path) -> None:
    assert "61234567" not in report([run(HEARD)])
    assert "press {user_id}" in report([run(HEARD)])


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": 1, "made": "x", "runs": []}'])
def test_what_is_no_report_is_named(tmp_path: Path, text: str) -> None:
    good, bad = tmp_path / "good.report", tmp_path / "bad.report"
    good.write_text(report([run(HEARD)]))
    bad.write_text(text)
    done = CliRunner().invoke(app, ["compare", str(good), str(bad)])
    assert done.exit_code == 4
    assert "bad.report: no report" in done.output
    newer = json.loads(good.read_text()) | {"format": 2}
    bad.write_text(json.dumps(newer))
    done = CliRunner().invoke(app, ["compare", str(good), str(bad)])
    assert "a report of format 2" in done.output


def test_scenarios_of_the_same_name_are_compared_each(tmp_path: Path) -> None:
    changed = run(HEARD[:1])
    code, text = compared(tmp_path, [run(HEARD), run(HEARD)], [run(HEARD), changed])
    assert code == 1
    assert text.startswith("logs in [en] (2)\n")
    assert text.endswith("1 of 2 runs are the same\n")
