"""``rocars-ivr``: the command line of the service."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the supervisor forks

import typer

from ground.standard_streams import open_closed
from ivr.cli.lazy import Place, lazy_group

open_closed()

COMMANDS = {
    "serve": Place(
        "ivr.cli.serve",
        "serve",
        "Run the service: SIP front, call workers, console and, unless told otherwise, ROCARS.",
    ),
    "edge": Place(
        "ivr.cli.edge",
        "edge",
        "Run the edge: one SIP address in front of several nodes (section `edge` of the settings).",
    ),
    "demo": Place(
        "ivr.cli.demo",
        "demo",
        "Place a demonstration call to the running service: a demo driver logs in and bundles.",
    ),
    "drivers": Place(
        "ivr.cli.demo",
        "drivers",
        "Show the demo drivers with their next one-time codes, and cargo that is free to bundle.",
    ),
    "rocars": Place(
        "ivr.cli.serve",
        "rocars",
        "Run the reference ROCARS alone, as a service of its own (see `python -m rocars --help`).",
    ),
    "health": Place(
        "ivr.cli.health",
        "health",
        "Ask the running service whether it takes calls; exit status 0 if it does.",
    ),
    "capacity": Place(
        "ivr.cli.capacity",
        "capacity",
        "How many lines a day's traffic needs, and how many calls a number of lines turns away.",
    ),
    "config": Place("ivr.cli.config", "app", "Show, check and explain the settings."),
    "calls": Place(
        "ivr.cli.calls",
        "app",
        "Scripted calls: dial a service, press, speak, and check what is heard.",
    ),
    "flows": Place("ivr.cli.flows", "app", "List, draw and check the conversations."),
    "prompts": Place("ivr.cli.prompts", "app", "Hear, make and check what the service says."),
    "people": Place("ivr.cli.people", "app", "Accounts of the operators' console."),
    "audit": Place(
        "ivr.cli.audit", "app", "The console's audit log: whether it is as it was written."
    ),
    "db": Place("ivr.cli.db", "app", "Create, inspect and purge the database of records."),
}

app = typer.Typer(
    cls=lazy_group(COMMANDS),
    no_args_is_help=True,
    add_completion=False,
    help="ROCARS by telephone: a SIP IVR on which truck drivers bundle cargo and vehicle.\n\n"
    "Begin with `rocars-ivr serve --demo`: it starts everything on this machine, places a "
    "demonstration call, and tells how to dial in.",
)


@app.callback()
def _every_command() -> None:
    """Nothing is done for all commands; with a callback, Typer makes a group of them."""
