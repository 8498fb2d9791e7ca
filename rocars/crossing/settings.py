"""Land boundary control points, their lanes, and the rules of the gate."""

from __future__ import annotations

from pydantic import Field, field_validator

from rocars.messages import Direction
from rocars.section import Section


class ControlPoint(Section):
    code: str = Field(description="Short name, such as LMC.")
    name: str = Field(description="Full name.")
    open: bool = Field(default=True, description="Whether cargo crosses there (our assumption).")


CONTROL_POINTS = (
    ControlPoint(code="LMC", name="Lok Ma Chau", open=True),
    ControlPoint(code="MKT", name="Man Kam To", open=True),
    ControlPoint(code="STK", name="Sha Tau Kok", open=True),
    ControlPoint(code="SZB", name="Shenzhen Bay", open=True),
    ControlPoint(code="HYW", name="Heung Yuen Wai", open=True),
    ControlPoint(code="HZMB", name="Hong Kong-Zhuhai-Macao Bridge", open=True),
)


class Lane(Section):
    """One lane, with a camera, an all-in-one panel and an exit display board."""

    code: str = Field(
        pattern=r"^[A-Z0-9]([A-Z0-9-]{0,14}[A-Z0-9])?$",
        description="Name of the lane in addresses and for its camera, such as LMC-OUT-1.",
    )
    control_point: str = Field(description="Code of its control point.")
    direction: Direction = Field(description="Which way vehicles drive in it.")
    sign: str = Field(min_length=1, max_length=4, description="What stands over the lane.")


_WAYS: tuple[tuple[str, Direction], ...] = (("OUT", "outbound"), ("IN", "inbound"))
LANES = tuple(
    Lane(
        code=f"{point.code}-{way}-{number}",
        control_point=point.code,
        direction=direction,
        sign=str(number),
    )
    for point in CONTROL_POINTS
    for way, direction in _WAYS
    for number in (1, 2)
)
"""Two lanes each way (our assumption): how many there are is in no source we read."""

_MARK_CHARACTERS = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


class CrossingSettings(Section):
    """Lanes, the reading of plates, the gate and what it selects (all our assumptions: of the
    boundary's own systems only that they exist is public)."""

    lanes: tuple[Lane, ...] = Field(default=LANES, description="The lanes of all control points.")
    confused: tuple[str, ...] = Field(
        default=("0OQD", "1IL", "8B", "5S", "2Z", "6G", "VY"),
        description="Characters that a plate reader takes for one another, a group each.",
    )
    corrections: int = Field(
        default=2,
        ge=0,
        le=3,
        description="Characters of a reading that may be taken for others of their group.",
    )
    min_confidence: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="A reading whose camera is less sure of it is doubtful, and an officer looks.",
    )
    min_alternative: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Alternatives of a reading that the camera holds less likely are not matched.",
    )
    oldest_reading_s: float = Field(
        default=120.0,
        gt=0,
        le=3600,
        description="A reading that comes later than this is doubtful (the vehicle may have "
        "moved); one from so far in the future is refused, s.",
    )
    repeat_window_s: float = Field(
        default=60.0,
        ge=0,
        le=3600,
        description="The same vehicle read again in a lane within this time is the same passage, "
        "s.",
    )
    panel_window_s: float = Field(
        default=120.0,
        ge=0,
        le=3600,
        description="How long a reading waits for the unladen button, and the button for a "
        "reading, s.",
    )
    random_share: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="Share of cleared vehicles that are sent to examination at random.",
    )
    examination_open_hours: float = Field(
        default=24.0,
        ge=0,
        le=720,
        description="A vehicle sent to examination is sent there again in every lane of that "
        "direction until an officer has decided, for so long, hours.",
    )
    board_shows_s: float = Field(
        default=60.0, ge=5, le=3600, description="How long a board shows an instruction, s."
    )
    board_turn_s: float = Field(
        default=3.0, ge=1, le=60, description="How long a board shows each of its languages, s."
    )
    board_look_s: float = Field(
        default=0.5,
        gt=0,
        le=5,
        description="How often boards look for what another node of ROCARS decided, s.",
    )
    board_stale_s: float = Field(
        default=3.0,
        ge=1,
        le=60,
        description="A board that hears nothing for so long says that it is out of order, s.",
    )
    open_displays: bool = Field(
        default=False,
        description="Boards and panels open without the key of displays: for a trial, or a "
        "network of their own.",
    )
    max_picture_bytes: int = Field(
        default=500_000, ge=0, le=10_000_000, description="Largest picture of a reading, bytes."
    )
    picture_days: int = Field(
        default=7, ge=1, le=365, description="How long pictures of vehicles are kept."
    )
    passage_days: int = Field(
        default=365,
        ge=1,
        le=3650,
        description="How long passages, readings, hits of risk profiles, and what officers did "
        "are kept.",
    )
    session_hours: float = Field(
        default=8.0, gt=0, le=24, description="An officer's log-in lasts at most so long, hours."
    )
    idle_minutes: float = Field(
        default=30.0, gt=0, le=480, description="An officer's log-in ends after such a pause."
    )
    logins_per_minute: int = Field(
        default=10, ge=1, le=1000, description="Log-ins of officers from one address."
    )
    public_url: str = Field(
        default="", description="Address of the boundary's pages as browsers know it, if a proxy."
    )

    @field_validator("lanes")
    @classmethod
    def _each_once(cls, lanes: tuple[Lane, ...]) -> tuple[Lane, ...]:
        codes = [lane.code for lane in lanes]
        if len(set(codes)) < len(codes):
            raise ValueError("expected a different code for each lane")
        return lanes

    @field_validator("confused")
    @classmethod
    def _disjoint(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        characters = "".join(groups)
        if len(set(characters)) < len(characters) or not set(characters) <= _MARK_CHARACTERS:
            raise ValueError("expected groups of capital letters and digits, each in one group")
        return groups
