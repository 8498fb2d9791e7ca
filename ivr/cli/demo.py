"""``demo`` and ``drivers``: try the service that runs on this machine."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from backend_client.errors import RocarsError
from backend_client.exchange import ProblemAnswered
from backend_client.office import Demo, RocarsOffice
from backend_client.types import CargoState
from ivr.cli.config import ConfigFile, loaded
from ivr.cli.embedded import reached
from speech.language import Language


def demo(
    config: ConfigFile = None,
    language: Annotated[
        Language, typer.Option(help="Language of the call: yue, cmn or en.")
    ] = Language.ENGLISH,
    voice: Annotated[
        bool, typer.Option("--voice", help="The driver says everything and keys nothing.")
    ] = False,
) -> None:
    """Place a demonstration call to the running service: a demo driver logs in and bundles."""
    settings, _ = loaded(config)
    from ivr.caller.demonstration import DemonstrationFailed, demonstrate
    from ivr.caller.driver import CallNotFound
    from ivr.telephony.errors import TelephonyError
    from speech.synthesiser.synthesiser import SynthesisFailed

    console = Console()
    try:
        done = asyncio.run(
            demonstrate(
                settings,
                reached(settings, "admin"),
                reached(settings, "ivr"),
                language,
                console,
                by_voice=voice,
            )
        )
    except (
        DemonstrationFailed,
        CallNotFound,
        TelephonyError,
        RocarsError,
        ProblemAnswered,
        SynthesisFailed,
    ) as failure:
        console.print(f"[red]The demonstration failed:[/] {type(failure).__name__} {failure}")
        raise typer.Exit(1) from None
    receipt = done.receipt
    crossing = (
        "immediately"
        if receipt.crossing.immediately
        else f"from {receipt.crossing.at:%H:%M} (Hong Kong time)"
    )
    console.print(f"\n[bold]UBR {receipt.ubr}[/], confirmed by ROCARS: {', '.join(receipt.ccrns)}")
    console.print(f"with {receipt.vehicle}; may cross [bold]{crossing}[/].")
    media = done.ending.media
    console.print(
        f"{done.ending.duration_s:.0f} s, {media.codec}, RTP received {media.received.packets}, "
        f"lost {media.received.lost}. Recording: {done.recording}"
    )


def drivers(config: ConfigFile = None) -> None:
    """Show the demo drivers with their next one-time codes, and cargo that is free to bundle."""
    settings, _ = loaded(config)

    async def ask() -> Demo:
        async with RocarsOffice(reached(settings, "admin")) as office:
            return await office.demo()

    try:
        found = asyncio.run(ask())
    except (RocarsError, ProblemAnswered) as failure:
        typer.echo(f"rocars-ivr: no demo data: {failure}", err=True)
        raise typer.Exit(1) from None
    console = Console()
    people = Table("user ID", "PIN", "next code", "language", "vehicles", title="Demo drivers")
    for one in found.drivers:
        people.add_row(one.user_id, one.pin, one.code, one.language, " ".join(one.vehicles))
    console.print(people)
    cargo = Table("CCRN", "direction", "crossing", title="Free cargo")
    for item in found.cargo:
        if item.state is CargoState.FREE:
            when = "at once" if item.crosses_immediately else "after 30 minutes"
            cargo.add_row(item.ccrn, item.direction, when)
    console.print(cargo)
