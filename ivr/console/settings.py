"""The operators' console, where it listens, and the calls the service places to itself."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from ground.web.lockout import LockoutRule
from ground.web.proxies import LOOPBACK
from ivr.console.oidc_settings import OidcSettings
from ivr.records.roles import Role


class LockoutSettings(BaseModel):
    """When failed log-ins are refused; counted for web and telephone apart."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    free_failures: int = Field(
        5,
        ge=1,
        le=100,
        description="So many failures in a row from one place lock a name for that place; on the "
        "telephone, an operator ID.",
    )
    first_lock_s: float = Field(
        30.0, ge=0, le=86_400, description="How long at first, s; each further failure doubles it."
    )
    longest_lock_s: float = Field(3600.0, ge=0, le=86_400, description="Longest lock, s.")
    failures_everywhere: int = Field(
        50,
        ge=1,
        le=10_000,
        description="So many failures from all addresses together lock a name for browsers that "
        "have never logged in with it; one is forgiven every ten minutes.",
    )

    @property
    def rule(self) -> LockoutRule:
        return LockoutRule(self.free_failures, self.first_lock_s, self.longest_lock_s)

    @property
    def everywhere(self) -> LockoutRule:
        return LockoutRule(self.failures_everywhere, self.first_lock_s, self.longest_lock_s)


class ConsoleSettings(BaseModel):
    """The operators' web pages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    public_url: str = Field(
        "",
        pattern=r"^$|^https?://[^\s/]+/?$",
        description="How browsers reach the console, as `https://console.example.hk`, where a "
        "proxy with TLS stands before it; makes cookies Secure. Empty: as it is asked.",
    )
    hosts: tuple[str, ...] = Field(
        (),
        description="Names by which the console may be asked besides those of `public_url`, of the "
        "machine, `localhost` and IP addresses; any other Host is refused.",
    )
    trusted_proxies: tuple[str, ...] = Field(
        LOOPBACK,
        description="Addresses or networks of the proxies before the console. What they say in "
        "X-Forwarded-For is believed, where `public_url` is set.",
    )
    connections: int = Field(
        400,
        ge=10,
        le=10_000,
        description="Connections to the console at once. For one more the oldest goes that waits "
        "for its request.",
    )
    connections_of_one: int = Field(
        60,
        ge=4,
        le=10_000,
        description="The same from one address, but for those of `trusted_proxies` where "
        "`public_url` is set.",
    )
    header_s: float = Field(
        10.0,
        gt=0,
        le=300,
        description="A request whose header is not there after so long is not waited for, s.",
    )
    second_factor_key: SecretStr = Field(
        SecretStr(""),
        description="Key that seals the seeds of second factors, the same on every node: 32 bytes "
        "as URL-safe base64, as `openssl rand -base64 32 | tr +/ -_` prints. Empty: there is none.",
    )
    second_factor_roles: tuple[Role, ...] = Field(
        (), description="Roles that see nothing until they have set up a second factor."
    )
    session_hours: float = Field(
        12.0, gt=0, le=168, description="Longest time between two log-ins, hours."
    )
    idle_minutes: float = Field(
        60.0, gt=0, le=1440, description="A session nobody uses ends after so long."
    )
    logins_per_minute: int = Field(
        10, ge=1, le=1000, description="Log-ins tried from one address; more are turned away."
    )
    api_requests_per_minute: int = Field(
        120, ge=1, le=10_000, description="Requests of one token of the API; more are refused."
    )
    audit_syslog: str = Field(
        "",
        pattern=r"^$|^(udp|tcp)://[^\s/:]+:[0-9]{1,5}$|^unix:/[^\s]+$",
        description="Where every entry of the audit log is sent too, as RFC 5424: "
        "`tcp://log.example.hk:601`, `udp://192.0.2.5:514` or `unix:/dev/log`. To be set on one "
        "node. Empty: nowhere.",
    )
    largest_set_mb: float = Field(
        200.0, gt=1, le=2000, description="Largest zip of recordings, megabytes."
    )
    lockout: LockoutSettings = Field(default_factory=lambda: LockoutSettings.model_validate({}))
    oidc: OidcSettings = Field(default_factory=lambda: OidcSettings.model_validate({}))

    @model_validator(mode="after")
    def _goes_together(self) -> ConsoleSettings:
        key = self.second_factor_key.get_secret_value()
        if self.second_factor_roles and not key:
            raise ValueError("second_factor_roles needs second_factor_key")
        if self.oidc.is_on and not self.public_url:
            raise ValueError("oidc needs public_url, where the provider sends browsers back to")
        if key:
            from ivr.records.second_factor import SecondFactor  # ciphers take a while to load

            SecondFactor(key)
        return self

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ipaddress.ip_network(proxy, strict=False)) for proxy in proxies)


class WebSettings(BaseModel):
    """The console, health and metrics over HTTP."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(
        default="127.0.0.1", description="Address the console listens on, with health and metrics."
    )
    port: int = Field(
        default=8080, ge=0, le=65535, description="TCP port of the console; 0: any free one."
    )
    health_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="TCP port of health, status and metrics alone, on `health_host`; the console's "
        "port does not answer them then. 0: on the console's port.",
    )
    health_host: str = Field(
        default="127.0.0.1", description="Address of `health_port`; of no meaning without it."
    )
    metrics_token: SecretStr = Field(
        default=SecretStr(""),
        description="`/metrics` and `/status` are for those who send it, as `Authorization: "
        "Bearer`. Empty: for everybody who reaches them.",
    )


class SelfTestSettings(BaseModel):
    """A scripted call the service places to itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every_minutes: float = Field(
        0.0, ge=0, le=1440, description="How often, beginning at the start; 0: never."
    )
    scenario: Path | None = Field(
        None, description="Scenario file; empty: one that comes with the service."
    )
    unready_after: int = Field(
        2,
        ge=0,
        le=100,
        description="So many failures in a row make the node unready; 0: none do.",
    )
