"""``rocars-ivr audit``: whether the console's audit log is as it was written."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from ivr.cli.config import ConfigFile, loaded

if TYPE_CHECKING:
    from ivr.records.audit_chain import Verdict

app = typer.Typer(
    no_args_is_help=True, help="The console's audit log: whether it is as it was written."
)


@app.callback()
def _audit() -> None:
    """With a callback, one command is a group too."""


@app.command()
def check(
    noted: Annotated[
        str,
        typer.Option(
            help="ID:HASH of an entry as an earlier check printed it, or as syslog has it: shows "
            "that nothing was taken from the end since."
        ),
    ] = "",
    config: ConfigFile = None,
) -> None:
    """Look at every entry: each holds a hash of itself and of the one before. Exit status 1 if one
    was changed, or is missing."""
    settings, _ = loaded(config)
    from ivr.records import audit_chain
    from ivr.records.database import Database, RecordsUnavailable

    async def look() -> Verdict:
        records = Database(settings.records_url, settings.records)
        try:
            return await audit_chain.check(records, _read(noted))
        finally:
            await records.close()

    try:
        verdict = asyncio.run(look())
    except RecordsUnavailable as failure:
        typer.echo(f"rocars-ivr: {failure}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{verdict.entries} entries whole, the newest {verdict.last}:{verdict.hash}")
    if verdict.broken:
        typer.echo(f"rocars-ivr: {verdict.broken}", err=True)
        raise typer.Exit(1)


def _read(noted: str) -> tuple[int, str] | None:
    if not noted:
        return None
    entry, _, sealed = noted.partition(":")
    if not entry.isdecimal() or not sealed:
        raise typer.BadParameter("expected ID:HASH")
    return int(entry), sealed
