"""The gateway that takes text messages."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from yarl import URL


class SmsSettings(BaseModel):
    """Text messages with the bundling reference. Off while `url` is empty.

    Gateways differ in the names of what they are sent; that is all that has to be set.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(
        "",
        description="Where the gateway takes messages by POST, http:// or https://. Empty: no text "
        "messages are sent, and none is offered. Our assumption (A22).",
    )
    body: Literal["json", "form"] = Field(
        "json", description="Whether the gateway takes JSON or a form."
    )
    to_field: str = Field(
        "to", min_length=1, description="The gateway's name for the receiver's number (E.164)."
    )
    text_field: str = Field("text", min_length=1, description="The gateway's name for the text.")
    more: dict[str, str] = Field(
        {}, description="Further fields every message is sent with, such as the sender's name."
    )
    token: SecretStr = Field(
        SecretStr(""), description="Sent as a bearer token (RFC 6750); empty for none."
    )
    timeout_s: float = Field(4.0, gt=0, le=30, description="How long the gateway may take, s.")

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if url:
            try:
                read = URL(url)
            except ValueError:
                read = URL()
            if read.scheme not in ("http", "https") or not read.host:
                raise ValueError("expected an address such as https://sms.example/v1/messages")
        return url
