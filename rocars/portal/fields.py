"""The form of one consignment: its fields, what is filled in, and what is wrong with it.

It is judged as a row of a file is, and so by the model of the API.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from rocars.cargo.batch.checking import judge
from rocars.cargo.batch.items import Cell, RawRow, RowError
from rocars.cargo.dates import LodgingDates
from rocars.cargo.messages import ConsignmentData

Kind = Literal["line", "text", "number", "date", "direction", "check"]


@dataclass(frozen=True)
class Field:
    """One field. `label` and `help` are in English and translated where they are shown."""

    name: str
    label: str
    help: str
    kind: Kind
    longest: int = 0
    needed: bool = True


FIELDS = (
    Field("direction", "Direction", "Which way the truck crosses the boundary.", "direction"),
    Field("packages", "Number of packages", "A whole number.", "number"),
    Field(
        "package_description",
        "Description of packages",
        "What the goods are packed in, such as cartons or pallets.",
        "line",
        500,
    ),
    Field("articles", "Articles in each package", "What the goods are.", "text", 500),
    Field("consignor_name", "Name of consignor", "Who sends the goods.", "line", 120),
    Field("consignor_address", "Address of consignor", "Street, district, place.", "text", 500),
    Field("consignee_name", "Name of consignee", "Who receives the goods.", "line", 120),
    Field("consignee_address", "Address of consignee", "Street, district, place.", "text", 500),
    Field(
        "expected_date",
        "Expected date",
        "Of arrival in Hong Kong, or of departure from it.",
        "date",
    ),
    Field(
        "container_numbers",
        "Container numbers",
        "With blanks between them.",
        "line",
        720,
        needed=False,
    ),
    Field(
        "licence_numbers",
        "Licence or permit numbers",
        "With blanks between them.",
        "line",
        1800,
        needed=False,
    ),
    Field(
        "transhipment",
        "Transhipment cargo",
        "Tick it when the goods only pass through Hong Kong.",
        "check",
        needed=False,
    ),
)
LABELS = {field.name: field.label for field in FIELDS} | {
    "reference": "Your own reference",
    "": "the file",
}


def read(
    sent: Mapping[str, str], company: str, dates: LodgingDates
) -> ConsignmentData | list[RowError]:
    """What was filled in, or all that is wrong with it."""
    cells = {
        field.name: Cell(sent.get(field.name, "").strip(), 0, place)
        for place, field in enumerate(FIELDS)
    }
    return judge(RawRow(0, cells), company, dates)


def filled(data: ConsignmentData) -> dict[str, str]:
    """The form with the data of a consignment in it."""
    shown: dict[str, str] = {}
    for field in FIELDS:
        value = getattr(data, field.name)
        if isinstance(value, list):
            shown[field.name] = " ".join(value)
        elif isinstance(value, bool):
            shown[field.name] = "yes" if value else ""
        else:
            shown[field.name] = value.isoformat() if isinstance(value, date) else str(value)
    return shown
