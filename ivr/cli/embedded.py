"""How the embedded ROCARS of this machine is reached."""

from __future__ import annotations

from pathlib import Path

import typer
from pydantic import SecretStr

from backend_client.settings import RocarsClientSettings
from ivr.preflight.plain_words import plain
from ivr.settings.service import Settings


def embedded(settings: Settings, role: str) -> RocarsClientSettings:
    """With the key of a role. Raises OSError: none has run with this configuration."""
    directory = settings.node.data.resolve() / "rocars"
    key = (directory / f"{role}.key").read_text().strip()
    port = (directory / "port").read_text().strip()
    base_url = f"http://{settings.embedded_rocars.host}:{port}"
    return settings.rocars.model_copy(update={"base_url": base_url, "api_key": SecretStr(key)})


def portal_url(settings: Settings) -> str:
    """Where the web portal of the embedded ROCARS is; empty when none has run here."""
    path = settings.node.data.resolve() / "rocars" / "portal_port"
    try:
        port = path.read_text().strip()
    except OSError:
        return ""
    return f"http://{settings.embedded_rocars.host}:{port}/"


def reached(settings: Settings, role: str) -> RocarsClientSettings:
    """The same, or a message on stderr and exit code 1."""
    try:
        return embedded(settings, role)
    except PermissionError as failure:
        typer.echo(f"rocars-ivr: {plain(failure)}", err=True)
        raise typer.Exit(1) from None
    except OSError as failure:
        missing = Path(failure.filename).name if failure.filename else str(failure)
        typer.echo(
            f"rocars-ivr: no embedded ROCARS has run here ({missing}): "
            "start `rocars-ivr serve` first",
            err=True,
        )
        raise typer.Exit(1) from None
