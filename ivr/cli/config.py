"""``rocars-ivr config``: see, check and learn the settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ground.loading import loading

if TYPE_CHECKING:
    from ivr.settings.given import Given
    from ivr.settings.service import Settings

app = typer.Typer(no_args_is_help=True, help="Show, check and explain the settings.")

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="ROCARS_IVR_CONFIG",
        help="TOML file with settings. Default: rocars-ivr.toml here, if it exists.",
    ),
]


def loaded(config: Path | None) -> tuple[Settings, Given]:
    """The settings, or their faults on stderr and exit code 2."""
    with loading():
        from ivr.settings.service import SettingsError, load_with_origins

    try:
        return load_with_origins(config)
    except SettingsError as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(2) from None


@app.command()
def show(config: ConfigFile = None) -> None:
    """Print every setting in effect and where it came from; secrets are hidden."""
    from ivr.settings.known import known_settings, shown
    from ivr.settings.service import Settings

    settings, given = loaded(config)
    for setting in known_settings(Settings):
        value: object = settings
        for part in setting.path:
            value = getattr(value, part, None)
        text = shown(value, setting.path, setting.info)
        typer.echo(f"{setting.name} = {text}  # {given.origin(setting.path)}")


@app.command()
def check(config: ConfigFile = None) -> None:
    """Check the settings, and whether this machine has what they name.

    Exit code 2 and a list of what is wrong if they cannot be used; 1 if a port is taken, or a file
    or a program is missing. What a node that runs with them holds is well.
    """
    settings, given = loaded(config)
    from ivr.cli.saying import say
    from ivr.preflight.data_folder import family_of, holder_of
    from ivr.preflight.node import node_findings

    folder = settings.node.data.resolve()
    running = holder_of(folder)
    findings = node_findings(settings, family_of(running) if running else frozenset())
    say(findings)
    if any(finding.fatal for finding in findings):
        raise typer.Exit(1)
    if running:
        typer.echo(f"A node runs with the data folder {folder} (process {running}).")
    source = f"{given.file} and the environment" if given.file else "environment and defaults"
    typer.echo(f"The settings are right ({source}).")


@app.command("reference")
def print_reference() -> None:
    """Print a Markdown table of every setting."""
    from ivr.settings.reference import reference
    from ivr.settings.service import Settings

    typer.echo(reference(Settings), nl=False)


@app.command("example")
def print_example() -> None:
    """Print a commented TOML file with every default."""
    from ivr.settings.reference import example
    from ivr.settings.service import Settings

    typer.echo(example(Settings), nl=False)
