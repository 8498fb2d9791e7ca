"""Run by Alembic, on the connection and with the tables that `ground.database.migrate` gives."""

from typing import Any, Literal

from alembic import context

from ground.database.instants import Instant


def render(kind: str, item: Any, _: object) -> str | Literal[False]:
    """How a migration that is made from the tables writes a type; False: as Alembic would."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    compare_server_default=True,
    render_as_batch=True,
    render_item=render,
)
context.run_migrations()
