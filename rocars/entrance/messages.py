"""Logging in."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, SecretStr

from rocars.messages import Answer, Keyed, Language, Request


class LogIn(Request):
    """What a driver keys. Anything that is not right is refused alike, whatever its form."""

    user_id: Keyed
    pin: SecretStr = Field(default=SecretStr(""), max_length=32)
    code: SecretStr = Field(max_length=16)


class LoggedIn(Answer):
    session: str = Field(description="Bearer token of this log-in.")
    expires_at: datetime
    vehicles: list[str] = Field(description="Marks on file, most recently used first.")
    language: Language
