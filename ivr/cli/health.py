"""``health``: ask the running service whether it is well."""

from __future__ import annotations

import urllib.error
import urllib.request

import typer

from ivr.cli.config import ConfigFile, loaded


def health(config: ConfigFile = None) -> None:
    """Ask the running service whether it takes calls; exit status 0 if it does."""
    settings, _ = loaded(config)
    from ivr.preflight.data_folder import as_running

    settings = as_running(settings)
    web = settings.web
    host, port = (web.health_host, web.health_port) if web.health_port else (web.host, web.port)
    url = f"http://{host}:{port}/health/ready"
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            typer.echo(answer.read().decode())
    except urllib.error.HTTPError as unready:
        typer.echo(unready.read().decode(), err=True)
        raise typer.Exit(1) from None
    except OSError as failure:
        typer.echo(f"no answer from {url}: {failure}", err=True)
        raise typer.Exit(1) from None
