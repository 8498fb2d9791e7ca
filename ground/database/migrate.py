"""Migrates a database to the revision that this release expects, with Alembic, under a lock.

Alembic is loaded when there is something to migrate; most starts find nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from ground.database.engine import for_writing
from ground.database.revisions import Revisions, revisions_in

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATION_TIMEOUT_S = 900.0
"""An index over a year of calls takes minutes to build, and other processes wait for it."""

MIGRATION_BUSY_TIMEOUT_MS = 30_000
"""The same limit for SQLite's write lock."""


class NewerDatabase(RuntimeError):
    """The database is at a revision that this release does not have."""


def _nothing(_: Connection) -> None:
    return None


@dataclass(frozen=True)
class Migrations:
    """The migrations of one service.

    Args:
        versions: folder of the revisions.
        metadata: the tables as the code has them; autogeneration and `check` compare with these.
        lock: number of the advisory lock that keeps two processes from migrating one PostgreSQL
            database at a time. One number a service: two services may share a database.
        take_over: run first, in the same transaction and under the lock; for a database older than
            these migrations.
    """

    versions: Path
    metadata: MetaData
    lock: int
    take_over: Callable[[Connection], None] = _nothing

    def config(self, connection: Connection | None = None) -> Config:
        """Alembic's configuration without an ini file; `alembic/env.py` reads its attributes.

        What Alembic has to say goes to the present standard output: by default it would go to the
        one that there was when Alembic was loaded, which may be closed by now.
        """
        from alembic.config import Config

        config = Config(stdout=sys.stdout)
        config.set_main_option("path_separator", "newline")  # a folder's name may have a colon
        config.set_main_option("script_location", _escaped(Path(__file__).parent / "alembic"))
        config.set_main_option("version_locations", _escaped(self.versions))
        config.attributes["connection"] = connection
        config.attributes["metadata"] = self.metadata
        return config

    def head(self) -> str:
        """The newest revision of this release."""
        return self._revisions.newest

    @property
    def _revisions(self) -> Revisions:
        return revisions_in(self.versions)

    def stamp(self, connection: Connection, revision: str) -> None:
        """Record the revision without running migrations, since the tables exist."""
        from alembic import command

        command.stamp(self.config(connection), revision)

    async def upgrade(self, engine: AsyncEngine) -> str:
        """Apply the missing migrations in one transaction; returns the revision reached.

        Several processes may do this at once: one migrates, and the others find nothing to do. The
        engine's time-outs must allow for that (`MIGRATION_TIMEOUT_S`). Raises NewerDatabase, and
        what the database or `take_over` raises.
        """

        def upgrade(connection: Connection) -> None:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": self.lock})
            self.take_over(connection)
            revision = _revision(connection)
            self._must_be_known(revision)
            if revision != self.head():
                from alembic import command

                command.upgrade(self.config(connection), "head")

        async with for_writing(engine).begin() as connection:
            await connection.run_sync(upgrade)
        return self.head()

    async def current(self, engine: AsyncEngine) -> str | None:
        """The current revision of the database; None if it has none. Raises what the database
        raises."""
        async with engine.begin() as connection:
            return await connection.run_sync(_revision)

    def _must_be_known(self, revision: str | None) -> None:
        if revision is not None and revision not in self._revisions.known:
            raise NewerDatabase(
                f"the database is at revision {revision}, this release knows {self.head()} and "
                "before: a newer release has used it"
            )


def _revision(connection: Connection) -> str | None:
    """What Alembic has noted in the table that it keeps for that."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    noted = connection.execute(text("SELECT version_num FROM alembic_version"))
    return noted.scalar_one_or_none()


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")
