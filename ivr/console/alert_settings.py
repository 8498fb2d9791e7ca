"""When people are told that something is wrong, and how."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from ivr.records.alert_kinds import Channel


class AlertSettings(BaseModel):
    """The console's own alerts, by webhook and e-mail. Prometheus has rules of its own
    (`ivr/observe/monitoring`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every_s: float = Field(
        15.0, gt=0, le=600, description="How often each node looks at what may be wrong, s."
    )
    after_s: float = Field(
        60.0, ge=0, le=3600, description="What is wrong for less than this is not told, s."
    )
    repeat_hours: float = Field(
        4.0, gt=0, le=168, description="What is still wrong is told again after so long, hours."
    )
    lines_share: float = Field(
        0.9, gt=0, le=1, description="Share of a node's lines in use that is told."
    )
    containment: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of today's answered calls that ended without a person; less is told. "
        "0: never.",
    )
    completion: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of today's answered calls whose task was completed; less is told. "
        "0: never.",
    )
    calls_at_least: int = Field(
        50, ge=1, le=100_000, description="Fewer answered calls say nothing of these shares."
    )
    certificate_days: float = Field(
        14.0,
        ge=0,
        le=365,
        description="A certificate of `sip.tls` that expires within so many days is told.",
    )
    node_silent_s: float = Field(
        60.0,
        ge=10,
        le=3600,
        description="A node that has said nothing of itself for so long is told by the others, s.",
    )
    webhook_url: str = Field(
        "",
        pattern=r"^$|^https?://[^\s]+$",
        description="Where alerts are posted as JSON. Empty: nowhere.",
    )
    webhook_token: SecretStr = Field(
        SecretStr(""), description="Sent with them, as `Authorization: Bearer`."
    )
    email_to: tuple[str, ...] = Field((), description="Who gets them by e-mail; empty: nobody.")
    email_from: str = Field("", description="The sender; needed with `email_to`.")
    smtp_host: str = Field("127.0.0.1", description="The mail server.")
    smtp_port: int = Field(25, ge=1, le=65535, description="Its TCP port.")
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        "none",
        description="`starttls` (port 587), `tls` (port 465), or `none`, for a server on this "
        "machine. Its certificate is checked.",
    )
    smtp_user: str = Field("", description="Name to log in to it with; empty: without.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Its password.")
    timeout_s: float = Field(
        10.0, gt=0, le=60, description="How long either may take with one message, s."
    )

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Ways by which people are told."""
        webhook = (Channel.WEBHOOK,) if self.webhook_url else ()
        return (*webhook, Channel.EMAIL) if self.email_to else webhook

    @model_validator(mode="after")
    def _somebody_writes(self) -> AlertSettings:
        if self.email_to and not self.email_from:
            raise ValueError("email_to needs email_from")
        if self.smtp_user and self.smtp_security == "none":
            raise ValueError("smtp_user needs smtp_security: a password is not sent in clear")
        return self
