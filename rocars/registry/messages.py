"""Companies, drivers and vehicles, as registered and as recognised."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from rocars.messages import Answer, Keyed, Language, Line, Request


class CompanyData(Request):
    registration_number: Line = Field(max_length=32)
    name: Line
    responsible_person: Line
    signatories: list[Line] = Field(
        default_factory=list, max_length=4, description="Authorised message signatories."
    )


class TokenData(Request):
    """A security token. `seed` in hexadecimal, at least 160 bits (RFC 4226 R6)."""

    kind: Literal["hotp", "totp"] = "hotp"
    seed: SecretStr = Field(min_length=40, max_length=128)
    step_s: Literal[30, 60] | None = Field(
        default=None, description="Time step of a TOTP token, seconds."
    )


class DriverData(Request):
    user_id: Line = Field(max_length=32)
    company: Line = Field(description="Registration number of the driver's company.")
    name: Line
    pin: SecretStr = Field(max_length=32)
    phone: str | None = Field(default=None, max_length=16, description="E.164 with its plus sign.")
    language: Language = "yue"
    vehicles: list[Keyed] = Field(default_factory=list, max_length=50)
    token: TokenData


class DriverRecord(Answer):
    user_id: str
    company: str
    name: str
    phone: str | None
    language: Language
    vehicles: list[str]


class VehicleData(Request):
    mark: Keyed


class VehicleMatches(Answer):
    marks: list[str] = Field(description="Marks that spell the keys, the driver's own first.")


class Recognise(Request):
    phone: Keyed = Field(description="E.164 with its plus sign.")


class Recognised(Answer):
    """The one driver registered with a telephone number; none when nobody or several are."""

    alias: str | None = Field(
        description="Stands for the user ID at log-in, for half an hour, and ends in its last "
        "three characters: whoever gives a telephone number learns no more of it."
    )
    language: Language | None


RehearsedStep = Literal["log_in", "bundle", "bundle_several", "hear", "unbundle"]


class Rehearsal(Request):
    """What was done in a call to the practice line, where nothing is bundled."""

    user_id: Keyed = Field(description="As keyed; no PIN was asked of ROCARS.")
    steps: list[RehearsedStep] = Field(min_length=1, max_length=5)


class Rehearsed(Answer):
    """How far somebody is on the practice line."""

    steps: list[RehearsedStep] = Field(
        description="All that was done with this user ID, in this call or before, in the order of "
        "the course; nothing, if it is no driver's."
    )


class AccountData(Request):
    """An account of the web portal. A driver's belongs to their company, not to be named."""

    user_id: Line = Field(max_length=32, description="That of the driver, for a driver.")
    role: Literal["shipper", "driver"]
    company: Line | None = Field(
        default=None, description="Registration number of a shipper's company."
    )
    name: Line
    password: SecretStr = Field(max_length=256)
