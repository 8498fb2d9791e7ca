"""What is wrong with this machine, said to whoever runs a command."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from ivr.preflight.findings import Finding


def say(findings: Iterable[Finding]) -> None:
    """A line each, on stderr."""
    for finding in findings:
        typer.echo(f"{'rocars-ivr' if finding.fatal else 'warning'}: {finding}", err=True)
