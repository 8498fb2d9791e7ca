"""The runs as a report that programs read: what was heard, when, and with which score."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ivr.caller.performing.results import CallDone, Outcome, RunDone

FORMAT = 1


class NotAReport(ValueError):
    """A file that is no report; the text names it and says why."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StepReport(_Part):
    """One step, as it is written in the scenario; see `StepDone`."""

    step: str
    outcome: Outcome
    ends_s: float
    latency_s: float | None = None


class PromptReport(_Part):
    """A prompt that was heard, expected or not; see `PromptDone`."""

    name: str
    language: str
    begins_s: float
    score: float


class CallReport(_Part):
    """One call."""

    name: str
    steps: tuple[StepReport, ...]
    heard: tuple[PromptReport, ...]


class RunReport(_Part):
    """One run of a scenario: one row of its examples."""

    run: str
    outcome: Outcome
    why: str
    calls: tuple[CallReport, ...]


class Report(_Part):
    """All runs; `format` is raised when older programs would misread the report."""

    format: int
    made: datetime
    runs: tuple[RunReport, ...]


def report(runs: Sequence[RunDone]) -> str:
    """The report as JSON. It contains nothing secret and no number that was read out."""
    made = Report(
        format=FORMAT, made=datetime.now(UTC), runs=tuple(_run_report(run) for run in runs)
    )
    return made.model_dump_json(indent=1) + "\n"


def read(path: Path) -> Report:
    """Read a report. Raises NotAReport."""
    try:
        found = Report.model_validate_json(path.read_bytes())
    except OSError as failure:
        raise NotAReport(f"{path}: {failure.strerror}") from failure
    except ValidationError as failure:
        fault = failure.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        problem = f"{place}: {fault['msg']}" if place else fault["msg"]
        raise NotAReport(f"{path}: no report of `calls run --report`: {problem}") from failure
    if found.format != FORMAT:
        raise NotAReport(f"{path}: a report of format {found.format}; this program reads {FORMAT}")
    return found


def _run_report(run: RunDone) -> RunReport:
    return RunReport(
        run=run.title, outcome=run.outcome, why=run.why, calls=tuple(map(_call_report, run.calls))
    )


def _call_report(call: CallDone) -> CallReport:
    return CallReport(
        name=call.name,
        steps=tuple(
            StepReport(
                step=step.written or step.title,
                outcome=step.outcome,
                ends_s=round(step.ends_s, 3),
                latency_s=None if step.latency_s is None else round(step.latency_s, 3),
            )
            for step in call.steps
        ),
        heard=tuple(
            PromptReport(
                name=prompt.name,
                language=prompt.language,
                begins_s=round(prompt.begins_s, 3),
                score=round(prompt.score, 3),
            )
            for prompt in call.prompts
        ),
    )
