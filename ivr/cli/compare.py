"""``calls compare``: what differs between two runs of the same scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SAME, DIFFERENT, USAGE = 0, 1, 4

Report = Annotated[Path, typer.Argument(help="Written by `calls run --report FILE`.")]


def compare(
    old: Report,
    new: Report,
    latency: Annotated[
        float, typer.Option(help="Seconds a prompt may begin sooner or later.", min=0)
    ] = 0.3,
    score: Annotated[
        float, typer.Option(help="How much less or more alike its recording it may be.", min=0)
    ] = 0.05,
    ignore: Annotated[
        list[str] | None, typer.Option(help="A prompt that may come or not; several times.")
    ] = None,
) -> None:
    """Tell what differs between two reports: prompts, their order, latency, confidence.

    Exits with 0 if nothing does, 1 if something does, 4 on a file that is no report.
    """
    from ivr.caller.reporting.comparing import Tolerance, differences
    from ivr.caller.reporting.report import NotAReport, read

    try:
        reports = read(old), read(new)
    except NotAReport as failure:
        typer.echo(f"rocars-ivr: {failure}", err=True)
        raise typer.Exit(USAGE) from None
    found = differences(*reports, Tolerance(latency, score, frozenset(ignore or ())))
    for run in found:
        if run.lines:
            typer.echo(run.run)
            for line in run.lines:
                typer.echo(f"  {line}")
    same = sum(not run.lines for run in found)
    typer.echo(f"{same} of {len(found)} runs are the same")
    raise typer.Exit(SAME if same == len(found) else DIFFERENT)
