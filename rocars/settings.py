"""Every setting of the reference ROCARS. What no public source tells says "our assumption"."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ListenSettings(Section):
    """Where the service is heard."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(
        default=8480, ge=0, le=65535, description="TCP port; 0 lets the system choose."
    )
    port_file: Path | None = Field(
        default=None,
        description="File the chosen port is written to (whole or not at all) once listening.",
    )
    max_body_bytes: int = Field(default=65_536, ge=1024, description="Largest request body, bytes.")
    shutdown_s: float = Field(
        default=5.0,
        ge=0,
        le=120,
        description="How long running requests may take after SIGTERM, s.",
    )


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
    pool_size: int = Field(default=5, ge=1, le=100, description="Database connections kept open.")
    statement_timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="PostgreSQL: longest connect or statement, s."
    )
    pool_timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="Wait for a free connection, s; then 503."
    )

    @field_validator("url")
    @classmethod
    def _known_driver(cls, url: str) -> str:
        if not url:
            return url
        try:
            driver = make_url(url).drivername
        except ArgumentError:
            driver = ""
        if driver not in DRIVERS:
            raise ValueError(f"expected a database URL that begins with {' or '.join(DRIVERS)}")
        return url


class KeySettings(Section):
    """Secrets. In embedded mode what is empty is made at first start and kept in files (0600)."""

    token_seeds: SecretStr = Field(
        default=SecretStr(""),
        description="Fernet key the token seeds are encrypted with; several, separated by commas, "
        "to change keys: the first encrypts, all decrypt.",
    )
    ivr: SecretStr = Field(default=SecretStr(""), description="API key of the telephone channel.")
    shipper: SecretStr = Field(default=SecretStr(""), description="API key of shippers' systems.")
    admin: SecretStr = Field(default=SecretStr(""), description="API key of administration.")


