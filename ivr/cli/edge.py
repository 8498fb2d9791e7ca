"""``edge``: run the front of several nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.console import Console

from ivr.cli.config import ConfigFile, loaded

if TYPE_CHECKING:
    from ivr.settings.service import Settings


def edge(config: ConfigFile = None) -> None:
    """Run the edge: one SIP address in front of several nodes (section `edge` of the settings).

    It gives each call to the node with the most room, leaves out nodes that drain or do not answer,
    and has metrics at web.host and web.port. SIGTERM or Ctrl-C drains; a second one ends at once.
    """
    settings, _ = loaded(config)
    if not settings.edge.nodes:
        typer.echo("rocars-ivr: edge.nodes: expected the nodes to give calls to", err=True)
        raise typer.Exit(2)
    from ivr.cli.starting import ready_for_edge

    folder = ready_for_edge(settings)
    from ivr.observe import metrics_directory

    metrics_directory.use(settings.node.data.resolve() / "metrics")
    from ivr.observe import metrics
    from ivr.observe.logs import configure_logs

    configure_logs(
        level=settings.node.log_level, format=settings.node.log_format, node=settings.node.name
    )
    from ivr.node.edge import NodeEdge
    from sip_config.kamailio import FrontFailed

    try:
        metrics.serve(settings.web.host, settings.web.port)
        raise typer.Exit(NodeEdge(settings, lambda: _announce(settings)).run())
    except FrontFailed as failure:
        typer.echo(f"rocars-ivr: {failure}", err=True)
    except OSError as failure:
        typer.echo(f"rocars-ivr: no metrics: set web.port to a free port: {failure}", err=True)
    finally:
        folder.leave()
    raise typer.Exit(1)


def _announce(settings: Settings) -> None:
    nodes = ", ".join(f"{node.name} ({node.lines} lines)" for node in settings.edge.nodes)
    Console().print(
        f"[bold]Taking calls[/] at sip:{settings.sip.listen[0]}:{settings.sip.port} for {nodes}. "
        f"Metrics: http://{settings.web.host}:{settings.web.port}/metrics",
        soft_wrap=True,
    )
