"""What is sent to the boundary by cameras, panels and administration, and what they are told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Base64Bytes, Field, SecretStr, StringConstraints

from rocars.crossing.instructions import Instruction
from rocars.messages import Answer, Direction, Keyed, Line, Request

OfficerName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9.]{1,18}[a-z0-9]$")]


class CrossingData(Request):
    """The record of a crossing."""

    control_point: Line


class Alternative(Request):
    plate: Keyed
    confidence: float = Field(ge=0, le=1)


class Picture(Request):
    content_type: Literal["image/jpeg", "image/png", "image/webp"]
    data: Base64Bytes = Field(repr=False, description="The picture, base64.")


class Reading(Request):
    """A registration mark as a camera read it (AVRS)."""

    lane: Line = Field(max_length=16)
    plate: Keyed = Field(description="As read; empty when no plate was found.")
    confidence: float = Field(ge=0, le=1)
    alternatives: list[Alternative] = Field(default_factory=list, max_length=5)
    taken_at: AwareDatetime = Field(description="When the picture was taken.")
    picture: Picture | None = None


class Instructed(Answer):
    """What the driver is instructed to do. Why is not said: whoever reads a board may see it."""

    passage: int
    lane: str
    instruction: Instruction
    vehicle: str | None = Field(description="The mark, None when it could not be told.")
    cross_from: datetime | None = Field(description="When a vehicle that is too early may cross.")
    repeated: bool = Field(description="Whether the vehicle was decided about before in this lane.")


class Declaration(Request):
    """The driver pressed the button for unladen vehicles."""

    lane: Line = Field(max_length=16)


class Declared(Answer):
    """`decided`: of the vehicle read just before; `waiting`: counts for the next one read;
    `no_vehicle`: the vehicle in the lane was decided about otherwise; `closed`: the lane is."""

    result: Literal["decided", "waiting", "no_vehicle", "closed"]


class LaneStatus(Answer):
    lane: str
    sign: str
    control_point: str
    direction: Direction
    open: bool
    instruction: Instruction | None = Field(description="What its board shows, None for nothing.")
    vehicle: str | None
    cross_from: datetime | None
    changed_at: datetime | None


class LaneList(Answer):
    lanes: list[LaneStatus]


class OfficerData(Request):
    """An officer. `seed` of their token (TOTP, RFC 6238) in hexadecimal, at least
    160 bits."""

    name: OfficerName
    role: Literal["officer", "analyst", "hotline", "registrar"] = Field(
        default="officer",
        description=(
            "Analysts also write risk profiles; the hotline answers enquiries, "
            "registrars register, and neither sees lanes."
        ),
    )
    password: SecretStr = Field(max_length=256)
    seed: SecretStr = Field(min_length=40, max_length=128)
