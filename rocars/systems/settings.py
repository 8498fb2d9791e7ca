"""Limits of what systems of companies may send, and of what is pushed to them."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from pydantic import Field

from rocars.section import Section


class SystemSettings(Section):
    """System to system (the briefing names bulk submission; all of its form is our assumption)."""

    max_orders: int = Field(
        default=1000, ge=1, le=10_000, description="Orders in one message (our assumption)."
    )
    max_bytes: int = Field(
        default=8_000_000,
        ge=1024,
        le=100_000_000,
        description="Largest message, bytes (our assumption).",
    )
    max_waiting: int = Field(
        default=2000,
        ge=1,
        le=100_000,
        description="Messages of one company that may wait; then 429 with Retry-After.",
    )
    max_taking: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="Messages that may come at the same time, and as many questions after them, "
        "on each node; then 429 with Retry-After.",
    )
    key_known_s: float = Field(
        default=1.0,
        ge=0,
        le=60,
        description="So long a key that was found is not looked up again, seconds: one that is "
        "revoked ends on every node within this time.",
    )
    requests_per_minute: int = Field(
        default=6000,
        ge=1,
        le=1_000_000,
        description="Requests with one key in a minute, on each node; then 429 with Retry-After "
        "(our assumption: a hundred a second).",
    )
    refused_per_minute: int = Field(
        default=30,
        ge=1,
        le=10_000,
        description="Requests with an unknown key from one address in a minute; then 429.",
    )
    orders_at_once: int = Field(
        default=100,
        ge=1,
        le=1000,
        description="Orders worked off in one transaction: drivers who bundle wait no longer.",
    )
    look_s: float = Field(
        default=1.0,
        gt=0,
        le=60,
        description="How often is looked for messages another node accepted, and for pushes due.",
    )
    signature_s: int = Field(
        default=300,
        ge=10,
        le=3600,
        description="How long the signature of a request counts after it was made, seconds.",
    )
    keep_days: int = Field(
        default=180,
        ge=1,
        le=3650,
        description="Results of messages are kept so long, and so long a message is known when it "
        "comes again (our assumption).",
    )
    keep_uses_days: int = Field(
        default=365, ge=1, le=3650, description="What keys were used for is kept so long."
    )
    push_hosts: tuple[str, ...] = Field(
        default=("localhost", "127.0.0.1", "::1"),
        description="Hosts that results may be pushed to; any other address is refused.",
    )
    push_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        description="Networks, besides those of the Internet, that these hosts may be in.",
    )
    push_timeout_s: float = Field(
        default=10.0, gt=0, le=120, description="How long a push may take, seconds."
    )
    push_first_pause_s: float = Field(
        default=5.0,
        gt=0,
        le=3600,
        description="Pause after the first push that failed; doubled after each, up to an hour.",
    )
    push_tries: int = Field(
        default=16,
        ge=1,
        le=100,
        description="Pushes of one result before it is given up; 16 take about seven hours.",
    )
    pushes_at_once: int = Field(
        default=4, ge=1, le=64, description="Companies that are pushed to at the same time."
    )
