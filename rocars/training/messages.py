"""What the demo shows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rocars.messages import Answer, Direction, Language


class DemoDriver(Answer):
    user_id: str
    name: str
    language: Language
    pin: str
    code: str = Field(description="The next one-time code of this driver's token.")
    code_valid_s: int | None = Field(
        description="Seconds until the token shows another code (TOTP); null: once this is used."
    )
    vehicles: list[str]


class DemoAccount(Answer):
    """An account of the web portal."""

    user_id: str
    role: Literal["shipper", "driver"]
    company: str
    name: str
    password: str


class DemoCargo(Answer):
    ccrn: str
    direction: Direction
    state: Literal["free", "bundled", "expired", "crossed"]
    crosses_immediately: bool = Field(description="What bundling it now would be told.")


class DemoOfficer(Answer):
    name: str
    role: Literal["officer", "analyst", "hotline", "registrar"]
    password: str
    seed: str = Field(description="Of the token (TOTP), hexadecimal.")


class DemoInfo(Answer):
    drivers: list[DemoDriver]
    accounts: list[DemoAccount]
    officers: list[DemoOfficer]
    cargo: list[DemoCargo]
