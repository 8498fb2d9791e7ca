"""Which migrations there are, and how a database from before them is taken over.

Releases before these migrations made their tables by themselves and noted version 1 of them in the
table `schema_version`. The tables of revision 0001 are those; they only need the note that they are
there. `schema_version` stays, so that such a release can still be put back, and one that finds
another number than 1 refuses to start: whoever adds a revision that it could not work with raises
`SCHEMA_VERSION` and the number in the table.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, select

from ground.database.migrate import Migrations
from rocars.store.tables.applications import Application
from rocars.store.tables.base import Base, SchemaVersion
from rocars.store.tables.batches import Batch
from rocars.store.tables.bundling import Bundle
from rocars.store.tables.course import CourseTaken
from rocars.store.tables.crossing import Passage
from rocars.store.tables.hotline import ChannelEvent
from rocars.store.tables.officers import Officer
from rocars.store.tables.security import SecurityToken
from rocars.store.tables.systems import CompanyKey
from rocars.store.tables.web import WebAccount

SCHEMA_VERSION = 1
FIRST_REVISION = "0001"
LOCK = int.from_bytes(b"ROCARSDB", "big")
"""Not that of the records: in one PostgreSQL database neither service waits for the other."""

TABLES = (
    Application,
    Batch,
    Bundle,
    ChannelEvent,
    CompanyKey,
    CourseTaken,
    Passage,
    Officer,
    SecurityToken,
    WebAccount,
)
"""One of each file; with what these import, every table is known to `Base.metadata`."""


class SchemaMismatch(RuntimeError):
    """The database was made by another version of ROCARS."""


def _take_over(connection: Connection) -> None:
    """Raises SchemaMismatch."""
    tables = inspect(connection)
    if not tables.has_table(SchemaVersion.__tablename__):
        return
    found = connection.execute(select(SchemaVersion.version)).scalar_one_or_none()
    if found != SCHEMA_VERSION:
        raise SchemaMismatch(f"the database has schema version {found}, expected {SCHEMA_VERSION}")
    if not tables.has_table("alembic_version"):
        MIGRATIONS.stamp(connection, FIRST_REVISION)


MIGRATIONS = Migrations(
    versions=Path(__file__).parent / "versions",
    metadata=Base.metadata,
    lock=LOCK,
    take_over=_take_over,
)
