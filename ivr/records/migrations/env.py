"""Run by Alembic, on the connection that `upgrade` opened."""

from alembic import context

from ivr.records.console_tables import Tally

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Tally.metadata,
    compare_server_default=True,
    render_as_batch=True,
)
context.run_migrations()
