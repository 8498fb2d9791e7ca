"""The tables' history, applied with Alembic: `upgrade(database_url)`, `current(database_url)`."""

from ivr.records.migrations.upgrade import current, head, upgrade

__all__ = ["current", "head", "upgrade"]
