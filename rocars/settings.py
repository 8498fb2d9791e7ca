"""All settings of the reference ROCARS; each room declares its own section.

What no public source tells says "our assumption".
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from ground.database.postgresql import database_url
from ground.sms.settings import SmsSettings
from ground.web.proxies import LOOPBACK
from rocars.bundling.settings import BundlingRules
from rocars.cargo.settings import BatchSettings, CargoRules, CcrnSettings
from rocars.crossing.settings import CONTROL_POINTS, ControlPoint, CrossingSettings
from rocars.entrance.settings import LoginRules, WebSessionRules
from rocars.hotline.settings import HotlineSettings
from rocars.registry.settings import (
    AccountForms,
    DriverForms,
    RegistrationSettings,
    VehicleSettings,
)
from rocars.secrets.settings import KeySettings, PinHashSettings, TokenSettings
from rocars.section import Section
from rocars.store.settings import DRIVERS, DatabaseSettings
from rocars.systems.settings import SystemSettings


class ListenSettings(Section):
    """Where the service listens."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(
        default=8480, ge=0, le=65535, description="TCP port; 0 lets the system choose."
    )
    port_file: Path | None = Field(
        default=None,
        description="File the chosen port is written to (whole or not at all) once listening.",
    )
    max_body_bytes: int = Field(default=65_536, ge=1024, description="Largest request body, bytes.")
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=tuple(map(ip_network, LOOPBACK)),
        description="Networks of the proxies before any web of ROCARS. What they say in "
        "X-Forwarded-For is believed, where that web's `public_url` is set.",
    )
    shutdown_s: float = Field(
        default=5.0,
        ge=0,
        le=120,
        description="How long running requests may take after SIGTERM, s.",
    )


class PortalSettings(WebSessionRules):
    """The web portal of shippers and drivers, on a port of its own."""

    enabled: bool = Field(default=False, description="Whether the portal is served.")
    host: str = Field(default="127.0.0.1", description="Address the portal listens on.")
    port: int = Field(
        default=8481, ge=0, le=65535, description="TCP port; 0 lets the system choose."
    )
    port_file: Path | None = Field(
        default=None,
        description="File the chosen port is written to (whole or not at all) once listening.",
    )
    public_url: str = Field(
        default="",
        description="Address browsers know the portal by, when a proxy with TLS stands before it.",
    )
    logins_per_minute: int = Field(
        default=20, ge=1, le=10_000, description="Log-ins tried from one address in a minute."
    )


class KioskDevice(Section):
    """One self-help kiosk."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,30}[a-z0-9]$",
        description="Name of the kiosk, such as kwun-tong-1; what is done there is kept with it.",
    )
    key: SecretStr = Field(
        min_length=16, description="Its key, typed once on it; at least 16 characters."
    )


class KioskSettings(Section):
    """Self-help kiosks, below `/kiosk` of the portal (the briefing names them; how they work is our
    assumption)."""

    devices: tuple[KioskDevice, ...] = Field(
        default=(), description="The kiosks. Without one nobody is let in below `/kiosk`."
    )
    open: bool = Field(
        default=False,
        description="Let every browser in as a kiosk without a key: for a trial, with made-up data "
        "only.",
    )
    idle_s: float = Field(
        default=30.0,
        ge=25,
        le=600,
        description="A kiosk nobody touches for so long forgets who was there, s (our assumption).",
    )
    warning_s: float = Field(
        default=20.0,
        ge=20,
        le=300,
        description="So long before that it asks whether somebody is there, s (WCAG 2.2, 2.2.1: at "
        "least 20).",
    )
    requests_per_minute: int = Field(
        default=120, ge=10, le=10_000, description="Pages and presses of one kiosk in a minute."
    )
    keys_per_minute: int = Field(
        default=10, ge=1, le=1000, description="Keys of kiosks tried from one address in a minute."
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [device.name for device in self.devices]
        keys = [device.key.get_secret_value() for device in self.devices]
        if len(set(names)) < len(names) or len(set(keys)) < len(keys):
            raise ValueError("expected a name and a key of its own for each kiosk")
        if self.warning_s >= self.idle_s:
            raise ValueError("expected kiosk.warning_s to be less than kiosk.idle_s")
        return self


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


class CourseSettings(Section):
    """The course for shippers on the portal (that there is training is public; how is our
    assumption)."""

    enabled: bool = Field(default=True, description="Offer the course to shippers on the portal.")
    database_url: str = Field(
        default="",
        description="Database of the training ground, in the form of `database.url`; never that of "
        "ROCARS itself. Empty: `course.sqlite3` in the data directory. Several nodes need one.",
        repr=False,
    )

    @field_validator("database_url")
    @classmethod
    def _known_driver(cls, url: str) -> str:
        return database_url(url, DRIVERS) if url else url


class AuthSettings(DriverForms, AccountForms, LoginRules, PinHashSettings):
    """Log-in, lock-out and session, the forms of user ID and PIN, and the cost of a PIN hash."""


class RuleSettings(CargoRules, BundlingRules):
    """Rules of lodging, bundling and crossing."""


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
    batch: BatchSettings = Field(default_factory=lambda: BatchSettings())
    vehicles: VehicleSettings = Field(default_factory=lambda: VehicleSettings())
    control_points: tuple[ControlPoint, ...] = Field(
        default=CONTROL_POINTS,
        description="Land boundary control points (which are open: our assumption).",
    )
    portal: PortalSettings = Field(default_factory=lambda: PortalSettings())
    kiosk: KioskSettings = Field(default_factory=lambda: KioskSettings())
    hotline: HotlineSettings = Field(default_factory=lambda: HotlineSettings())
    sms: SmsSettings = Field(default_factory=lambda: SmsSettings())
    registration: RegistrationSettings = Field(default_factory=lambda: RegistrationSettings())
    crossing: CrossingSettings = Field(default_factory=lambda: CrossingSettings())
    systems: SystemSettings = Field(default_factory=lambda: SystemSettings())
    demo: DemoSettings = Field(default_factory=lambda: DemoSettings())
    course: CourseSettings = Field(default_factory=lambda: CourseSettings())

    @model_validator(mode="after")
    def _lanes_are_somewhere(self) -> Self:
        known = {point.code for point in self.control_points}
        if "lanes" not in self.crossing.model_fields_set:  # those of the control points there are
            lanes = tuple(lane for lane in self.crossing.lanes if lane.control_point in known)
            crossing = self.crossing.model_copy(update={"lanes": lanes})
            object.__setattr__(self, "crossing", crossing)
        for lane in self.crossing.lanes:
            if lane.control_point not in known:
                raise ValueError(
                    f"crossing.lanes: {lane.code} is at {lane.control_point}, "
                    "which is in no control_points"
                )
        return self

    @model_validator(mode="after")
    def _course_has_data_of_its_own(self) -> Self:
        if self.course.database_url and self.course.database_url == self.database.url:
            raise ValueError("expected course.database_url to be another than database.url")
        return self

    @property
    def of_course(self) -> RocarsSettings:
        """Those of the training ground: the same rules, data of its own, made up by nobody."""
        here = f"sqlite+aiosqlite:///{self.data_dir / 'course.sqlite3'}"
        url = self.course.database_url or here
        return self.model_copy(
            update={
                "database": self.database.model_copy(update={"url": url}),
                "demo": DemoSettings(),
            }
        )

    @property
    def proxies(self) -> tuple[str, ...]:
        """The networks of `listen.trusted_proxies`, as text."""
        return tuple(map(str, self.listen.trusted_proxies))

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
