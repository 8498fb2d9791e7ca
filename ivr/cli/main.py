"""``rocars-ivr``: the command line of the service."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the supervisor forks

import typer

from ivr.cli import calls, capacity, config, db, demo, edge, flows, people, prompts, serve

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="ROCARS by telephone: a SIP IVR on which truck drivers bundle cargo and vehicle.\n\n"
    "Begin with `rocars-ivr serve --demo`: it starts everything on this machine, places a "
    "demonstration call, and tells how to dial in.",
)
app.command(name="serve")(serve.serve)
app.command(name="edge")(edge.edge)
app.command(name="demo")(demo.demo)
app.command(name="drivers")(demo.drivers)
app.command(name="rocars")(serve.rocars)
app.command(name="health")(serve.health)
app.command(name="capacity")(capacity.capacity)
app.add_typer(config.app, name="config")
app.add_typer(calls.app, name="calls")
app.add_typer(flows.app, name="flows")
app.add_typer(prompts.app, name="prompts")
app.add_typer(people.app, name="people")
app.add_typer(db.app, name="db")
