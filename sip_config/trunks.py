"""The SIP trunks of a node: who may call, by which transport, and where we register."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

_NAME = r"^[a-z0-9][a-z0-9-]{0,30}$"
_HOST = r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})(:[0-9]{1,5})?$"
_USER = r"^[A-Za-z0-9+_.!~*'()&=$,?/-]{1,64}$"


class Security(StrEnum):
    """The least security that calls of a peer must have."""

    NONE = "none"
    TLS = "tls"  # signalling over TLS
    SRTP = "srtp"  # and sound over SRTP, with keys in SDP (SDES, RFC 4568)


class Peer(BaseModel):
    """A source that may call: a trunk, a PBX, a network of softphones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=_NAME, description="Name in logs and records.")
    networks: tuple[IPv4Network, ...] = Field(
        min_length=1, description="Addresses its SIP comes from, as 192.0.2.10/32."
    )
    region: str = Field(
        default="",
        pattern=r"^([A-Z]{2})?$",
        description="Country of its numbers, ISO 3166, as CN: calling numbers that name none are "
        "read there. Empty: `records.default_region`.",
    )
    security: Security = Field(
        default=Security.NONE,
        description="`tls`: its calls must come over TLS; `srtp`: their sound must be SRTP, too.",
    )
    edge: bool = Field(
        default=False,
        description="It is our own edge in front of several nodes: what it says about where a call "
        "came from is believed.",
    )
    believed: bool = Field(
        default=True,
        description="What it asserts of a caller (P-Asserted-Identity, Remote-Party-ID) is "
        "believed, as of a carrier; false: only the From header is read.",
    )
    nat: bool = Field(
        default=False,
        description="It sits behind NAT: whatever it names in SIP and SDP, it is answered where "
        "its messages come from, and its sound is taken from and sent to where its RTP comes from.",
    )
    username: str = Field(
        default="",
        pattern=rf"^$|{_USER}",
        description="Its calls must prove to know the password (digest, RFC 3261, 22). Empty: its "
        "address is proof enough.",
    )
    password: SecretStr = Field(
        default=SecretStr(""), description="Password belonging to username."
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.username) != bool(self.password.get_secret_value()):
            raise ValueError("expected username and password, or neither")
        return self

    def admits(self, address: IPv4Address) -> bool:
        """Whether a call from there needs nothing but its address: no TLS, no password."""
        plain = self.security is Security.NONE and not self.edge and not self.username
        return plain and any(address in network for network in self.networks)


def region_of(source: str, peers: Iterable[Peer]) -> str | None:
    """The country of the trunk that a call came from, by the narrowest network with its address.

    `source` is an address with or without port. None if it belongs to no peer, or to a peer without
    a country.
    """
    try:
        address = IPv4Address(source.partition(":")[0])
    except ValueError:
        return None
    homes = [
        (network.prefixlen, peer.region)
        for peer in peers
        for network in peer.networks
        if address in network
    ]
    return max(homes)[1] or None if homes else None


class Registration(BaseModel):
    """A trunk at which we must register (RFC 3261, 10). Its calls come from one of our peers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=_NAME, description="Name in logs and metrics.")
    registrar: str = Field(
        pattern=_HOST, description="Where to register, host or host:port, by UDP."
    )
    domain: str = Field(
        "", pattern=rf"^$|{_HOST}", description="Domain of the account; empty: the registrar."
    )
    username: str = Field(pattern=_USER, description="The account, and its name in digests.")
    password: SecretStr = Field(min_length=1, description="Password of the account.")
    realm: str = Field(
        "", max_length=100, description="Realm of its digests; empty: whatever it asks for."
    )
    number: str = Field(
        "",
        pattern=rf"^$|{_USER}",
        description="User part of our Contact, which is the number its calls come for. Empty: "
        "username.",
    )
    expires_s: int = Field(
        600, ge=60, le=86400, description="How long a registration holds, seconds."
    )


class TlsSettings(BaseModel):
    """SIP over TLS 1.2 or later, and SRTP over it. Off without a certificate."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    certificate: Path | None = Field(None, description="Our certificate and its chain, PEM.")
    private_key: Path | None = Field(None, description="Its private key, PEM.")
    port: int = Field(5061, ge=1, le=65535, description="TCP port of SIP over TLS.")
    peers_ca: Path | None = Field(
        None,
        description="Certificates of the authorities that vouch for peers, PEM. With it, a peer "
        "without a certificate of theirs is not let in.",
    )

    @property
    def on(self) -> bool:
        return self.certificate is not None

    @model_validator(mode="after")
    def _there(self) -> Self:
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("expected certificate and private_key, or neither")
        for name in ("certificate", "private_key", "peers_ca"):
            path: Path | None = getattr(self, name)
            if path is not None and not path.is_file():
                raise ValueError(f"expected {name} to be a file: {path}")
        return self
