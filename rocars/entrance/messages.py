"""Logging in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from rocars.messages import Answer, Keyed, Language, Request

Alias = Annotated[str, StringConstraints(pattern=r"^~[A-Za-z0-9_=-]{50,300}~[!-~]{0,3}$")]
"""See `rocars.secrets.aliases`."""


class LogIn(Request):
    """What a driver keys. Anything that is not right is refused alike, whatever its form."""

    user_id: Keyed | Alias = Field(description="Or the alias of a caller who was recognised.")
    pin: SecretStr = Field(default=SecretStr(""), max_length=32)
    code: SecretStr = Field(max_length=16)


class LoggedIn(Answer):
    user_id: str
    session: str = Field(description="Bearer token of this log-in.")
    expires_at: datetime
    vehicles: list[str] = Field(description="Marks on file, most recently used first.")
    language: Language
