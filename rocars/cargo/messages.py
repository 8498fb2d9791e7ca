"""Cargo data, and where cargo stands."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from rocars.messages import Answer, Direction, Line, Reference, Request, Text

CargoState = Literal["free", "bundled", "expired", "crossed"]
"""As drivers hear it; withdrawn cargo is unknown to them."""

ConsignmentState = Literal["free", "bundled", "expired", "crossed", "withdrawn"]


class CargoStatus(Answer):
    """Number and state only: a driver never hears contents or names."""

    ccrn: str
    state: CargoState


class CargoData(Request):
    """The eight mandatory data items (C&ED), the direction, and the optional items."""

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


class ConsignmentData(CargoData):
    """The data items of one consignment, and whose it is."""

    company: Line = Field(description="Registration number of the company that lodges.")


class Lodged(Answer):
    ccrn: str
    lodged_at: datetime
    amended_at: datetime | None


class ConsignmentRecord(Lodged):
    state: ConsignmentState
    data: ConsignmentData


class BatchError(Answer):
    """Something in a file that is not as expected."""

    line: int = Field(description="From 1; 0 when it is about the whole file.")
    column: int = Field(
        description="CSV: number of the cell; XML: of the character. 0: about the whole line."
    )
    item: str = Field(description="The item it is about; empty when none.")
    found: str = Field(description="The beginning of what stands there.")
    expected: str


class BatchLine(Answer):
    """A consignment of a file that was lodged."""

    line: int
    reference: str = Field(description="The shipper's own; empty when none was given.")
    ccrn: str


class BatchReceipt(Answer):
    """What came of a file. When `lodged` is 0, nothing was lodged, and `errors` say why."""

    batch: int
    taken_at: datetime
    file_name: str
    format: Literal["csv", "xml"]
    encoding: str = Field(description="As it was read; empty when it could not be told.")
    keep: Literal["all", "good"] = Field(
        description="all: all consignments or none; good: those without an error."
    )
    rows: int = Field(description="Consignments found in the file.")
    lodged: int
    errors: list[BatchError]
    unlisted: int = Field(description="Errors beyond those listed.")
    consignments: list[BatchLine]
