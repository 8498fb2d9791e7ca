"""Run by Alembic, on the connection that `upgrade` opened."""

from alembic import context

from ivr.records.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_server_default=True,
    render_as_batch=True,
)
context.run_migrations()
