"""``rocars-ivr db``: the database of the records."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from ivr.cli.config import ConfigFile, loaded
from ivr.cli.outside import of_records

if TYPE_CHECKING:
    from ivr.records.database import RecordsUnavailable
    from ivr.settings.service import Settings

app = typer.Typer(no_args_is_help=True, help="Create, inspect and purge the database of records.")


class _SaidOnTheConsole:
    """A monitor of the records for a command: what is lost is in the log already."""

    def lost(self, record: str) -> None:
        typer.echo(f"not written: {record}", err=True)

    def degraded(self, degraded: bool) -> None:
        if degraded:
            typer.echo("the database fails", err=True)


def _failed(failure: RecordsUnavailable) -> typer.Exit:
    typer.echo(f"rocars-ivr: {of_records(failure)}", err=True)
    return typer.Exit(1)


def _name(settings: Settings) -> str:
    from ivr.records.database import without_password

    return without_password(settings.records_url)


@app.command()
def upgrade(config: ConfigFile = None) -> None:
    """Create the tables, or bring them to what this release expects."""
    settings, _ = loaded(config)
    from ivr.records import migrations
    from ivr.records.database import RecordsUnavailable

    try:
        revision = migrations.upgrade(settings.records_url)
    except RecordsUnavailable as failure:
        raise _failed(failure) from None
    typer.echo(f"{_name(settings)} is at revision {revision}")


@app.command()
def current(config: ConfigFile = None) -> None:
    """Print the revision of the database; exit code 1 if it is not the newest."""
    settings, _ = loaded(config)
    from ivr.records import migrations
    from ivr.records.database import RecordsUnavailable

    try:
        revision = migrations.current(settings.records_url)
    except RecordsUnavailable as failure:
        raise _failed(failure) from None
    newest = migrations.head()
    typer.echo(f"{_name(settings)} is at revision {revision or '(empty)'}, newest is {newest}")
    if revision != newest:
        raise typer.Exit(1)


@app.command()
def purge(
    config: ConfigFile = None,
    older_than_days: Annotated[
        int | None,
        typer.Option(min=1, help="Days to keep, for all of them alike."),
    ] = None,
) -> None:
    """Delete old calls, their traces, settled bundle requests, and recordings on this machine.

    What is old is said by records.retention_days, records.bundle_audit_days and
    call_recording.keep_days.
    """
    settings, _ = loaded(config)
    from ivr.recorded_calls.shelf import RecordedCalls
    from ivr.records.call_book import CallBook
    from ivr.records.database import RecordsUnavailable

    now = datetime.now(UTC)
    calls_before = now - timedelta(days=older_than_days or settings.records.retention_days)
    audit_before = now - timedelta(days=older_than_days or settings.records.bundle_audit_days)

    async def _purge() -> int:
        book = CallBook(settings.records_url, settings.records, _SaidOnTheConsole())
        try:
            return await book.purge(calls_before, audit_before=audit_before)
        finally:
            await book.shut()

    try:
        deleted = asyncio.run(_purge())
    except RecordsUnavailable as failure:
        raise _failed(failure) from None
    keep_days = settings.call_recording.keep_days
    recorded_before = now - timedelta(days=min(older_than_days or keep_days, keep_days))
    days = RecordedCalls(settings.recorded_calls).delete_before(recorded_before.date())
    typer.echo(
        f"{deleted} records deleted: calls before {calls_before:%Y-%m-%d}, "
        f"settled bundle requests before {audit_before:%Y-%m-%d}; "
        f"recordings of {days} days deleted: before {recorded_before:%Y-%m-%d}"
    )
