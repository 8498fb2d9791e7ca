"""Shows a run in the terminal while it is in progress."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from ivr.caller.performing.results import Outcome, RunDone, StepDone
from ivr.caller.scenario.planned import PlannedRun
from ivr.caller.scenario.scenario import ScriptedCall

_SIGNS = {
    Outcome.PASSED: "[green]✓[/]",
    Outcome.FAILED: "[red]✗[/]",
    Outcome.BROKEN: "[magenta]![/]",
    Outcome.NOT_REACHED: "[dim]·[/]",
}


class Terminal:
    """Prints steps when they are done."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        """`quiet`: prints only runs, and the steps of those that did not pass."""
        self._console = console
        self._quiet = quiet

    def run_begins(self, run: PlannedRun) -> None:
        if not self._quiet:
            self._line(f"[bold]{escape(run.title)}[/]")

    def call_begins(self, call: ScriptedCall) -> None:
        if call.name and not self._quiet:
            self._line(f"  {escape(call.name)}")

    def step_done(self, step: StepDone) -> None:
        if not self._quiet:
            self._line(_step(step))

    def run_done(self, run: RunDone) -> None:
        if self._quiet:
            self._line(f"{_SIGNS[run.outcome]} {escape(run.title)} [dim]{run.seconds:.1f} s[/]")
            if run.outcome is not Outcome.PASSED:
                for call in run.calls:
                    for step in call.steps:
                        self._line(_step(step))
        if run.broken:
            self._line(f"    [magenta]{escape(run.broken)}[/]")

    def summary(self, runs: Sequence[RunDone]) -> None:
        """Print how many passed, and why the others did not."""
        wrong = [run for run in runs if run.outcome is not Outcome.PASSED]
        for run in wrong:
            self._line(f"{_SIGNS[run.outcome]} {escape(run.title)}: {escape(run.why)}")
        seconds = sum(run.seconds for run in runs)
        self._line(f"{len(runs) - len(wrong)} of {len(runs)} runs passed in {seconds:.1f} s")

    def _line(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)


def _step(step: StepDone) -> str:
    latency = "" if step.latency_s is None else f" [dim]+{step.latency_s * 1000:.0f} ms[/]"
    detail = f" [dim]{escape(step.detail)}[/]" if step.detail else ""
    return f"    {_SIGNS[step.outcome]} {step.ends_s:6.1f} s  {escape(step.title)}{latency}{detail}"
