"""Where the database is, and how long it is waited for."""

from __future__ import annotations

from pydantic import Field, field_validator

from ground.database.postgresql import database_url
from rocars.section import Section

DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")


class DatabaseSettings(Section):
    """The database of registrants, cargo and bundles."""

    url: str = Field(
        default="",
        description="`postgresql+asyncpg://user:password@host/name` or "
        "`sqlite+aiosqlite:///path`. Empty: `rocars.sqlite3` in the data directory.",
        repr=False,
    )
    busy_timeout_ms: int = Field(
        default=5000,
        ge=0,
        le=60_000,
        description="SQLite: wait for another writer's lock, milliseconds.",
    )
    pool_size: int = Field(
        default=12,
        ge=1,
        le=100,
        description="Database connections, opened as they are needed and kept open. The service "
        "itself takes up to seven at once (messages taken in, worked off and pushed, uses of keys, "
        "boards, clean-up, demo), whoever asks shares the rest. PostgreSQL admits 100 for all "
        "nodes together unless told otherwise.",
    )
    statement_timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="PostgreSQL: longest connect or statement, s."
    )
    pool_timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="Wait for a free connection, s; then 503."
    )

    @field_validator("url")
    @classmethod
    def _known_driver(cls, url: str) -> str:
        return database_url(url, DRIVERS) if url else url
