"""``rocars-ivr config``: see, check and learn the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ivr.settings import Settings, SettingsError, load_with_origins
from ivr.settings_reference import example, reference
from ivr.settings_sources import Given, known_settings, shown

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
    try:
        return load_with_origins(config)
    except SettingsError as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(2) from None


@app.command()
def show(config: ConfigFile = None) -> None:
    """Print every setting in effect and where it came from; secrets are hidden."""
    settings, given = loaded(config)
    for setting in known_settings(Settings):
        value: object = settings
        for part in setting.path:
            value = getattr(value, part, None)
        text = shown(value, setting.path, setting.info)
        typer.echo(f"{setting.name} = {text}  # {given.origin(setting.path)}")


@app.command()
def check(config: ConfigFile = None) -> None:
    """Check the settings; exit code 2 and a list of what is wrong if they cannot be used."""
    _, given = loaded(config)
    source = f"{given.file} and the environment" if given.file else "environment and defaults"
    typer.echo(f"The settings are right ({source}).")


@app.command("reference")
def print_reference() -> None:
    """Print a Markdown table of every setting."""
    typer.echo(reference(Settings), nl=False)


@app.command("example")
def print_example() -> None:
    """Print a commented TOML file with every default."""
    typer.echo(example(Settings), nl=False)