class AuthSettings(Section):
    """Log-in, lock-out and session (facts A4, A5, A7)."""

    user_id_pattern: str = Field(
        default=r"[0-9]{8}", description="Form of a user ID, a regular expression (our assumption)."
    )
    pin_pattern: str = Field(
        default=r"[0-9]{6}",
        description="Form of a telephone PIN, a regular expression (our assumption).",
    )
    pin_required: bool = Field(
        default=True, description="Whether the telephone PIN is asked as well (our assumption)."
    )
    max_failures: int = Field(
        default=5,
        ge=1,
        le=100,
        description="Failures of one user ID before it is locked (OGCIO G3: five).",
    )
    lock_minutes: int = Field(
        default=30, ge=1, le=10_080, description="How long a user ID stays locked (our assumption)."
    )
    reset_minutes: int = Field(
        default=30,
        ge=1,
        le=10_080,
        description="Failures are forgotten after so long (our assumption).",
    )
    session_minutes: int = Field(
        default=30, ge=1, le=1440, description="How long a log-in lasts (our assumption)."
    )
    argon2_memory_kib: int = Field(default=19_456, ge=8, description="Memory of one PIN hash, KiB.")
    argon2_time_cost: int = Field(default=2, ge=1, description="Passes of one PIN hash.")
    argon2_threads: int = Field(
        default=2, ge=1, le=32, description="PIN hashes computed at a time."
    )

    @field_validator("user_id_pattern", "pin_pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        return _regular_expression(pattern)


class TokenSettings(Section):
    """Security tokens (facts A6; RFC 4226, RFC 6238)."""

    digits: int = Field(
        default=6, ge=6, le=8, description="Digits of a code (RFC 4226 R4: at least 6)."
    )
    hotp_look_ahead: int = Field(
        default=5,
        ge=0,
        le=50,
        description="HOTP codes past the expected one that are tried (our choice).",
    )
    totp_step_s: Literal[30, 60] = Field(
        default=30, description="Default time step of new TOTP tokens, seconds."
    )
    totp_max_drift_steps: int = Field(
        default=20, ge=0, le=1000, description="Largest remembered drift of a token's clock, steps."
    )


class CcrnSettings(Section):
    """The customs cargo reference number (facts A1, A2)."""

    pattern: str = Field(
        default=r"[0-9]{8,20}", description="Form of a CCRN, a regular expression (our assumption)."
    )
    length: int = Field(
        default=13, ge=8, le=20, description="Digits of the CCRNs we give out (our assumption)."
    )
    check_digit: Literal["none", "luhn", "iso7064-mod11-10"] = Field(
        default="none",
        description="Check digit at the end of a CCRN (our assumption: none is known).",
    )

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        return _regular_expression(pattern)

    @model_validator(mode="after")
    def _own_numbers_fit(self) -> Self:
        if not re.fullmatch(self.pattern, "1" * self.length):
            raise ValueError(
                f"ccrn.pattern was expected to admit digits of ccrn.length ({self.length})"
            )
        return self


class RuleSettings(Section):
    """Rules of lodging, bundling and crossing (facts A3, A9 to A13)."""

    ubr_digits: int = Field(
        default=10, ge=8, le=20, description="Digits of a UBR (our assumption)."
    )
    max_ccrns: int = Field(
        default=20, ge=1, le=1000, description="CCRNs in one bundle (our assumption)."
    )
    lead_minutes: int = Field(
        default=30,
        ge=0,
        le=1440,
        description="Cargo lodged for at least so long at bundling may cross at once; otherwise so "
        "long after bundling. The 30 minutes are sourced, this reading is our assumption.",
    )
    amendment_restarts_lead: bool = Field(
        default=True,
        description="An amendment counts as lodging anew for the lead (our assumption).",
    )
    max_days_ahead: int = Field(
        default=14,
        ge=0,
        le=365,
        description="Cargo is lodged at most so many calendar days before its expected date "
        "(Cap. 60L: 14; calendar days in Hong Kong time are our assumption).",
    )
    expire_days: int = Field(
        default=1,
        ge=0,
        le=365,
        description="Cargo, and a bundle of it, lapses when more than so many days have passed "
        "since the expected date (our assumption).",
    )
    unbundle_enabled: bool = Field(
        default=True,
        description="Whether drivers may unbundle by this channel (cut-off: our assumption).",
    )
    idempotency_days: int = Field(
        default=7, ge=1, le=365, description="How long the answer to an Idempotency-Key is kept."
    )
    bundles_listed: int = Field(default=10, ge=1, le=100, description="Bundles listed to a driver.")


class VehicleSettings(Section):
    """Registration marks (facts A16)."""

    z_four_digits_is_mainland: bool = Field(
        default=True,
        description="Read Z and four digits as a Mainland plate 粤Z whose Chinese characters were "
        "left out, and refuse it (our assumption).",
    )
    max_matches: int = Field(
        default=4,
        ge=1,
        le=9,
        description="More marks than this for one keyed spelling is no answer.",
    )


class ControlPoint(Section):
    code: str = Field(description="Short name, such as LMC.")
    name: str = Field(description="Full name.")
    open: bool = Field(default=True, description="Whether cargo crosses there (our assumption).")


CONTROL_POINTS = (
    ControlPoint(code="LMC", name="Lok Ma Chau", open=True),
    ControlPoint(code="MKT", name="Man Kam To", open=True),
    ControlPoint(code="STK", name="Sha Tau Kok", open=True),
    ControlPoint(code="SZB", name="Shenzhen Bay", open=True),
    ControlPoint(code="HYW", name="Heung Yuen Wai", open=True),
    ControlPoint(code="HZMB", name="Hong Kong-Zhuhai-Macao Bridge", open=True),
)


class DemoSettings(Section):
    """Made-up data to try the service with. Never on a service that holds real data."""

    enabled: bool = Field(
        default=False, description="Seed demo drivers and cargo, and show their codes at /demo."
    )
    free_ccrns: int = Field(
        default=6, ge=2, le=50, description="Free CCRNs kept ready for each crossing instruction."
    )
    replenish_s: float = Field(
        default=60.0, gt=0, le=3600, description="How often used demo cargo is replaced, s."
    )


class RocarsSettings(BaseSettings):
    """The reference ROCARS, from `ROCARS_...` variables (nested with `__`) and a TOML file."""

    model_config = SettingsConfigDict(
        env_prefix="ROCARS_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    embedded: bool = Field(
        default=True,
        description="Make missing keys at first start and keep them in the data directory.",
    )
    data_dir: Path = Field(
        default=Path("var/rocars"), description="Directory of the database and key files."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least weight of a line in the log."
    )
    sweep_s: float = Field(
        default=300.0,
        gt=0,
        le=86_400,
        description="How often lapsed sessions and counters are removed, s.",
    )
    listen: ListenSettings = Field(default_factory=lambda: ListenSettings())
    database: DatabaseSettings = Field(default_factory=lambda: DatabaseSettings())
    keys: KeySettings = Field(default_factory=lambda: KeySettings())
    auth: AuthSettings = Field(default_factory=lambda: AuthSettings())
    token: TokenSettings = Field(default_factory=lambda: TokenSettings())
    ccrn: CcrnSettings = Field(default_factory=lambda: CcrnSettings())
    rules: RuleSettings = Field(default_factory=lambda: RuleSettings())
    vehicles: VehicleSettings = Field(default_factory=lambda: VehicleSettings())
    control_points: tuple[ControlPoint, ...] = Field(
        default=CONTROL_POINTS,
        description="Land boundary control points (which are open: our assumption).",
    )
    demo: DemoSettings = Field(default_factory=lambda: DemoSettings())

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite+aiosqlite:///{self.data_dir / 'rocars.sqlite3'}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the TOML file named by `from_file`."""
        file = cls.model_config.get("toml_file")
        toml = (TomlConfigSettingsSource(settings_cls),) if file else ()
        return (init_settings, env_settings, *toml)

    @classmethod
    def from_file(cls, path: Path | None) -> RocarsSettings:
        """Settings of the environment, then of this TOML file. Raises FileNotFoundError."""
        if path is None:
            return cls()
        if not path.is_file():
            raise FileNotFoundError(f"expected a TOML file of ROCARS settings at {path}")

        class WithFile(cls):  # type: ignore[valid-type, misc]
            model_config = SettingsConfigDict(toml_file=path)

        loaded: RocarsSettings = WithFile()
        return loaded


def _regular_expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"expected a regular expression ({error})") from None
    return pattern
