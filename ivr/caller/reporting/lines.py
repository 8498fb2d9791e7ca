"""Runs as lines of JSON, for a program that waits for them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ivr.caller.performing.results import RunDone
from ivr.caller.performing.run import Unwatched


class JsonLines(Unwatched):
    """Prints each run as soon as it is finished."""

    def run_done(self, run: RunDone) -> None:
        steps = [
            f"{call.name} {step.ends_s:6.1f} s  {step.outcome}  {step.title}  {step.detail}".strip()
            for call in run.calls
            for step in call.steps
        ]
        result = {
            "run": run.title,
            "file": str(run.path),
            "outcome": run.outcome,
            "why": run.why,
            "seconds": run.seconds,
            "tries": run.tries,
            "earlier": run.earlier,
            "steps": steps,
            "call_ids": [call.sip_call_id for call in run.calls],
        }
        print(json.dumps(result), flush=True)

    def summary(self, runs: Sequence[RunDone]) -> None:
        """Print nothing more: the lines are complete."""
