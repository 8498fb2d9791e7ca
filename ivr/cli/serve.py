"""``serve`` and ``rocars``: run the service, or the reference ROCARS alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, cast

import typer
from rich.console import Console

from ground.loading import loading
from ground.outlet import OutletFile
from ivr.cli.config import ConfigFile
from ivr.settings.pool import MOST_CARDS, PUBLISHED_LINES
from speech.languages.language import Language

if TYPE_CHECKING:
    from ivr.settings.service import Settings


def serve(
    config: ConfigFile = None,
    lines: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=PUBLISHED_LINES * MOST_CARDS,
            help="Lines to serve, in place of the settings pool.workers and pool.cards_per_worker.",
        ),
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Place a demonstration call once calls are taken.")
    ] = False,
    free_ports: Annotated[
        bool,
        typer.Option(
            "--free-ports", help="Take free ports where the usual ones are taken, and say so."
        ),
    ] = False,
    language: Annotated[
        Language, typer.Option(help="Language of the demonstration.")
    ] = Language.ENGLISH,
) -> None:
    """Run the service: SIP front, call workers, console and, unless told otherwise, ROCARS.

    SIGTERM or Ctrl-C drains: no new calls, running ones may finish. A second one ends at once.
    """
    with loading():
        from ivr.cli.starting import ready_to_serve
        from ivr.settings.service import CONFIG_VARIABLE

    settings, folder = ready_to_serve(config, lines, free_ports)

    if config is not None:
        os.environ[CONFIG_VARIABLE] = str(config.resolve())  # for the self-test's process
    from ivr.observe import metrics_directory

    metrics_directory.use(settings.node.data.resolve() / "metrics")
    from ivr.observe.logs import configure_logs

    configure_logs(
        level=settings.node.log_level,
        format=settings.node.log_format,
        node=settings.node.name,
    )
    _say_starting(settings)
    with loading():
        from ivr.node.supervisor import NotStarted, Supervisor

    supervisor = Supervisor(
        settings,
        announce=lambda: _announce(settings),
        when_ready=(lambda: _demonstrate(config, language)) if demo else None,
    )
    try:
        raise typer.Exit(supervisor.run())
    except NotStarted as failure:
        OutletFile(sys.stderr).write(f"rocars-ivr: {failure}\n")
        raise typer.Exit(1) from None
    finally:
        folder.leave()


def rocars(
    settings: Annotated[
        Path | None, typer.Option("--settings", help="TOML file of ROCARS settings.")
    ] = None,
) -> None:
    """Run the reference ROCARS alone, as a service of its own (see `python -m rocars --help`)."""
    arguments = ["--settings", str(settings)] if settings else []
    os.execv(sys.executable, [sys.executable, "-m", "rocars", *arguments])


def _standard_output() -> IO[str]:
    """What is announced must not hold up a node either, if nobody reads it."""
    return cast("IO[str]", OutletFile(sys.stdout))


def _say_starting(settings: Settings) -> None:
    """It takes some seconds, and a newcomer should not wonder."""
    rocars = ", ROCARS for trials" if settings.embedded_rocars.enabled else ""
    Console(file=_standard_output(), soft_wrap=True, highlight=False).print(
        f"Starting the SIP front, {settings.pool.workers} call workers, the console{rocars}; "
        f"data in {settings.node.data}/ …"
    )


def _announce(settings: Settings) -> None:
    console = Console(file=_standard_output())
    addresses = ", ".join(
        f"sip:3902@{address}:{settings.sip.port}" for address in settings.sip.listen
    )
    web = f"http://{settings.web.host}:{settings.web.port}"
    over = f"UDP and TCP, TLS on {settings.sip.tls.port}" if settings.sip.tls.on else "UDP and TCP"
    console.print(f"[bold]Taking calls[/] at {addresses} ({over}; G.711)", soft_wrap=True)
    console.print(
        f"Console: {web}/ (a first account: [bold]rocars-ivr people add NAME --role "
        f"administrator[/]); health and metrics: {web}/health/ready, {web}/metrics",
        soft_wrap=True,
    )
    if settings.has_open_handset:
        handset = settings.handset
        console.print(
            f"Telephone in the browser: [bold]http://{handset.host}:{handset.port}/[/] (one press "
            "calls)",
            soft_wrap=True,
        )
    if portal := _portal(settings):
        console.print(f"Portal of shippers and drivers: {portal}", soft_wrap=True)
        if settings.embedded_rocars.demo_data:
            console.print(f"Self-help kiosk: {portal}kiosk/", soft_wrap=True)
    rocars = settings.embedded_rocars
    if rocars.enabled and rocars.demo_data and rocars.port:
        boundary = f"http://{rocars.host}:{rocars.port}/boundary"
        console.print(
            f"At the boundary: board {boundary}/boards/LMC-OUT-1, panel "
            f"{boundary}/panels/LMC-OUT-1, officers and hotline {boundary}/",
            soft_wrap=True,
        )
        console.print(
            f"Registrars' desk: http://{rocars.host}:{rocars.port}/registration", soft_wrap=True
        )
    console.print(
        "Drivers, accounts and cargo to try, at any time: [bold]rocars-ivr drivers[/]. "
        "Ctrl-C ends.\n",
        soft_wrap=True,
    )


def _portal(settings: Settings) -> str:
    """Address of the portal of the embedded ROCARS; empty when ROCARS is elsewhere."""
    from ivr.cli.embedded import portal_url

    return portal_url(settings) if settings.embedded_rocars.enabled else ""


def _demonstrate(config: Path | None, language: Language) -> int:
    """The demonstration call, and then who may be dialled in as and what may be bundled."""
    program = [sys.executable, "-m", "ivr.cli"]
    which = ["--config", str(config)] if config else []
    called = subprocess.run([*program, "demo", "--language", language, *which], check=False)
    shown = subprocess.run([*program, "drivers", *which], check=False)
    return called.returncode or shown.returncode
