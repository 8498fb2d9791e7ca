"""Where the records of calls are kept, how long, and how hard is tried to write them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")


class RecordsSettings(BaseModel):
    """The database of CDRs, step traces and bundle requests."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database_url: str = Field(
        default="",
        description="Database of the records, `postgresql+asyncpg://user:password@host/name` or "
        "`sqlite+aiosqlite:///path`. Empty: `records.sqlite3` in the data directory.",
    )
    busy_timeout_ms: int = Field(
        default=5000,
        ge=0,
        le=60_000,
        description="SQLite: wait for another writer's lock, milliseconds.",
    )
    pool_size: int = Field(
        default=2, ge=1, le=20, description="Database connections of each worker, at most."
    )
    queue_limit: int = Field(
        default=10_000,
        ge=100,
        le=1_000_000,
        description="Records a worker holds while the database is not available; past this they go "
        "to the log only.",
    )
    batch_size: int = Field(
        default=200, ge=1, le=10_000, description="Most records written in one transaction."
    )
    flush_interval_s: float = Field(
        default=0.5,
        ge=0.0,
        le=10,
        description="Longest a step waits for company before it is written, s.",
    )
    write_timeout_s: float = Field(
        default=8.0,
        gt=0,
        le=60,
        description="One transaction slower than this has failed, seconds.",
    )
    retry_s: float = Field(
        default=5.0,
        ge=0,
        le=60,
        description="How long a failed write is tried again before it is logged.",
    )
    open_patience_s: float = Field(
        default=0.25,
        ge=0,
        le=5,
        description="How long an offered call waits for its CDR to be on disk, seconds; it is "
        "answered all the same.",
    )
    close_patience_s: float = Field(
        default=2.0,
        ge=0,
        le=30,
        description="How long the end of a call waits for its CDR, seconds.",
    )
    retention_days: int = Field(
        default=180,
        ge=1,
        le=3650,
        description="Days CDRs and step traces are kept (our assumption, A21: the department must "
        "set it).",
    )
    bundle_audit_days: int = Field(
        default=365,
        ge=1,
        le=3650,
        description="Days settled bundle requests are kept (our assumption, A21, as security log).",
    )
    console_audit_days: int = Field(
        default=1095,
        ge=731,
        le=3650,
        description="Days the audit log of the console is kept; the database itself refuses to "
        "delete entries of the last two years.",
    )
    purge_share: float = Field(
        default=0.1,
        gt=0,
        le=1,
        description="Most of the calls, bundle requests or audit entries that a node deletes at "
        "once by itself, 0 to 1. If more are old, the clock may be wrong: the node says so and "
        "leaves them to `rocars-ivr db purge`.",
    )
    default_region: str = Field(
        default="HK",
        pattern=r"^[A-Z]{2}$",
        description="ISO 3166 region in which a caller's number without country code is read.",
    )

    @field_validator("database_url")
    @classmethod
    def _known_driver(cls, value: str) -> str:
        if not value:
            return value
        # Here, not above: those who read the settings seldom need a database.
        from ground.database.postgresql import database_url

        return database_url(value, DRIVERS)
