"""``calls from-call``: a call that was made becomes a scenario."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivr.cli.config import ConfigFile, loaded

if TYPE_CHECKING:
    from ivr.records.call_search import CallStory
    from ivr.settings.service import Settings

NOT_MADE, USAGE = 1, 4


def from_call(
    call_ids: Annotated[
        list[str],
        typer.Argument(help="Call ID of the records (or Call-ID of SIP). Several: of one caller."),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Write it there (*.call.yaml); else it is printed.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file.")] = False,
    config: ConfigFile = None,
) -> None:
    """Make a scenario of a call of the records, which passes against the same service.

    Secrets, cargo and vehicles become variables that the scenario's own `given` fills. A call that
    goes on from an earlier one (a bundle made in it is heard of or asked for) is named together
    with that one. Exit status 1 if the call cannot be repeated: the reason is told.
    """
    settings, _ = loaded(config)
    if out is not None and out.exists() and not force:
        typer.echo(f"rocars-ivr: {out} is there already; --force overwrites it", err=True)
        raise typer.Exit(USAGE)
    from ivr.caller.retold.from_records import history_from
    from ivr.caller.retold.history import CannotBeRetold
    from ivr.caller.retold.waits import Waits
    from ivr.caller.retold.writing import as_file

    try:
        stories = asyncio.run(_stories(settings, call_ids))
        waits = Waits.of(settings.dialogue, settings.speech)
        text = as_file(history_from(stories), waits)
    except CannotBeRetold as failure:
        typer.echo(f"rocars-ivr: {failure}", err=True)
        raise typer.Exit(NOT_MADE) from None
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    typer.echo(f"{out}: run it with `rocars-ivr calls run {out}`")


async def _stories(settings: Settings, call_ids: list[str]) -> list[CallStory]:
    """The calls, in order of time. Raises CannotBeRetold, RecordsUnavailable."""
    from ivr.caller.retold.from_records import in_order
    from ivr.caller.retold.history import CannotBeRetold
    from ivr.records.call_search import CallSearch
    from ivr.records.database import Database

    records = Database(settings.records_url, settings.records)
    search = CallSearch(records)
    try:
        found = [(call_id, await search.story_of(call_id)) for call_id in dict.fromkeys(call_ids)]
    finally:
        await records.close()
    missing = [call_id for call_id, story in found if story is None]
    if missing:
        raise CannotBeRetold(f"the records have no call {', '.join(missing)}")
    return list(in_order([story for _, story in found if story is not None]))
