"""What is sent to ROCARS and answered by it, as pydantic models: the OpenAPI description is made
from these, and requests with unknown fields are refused."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

Direction = Literal["inbound", "outbound"]
Language = Literal["yue", "cmn", "en"]

_NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=_NO_CONTROLS),
]
Text = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x08\x0e-\x1f\x7f]*$"
    ),
]
Keyed = Annotated[str, StringConstraints(max_length=32, pattern=_NO_CONTROLS)]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/-]{1,35}$")]


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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


class CargoStatus(Answer):
    """Number and state only: a driver never hears contents or names."""

    ccrn: str
    state: Literal["free", "bundled", "expired", "crossed"]


class VehicleMatches(Answer):
    marks: list[str] = Field(description="Marks that spell the keys, the driver's own first.")


class BundleRequest(Request):
    ccrns: list[Keyed] = Field(min_length=1, max_length=1000)
    vehicle: Keyed


class Crossing(Answer):
    immediately: bool
    at: datetime = Field(description="Earliest crossing, Hong Kong time.")


class BundleReceipt(Answer):
    ubr: str
    ccrns: list[str]
    vehicle: str
    bundled_at: datetime
    crossing: Crossing
    state: Literal["live", "unbundled", "crossed", "expired"]


class BundleList(Answer):
    bundles: list[BundleReceipt]


class Settle(Request):
    """Whose request it was; there need not be a log-in any more."""

    user_id: Keyed


class Settled(Answer):
    """How a request ended for good. Without a receipt it was never done, and never will be."""

    receipt: BundleReceipt | None


class Recognise(Request):
    phone: Keyed = Field(description="E.164 with its plus sign.")


class Recognised(Answer):
    """The one driver registered with a telephone number; none when nobody or several are."""

    user_id: str | None
    language: Language | None


class ConsignmentData(Request):
    """The eight mandatory data items (C&ED), the direction, and the optional items."""

    company: Line = Field(description="Registration number of the company that lodges.")
    direction: Direction
    packages: int = Field(ge=1, le=1_000_000, strict=True)
    package_description: Text
    articles: Text = Field(description="Description of the articles in each package.")
    consignor_name: Line
    consignor_address: Text
    consignee_name: Line
    consignee_address: Text
    expected_date: date = Field(description="Expected date of arrival or departure, Hong Kong.")
    container_numbers: list[Reference] = Field(default_factory=list, max_length=20)
    licence_numbers: list[Reference] = Field(
        default_factory=list, max_length=50, description="Licence or permit numbers."
    )
    transhipment: bool = Field(default=False, strict=True)


class Lodged(Answer):
    ccrn: str
    lodged_at: datetime
    amended_at: datetime | None


class ConsignmentRecord(Lodged):
    state: Literal["free", "bundled", "expired", "crossed"]
    data: ConsignmentData


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


class CrossingData(Request):
    control_point: Line


class Done(Answer):
    done: Literal[True] = True


class Health(Answer):
    status: Literal["ok"] = "ok"
    demo: bool


class DemoDriver(Answer):
    user_id: str
    name: str
    language: Language
    pin: str
    code: str = Field(description="The next one-time code of this driver's token.")
    vehicles: list[str]


class DemoCargo(Answer):
    ccrn: str
    direction: Direction
    state: Literal["free", "bundled", "expired", "crossed"]
    crosses_immediately: bool = Field(description="What bundling it now would be told.")


class DemoInfo(Answer):
    drivers: list[DemoDriver]
    cargo: list[DemoCargo]
