"""Log-in with the accounts of an OpenID provider."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from ivr.records.roles import Role


class OidcSettings(BaseModel):
    """An OpenID provider (OpenID Connect Core 1.0), whose accounts may log in beside the local
    ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(
        "",
        description="The provider, as it calls itself in its tokens: `https://id.example.hk`; what "
        "it offers is read below it (`/.well-known/openid-configuration`). Empty: local accounts "
        "alone.",
    )
    client_id: str = Field(
        "",
        max_length=200,
        description="As which the provider knows the console. Its redirect URI is "
        "`/login/provider/back` below `console.public_url`, that of its back-channel log-out "
        "`/login/provider/ended`.",
    )
    client_secret: SecretStr = Field(
        SecretStr(""),
        description="What the provider gave with it; empty: a public client. PKCE is used in "
        "either case.",
    )
    roles: dict[str, Role] = Field(
        {},
        description="Role of each group of the provider, as `{customs-ivr-admins = "
        '"administrator"}`; of several the highest counts. Who is in none of them is not let in.',
    )
    groups_claim: str = Field(
        "groups",
        min_length=1,
        description="Claim of the ID token, or of the provider's user info, that names the groups. "
        "Our assumption: a list of texts.",
    )
    name_claim: str = Field(
        "preferred_username",
        min_length=1,
        description="Claim that the name of a new account is taken from; of an e-mail address what "
        "stands before the `@`.",
    )
    scopes: tuple[str, ...] = Field(
        ("openid", "profile"), description="Scopes that are asked for; `openid` is one of them."
    )
    title: str = Field(
        "OpenID Connect",
        min_length=1,
        max_length=60,
        description="How the log-in page calls the provider.",
    )
    hosts: tuple[str, ...] = Field(
        (),
        description="Names of hosts that the provider may send us to besides its own; any other is "
        "neither looked up nor asked.",
    )
    log_out_there: bool = Field(
        True,
        description="Whoever logs out of the console is logged out at the provider too, where it "
        "offers that (RP-initiated log-out); the address that it comes back to is "
        "`/login/provider/out` below `console.public_url`.",
    )
    timeout_s: float = Field(
        5.0, gt=0, le=60, description="How long an answer of the provider is waited for, s."
    )

    @property
    def is_on(self) -> bool:
        return bool(self.issuer)

    @field_validator("issuer")
    @classmethod
    def _safe(cls, issuer: str) -> str:
        if issuer and not is_safe(issuer):
            raise ValueError("an https:// address; http:// on this machine alone")
        return issuer

    @field_validator("scopes")
    @classmethod
    def _with_openid(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in scopes:
            raise ValueError("openid is one of them")
        return scopes

    @model_validator(mode="after")
    def _whole(self) -> OidcSettings:
        if self.issuer and not (self.client_id and self.roles):
            raise ValueError("issuer needs client_id and roles")
        return self


def is_safe(url: str) -> bool:
    """Whether what is sent there is read by nobody else: by TLS, or within this machine."""
    try:
        parsed = urlsplit(url)
        host = parsed.hostname or ""
        parsed.port  # noqa: B018 - it is read for what it raises
    except ValueError:
        return False
    if parsed.fragment or parsed.username is not None or not host:
        return False
    return parsed.scheme == "https" or (parsed.scheme == "http" and _is_here(host))


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
