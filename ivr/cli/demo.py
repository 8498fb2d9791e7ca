"""``demo`` and ``drivers``: try the service that runs on this machine."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from ivr.cli.config import ConfigFile, loaded
from speech.languages.language import Language

if TYPE_CHECKING:
    from backend_client.office import Demo


def demo(
    config: ConfigFile = None,
    language: Annotated[Language, typer.Option(help="Language of the call.")] = Language.ENGLISH,
    voice: Annotated[
        bool, typer.Option("--voice", help="The driver says everything and keys nothing.")
    ] = False,
) -> None:
    """Place a demonstration call to the running service: a demo driver logs in and bundles."""
    settings, _ = loaded(config)
    from ivr.preflight.data_folder import as_running

    settings = as_running(settings)
    from backend_client.errors import RocarsError
    from backend_client.transport import ProblemAnswered
    from ivr.caller.demonstration import DemonstrationFailed, demonstrate
    from ivr.caller.own_trace import CallNotFound
    from ivr.cli.embedded import reached
    from ivr.telephony.errors import TelephonyError
    from speech.synthesiser.synthesiser import SynthesisFailed

    console = Console()
    try:
        done = asyncio.run(
            demonstrate(
                settings,
                reached(settings, "demo"),
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
    import pyotp

    from backend_client.errors import RocarsError
    from backend_client.office import RocarsOffice
    from backend_client.transport import ProblemAnswered
    from backend_client.types import CargoState
    from ivr.cli.embedded import portal_url, reached

    async def ask() -> Demo:
        async with RocarsOffice(reached(settings, "demo")) as office:
            return await office.demo()

    try:
        found = asyncio.run(ask())
    except (RocarsError, ProblemAnswered) as failure:
        typer.echo(f"rocars-ivr: no demo data: {failure}", err=True)
        raise typer.Exit(1) from None
    console = Console()
    people = Table("user ID", "PIN", "next code", "language", "vehicles", title="Demo drivers")
    for driver in found.drivers:
        people.add_row(
            driver.user_id, driver.pin, driver.code, driver.language, " ".join(driver.vehicles)
        )
    console.print(people)
    if found.accounts:
        accounts = Table(
            "user ID", "password", "role", "company", title="Demo accounts of the portal"
        )
        for account in found.accounts:
            accounts.add_row(account.user_id, account.password, account.role, account.company)
        console.print(accounts)
        if url := portal_url(settings):
            console.print(f"Portal of shippers and drivers: {url}", soft_wrap=True)
    officers = Table(
        "name", "password", "code now", "role", title="Officers: boundary, hotline, registration"
    )
    for officer in found.officers:
        seed = base64.b32encode(bytes.fromhex(officer.seed)).decode()
        officers.add_row(officer.name, officer.password, pyotp.TOTP(seed).now(), officer.role)
    console.print(officers)
    cargo = Table("CCRN", "direction", "crossing", title="Free cargo")
    for item in found.cargo:
        if item.state is CargoState.FREE:
            when = "at once" if item.crosses_immediately else "after 30 minutes"
            cargo.add_row(item.ccrn, item.direction, when)
    console.print(cargo)
