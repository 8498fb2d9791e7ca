"""The SIP side of a node: addresses, peers and limits of its front."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sip_config.trunks import Peer, Registration, Security, TlsSettings

__all__ = ["Peer", "Registration", "Security", "SipSettings", "TlsSettings"]


ANY_NUMBER = "any"
_SERVED = re.compile(r"[A-Za-z0-9+?*_~!.()-]{1,64}")


class SipSettings(BaseModel):
    """The SIP front, Kamailio. It alone faces the network."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: tuple[IPv4Address, ...] = Field(
        (IPv4Address("127.0.0.1"),),
        min_length=1,
        description="Addresses SIP is taken on, by UDP and TCP.",
    )
    port: int = Field(5060, ge=1, le=65535, description="UDP and TCP port of SIP.")
    advertised: IPv4Address | None = Field(
        None, description="Address callers reach the first `listen` address by, behind NAT."
    )
    internal_port: int = Field(
        5062,
        ge=1,
        le=65535,
        description="UDP port on 127.0.0.1 from which the front speaks to the workers.",
    )
    peers: tuple[Peer, ...] = Field(
        (Peer(name="loopback", networks=(IPv4Network("127.0.0.0/8"),)),),
        min_length=1,
        description="Who may call. Everybody else is answered 403.",
    )
    registrations: tuple[Registration, ...] = Field(
        (), description="Accounts we register at trunks that want it."
    )
    retry_after_s: int = Field(
        10, ge=1, le=3600, description="Retry-After of the front's 503, seconds."
    )
    numbers: tuple[str, ...] = Field(
        ("3902", "3903", "3904"),
        min_length=1,
        description="Numbers that are served, as the trunk dials them; others are answered 404. "
        "`?` is any digit, `*` any digits, as `+8522877390?`; `any` serves every number. What is "
        "dialled is compared without separators and parameters. Numbers of `registrations` are "
        "served without being named here.",
    )
    max_message_bytes: int = Field(
        16_384,
        ge=1000,
        le=65_000,
        description="Larger requests are answered 513. What a worker does not need is taken out "
        "first (an Identity of STIR, for example); without it 3,200 bytes must do.",
    )
    calls_per_second_per_card: int = Field(
        10,
        ge=1,
        le=12,
        description="New calls a line card is given in a second. Its library may hold 64 sockets, "
        "two a call, each for half a second beyond the call.",
    )
    calls_per_second_per_source: int = Field(
        60, ge=1, le=1000, description="New calls taken from one address in a second; then 503."
    )
    requests_per_second_per_source: int = Field(
        600,
        ge=10,
        le=100_000,
        description="SIP messages taken from one address in a second; then it is not heard for a "
        "while.",
    )
    worker_answer_timeout_ms: int = Field(
        2000,
        ge=200,
        le=10_000,
        description="A worker that does not react to an INVITE for so long is passed over.",
    )
    kamailio: Path = Field(
        Path("/usr/sbin/kamailio"), description="The Kamailio program, of Debian's package."
    )
    udp_children: int = Field(
        1,
        ge=1,
        le=64,
        description="Kamailio processes per UDP socket. One keeps the order of what comes: of two, "
        "the second INFO of a call may overtake the first, which is then refused (RFC 3261, "
        "12.2.2).",
    )
    tcp_children: int = Field(2, ge=1, le=64, description="Kamailio processes for TCP.")
    shared_memory_mb: int = Field(64, ge=16, le=4096, description="Kamailio's shared memory, MB.")
    tls: TlsSettings = Field(default_factory=lambda: TlsSettings.model_validate({}))

    @field_validator("numbers")
    @classmethod
    def _patterns(cls, numbers: tuple[str, ...]) -> tuple[str, ...]:
        for number in numbers:
            if not _SERVED.fullmatch(number):
                raise ValueError(f"expected a number, ? for a digit, * for digits: {number!r}")
        return numbers

    @field_validator("listen")
    @classmethod
    def _distinct(cls, listen: tuple[IPv4Address, ...]) -> tuple[IPv4Address, ...]:
        if len(set(listen)) != len(listen):
            raise ValueError("expected each address once")
        return listen

    @model_validator(mode="after")
    def _ports_apart(self) -> Self:
        if self.internal_port == self.port:
            raise ValueError("expected internal_port to differ from port")
        return self

    @model_validator(mode="after")
    def _trunks(self) -> Self:
        for kind, named in (("peers", self.peers), ("registrations", self.registrations)):
            names = [entry.name for entry in named]
            if len(set(names)) != len(names):
                raise ValueError(f"expected each name in {kind} once")
        contacts = [
            registration.number or registration.username for registration in self.registrations
        ]
        if len(set(contacts)) != len(contacts):
            raise ValueError("expected each number in registrations once")
        if not self.tls.on and any(peer.security is not Security.NONE for peer in self.peers):
            raise ValueError("expected tls.certificate to be set: a peer must call over TLS")
        return self
