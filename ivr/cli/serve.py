"""``serve``, ``rocars`` and ``health``: run the service, or ask whether it is well."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ivr.cli.config import ConfigFile, loaded
from ivr.pool.settings import MOST_CARDS, PUBLISHED_LINES
from ivr.settings import CONFIG_VARIABLE, Settings
from speech.language import Language


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
    language: Annotated[
        Language, typer.Option(help="Language of the demonstration: yue, cmn or en.")
    ] = Language.ENGLISH,
) -> None:
    """Run the service: SIP front, call workers, console and, unless told otherwise, ROCARS.

    SIGTERM or Ctrl-C drains: no new calls, running ones may finish. A second one ends at once.
    """
    settings, _ = loaded(config)
    if lines is not None:
        settings = settings.model_copy(update={"pool": settings.pool.with_lines(lines)})
    if config is not None:
        os.environ[CONFIG_VARIABLE] = str(config.resolve())  # for the self-test's process
    settings.node.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    from ivr.observe import metrics_directory

    metrics_directory.use(settings.node.data.resolve() / "metrics")
    from ivr.observe.logs import configure_logs

    configure_logs(
        level=settings.node.log_level,
        format=settings.node.log_format,
        node=settings.node.name,
    )
    from ivr.pool.supervisor import NotStarted, Supervisor

    supervisor = Supervisor(
        settings,
        announce=lambda: _announce(settings),
        when_ready=(lambda: _demonstrate(config, language)) if demo else None,
    )
    try:
        raise typer.Exit(supervisor.run())
    except NotStarted as failure:
        typer.echo(f"rocars-ivr: {failure}", err=True)
        raise typer.Exit(1) from None


def rocars(
    settings: Annotated[
        Path | None, typer.Option("--settings", help="TOML file of ROCARS settings.")
    ] = None,
) -> None:
    """Run the reference ROCARS alone, as a service of its own (see `python -m rocars --help`)."""
    arguments = ["--settings", str(settings)] if settings else []
    os.execv(sys.executable, [sys.executable, "-m", "rocars", *arguments])


def health(config: ConfigFile = None) -> None:
    """Ask the running service whether it takes calls; exit status 0 if it does."""
    settings, _ = loaded(config)
    url = f"http://{settings.web.host}:{settings.web.port}/health/ready"
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            typer.echo(answer.read().decode())
    except urllib.error.HTTPError as unready:
        typer.echo(unready.read().decode(), err=True)
        raise typer.Exit(1) from None
    except OSError as failure:
        typer.echo(f"no answer from {url}: {failure}", err=True)
        raise typer.Exit(1) from None


def _announce(settings: Settings) -> None:
    console = Console()
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
    console.print(
        "Drivers and cargo to try, at any time: [bold]rocars-ivr drivers[/]. Ctrl-C ends.\n",
        soft_wrap=True,
    )


def _demonstrate(config: Path | None, language: Language) -> int:
    """The demonstration call, and then who may be dialled in as and what may be bundled."""
    program = [sys.executable, "-m", "ivr.cli"]
    which = ["--config", str(config)] if config else []
    called = subprocess.run([*program, "demo", "--language", language, *which], check=False)
    shown = subprocess.run([*program, "drivers", *which], check=False)
    return called.returncode or shown.returncode
