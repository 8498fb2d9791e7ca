"""A message as it came, JSON or XML, made into orders. Both forms have the same items.

An order that is not as described becomes one that only says what is wrong; a message that is no
list of orders at all is refused.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json

from rocars.cargo.batch.checking import FORMULA, judge
from rocars.cargo.batch.encodings import recognised
from rocars.cargo.batch.items import BY_NAME, REFERENCE, FileBroken, RawRow, shortened
from rocars.cargo.batch.xml_file import Form, rows
from rocars.cargo.dates import LodgingDates
from rocars.cargo.messages import CargoData
from rocars.messages import Line
from rocars.refusals import Code, Problem
from rocars.systems.messages import (
    AmendOrder,
    Deed,
    Format,
    LodgeOrder,
    Order,
    OrderError,
    QueryOrder,
    WithdrawOrder,
)

NAMESPACE = "urn:rocars:message:1"
_CCRN = "ccrn"
_CLIENT = "client"
_CARGO_ITEMS = BY_NAME.keys() - {REFERENCE}
FORM = Form(
    NAMESPACE,
    "message",
    {
        "lodge": BY_NAME.keys(),
        "amend": _CARGO_ITEMS | {_CCRN},
        "withdraw": frozenset({_CCRN}),
        "query": frozenset({_CCRN}),
    },
    attributes=frozenset({_CLIENT}),
)
_ORDER: TypeAdapter[Order] = TypeAdapter(Order)
_NUMBER: TypeAdapter[Line] = TypeAdapter(Line)
_DEEDS = frozenset(FORM.rows)
_NO_COMPANY = "of this message"
"""Where a consignment of a file names its company; here the key says whose it is."""

_CCRN_EXPECTED = "a CCRN of at most 20 letters and digits"
_NO_FORMULA = "text that no spreadsheet takes for a formula"


@dataclass(frozen=True)
class Ordered:
    """One order; with `errors` it is not as described and will not be done."""

    do: Deed | str
    reference: str = ""
    ccrn: str = ""
    data: dict[str, Any] | None = None
    errors: tuple[OrderError, ...] = ()

    def kept(self) -> dict[str, Any]:
        """As JSON, without what is empty."""
        found: dict[str, Any] = {"do": self.do}
        if self.reference:
            found["reference"] = self.reference
        if self.ccrn:
            found["ccrn"] = self.ccrn
        if self.data is not None:
            found["data"] = self.data
        if self.errors:
            found["errors"] = [error.model_dump() for error in self.errors]
        return found


@dataclass(frozen=True)
class ReadMessage:
    """`client` is the registration number of the company whose cargo the orders are about; empty:
    the sender's own."""

    orders: list[Ordered]
    client: str = ""


def read_message(content: bytes, kind: Format, dates: LodgingDates, most: int) -> ReadMessage:
    """Takes a quarter of a second for 1,000 orders in XML: not for an event loop.

    Args:
        dates: that may be lodged.
        most: orders in a message.

    Raises Problem BAD_JSON, INVALID_REQUEST.
    """
    if kind == "xml":
        return _read_xml(content, dates, most)
    return _read_json(content, dates, most)


def _read_json(content: bytes, dates: LodgingDates, most: int) -> ReadMessage:
    try:
        found = from_json(content)
    except ValueError:
        raise Problem(Code.BAD_JSON) from None
    if not isinstance(found, dict) or not {"orders"} <= found.keys() <= {"orders", _CLIENT}:
        raise Problem(
            Code.INVALID_REQUEST, "orders", "expected an object with orders, and perhaps a client"
        )
    orders = found["orders"]
    if not isinstance(orders, list) or not orders:
        raise Problem(Code.INVALID_REQUEST, "orders", "expected a list of at least one order")
    if len(orders) > most:
        raise _too_many(most)
    return ReadMessage([_from_json(order, dates) for order in orders], _client(found.get(_CLIENT)))


def _client(given: Any) -> str:
    """Raises Problem INVALID_REQUEST."""
    if given is None:
        return ""
    try:
        return _NUMBER.validate_python(given)
    except ValidationError:
        raise Problem(
            Code.INVALID_REQUEST, _CLIENT, "expected the registration number of a company"
        ) from None


def _from_json(given: Any, dates: LodgingDates) -> Ordered:
    try:
        order = _ORDER.validate_python(given)
    except ValidationError as wrong:
        do = given.get("do") if isinstance(given, dict) else None
        reference = given.get(REFERENCE) if isinstance(given, dict) else None
        return Ordered(
            do=do if do in _DEEDS else "",
            reference=reference[:120] if isinstance(reference, str) else "",
            errors=tuple(_told(fault) for fault in wrong.errors(include_url=False)),
        )
    return _judged(order, dates)


def _told(fault: ErrorDetails) -> OrderError:
    """The place begins with the kind of order, which pydantic puts there."""
    place = [str(part) for part in fault["loc"] if part not in _DEEDS]
    found = fault["input"]
    return OrderError(
        item=".".join(place)[:80],
        found=shortened(found) if isinstance(found, str) else "",
        expected=fault["msg"][:200],
    )


def _judged(
    order: LodgeOrder | AmendOrder | WithdrawOrder | QueryOrder, dates: LodgingDates
) -> Ordered:
    ccrn = "" if isinstance(order, LodgeOrder) else order.ccrn
    reference = order.reference if isinstance(order, LodgeOrder) else ""
    if not isinstance(order, CargoData):
        return Ordered(order.do, ccrn=ccrn)
    data = order.model_dump(mode="json", include=set(CargoData.model_fields))
    errors = [*_formulas({**data, REFERENCE: reference}), *_dated(order.expected_date, dates)]
    if errors:
        return Ordered(order.do, reference=reference, ccrn=ccrn, errors=tuple(errors))
    return Ordered(order.do, reference=reference, ccrn=ccrn, data=data)


def _formulas(values: Mapping[str, Any]) -> list[OrderError]:
    return [
        OrderError(item=item, found=shortened(value), expected=_NO_FORMULA)
        for item, value in values.items()
        if isinstance(value, str) and FORMULA.match(value)
    ]


def _dated(expected: date, dates: LodgingDates) -> list[OrderError]:
    try:
        dates.check(expected)
    except Problem:
        return [
            OrderError(
                item="expected_date",
                found=expected.isoformat(),
                expected=f"a date from {dates.first.isoformat()} to {dates.last.isoformat()}",
            )
        ]
    return []


def _read_xml(content: bytes, dates: LodgingDates, most: int) -> ReadMessage:
    file = io.BytesIO(content)
    orders: list[Ordered] = []
    attributes: dict[str, str] = {}
    try:
        encoding = recognised(file)
        file.seek(0)
        with io.TextIOWrapper(file, encoding=encoding, newline="") as text:
            for row in rows(text, FORM, attributes):
                if len(orders) == most:
                    raise _too_many(most)
                orders.append(_from_xml(row, dates))
    except FileBroken as broken:
        error = broken.error
        where = f"line {error.line}, column {error.column}" if error.line else ""
        raise Problem(Code.INVALID_REQUEST, where, f"expected {error.message()}") from None
    if not orders:
        raise Problem(Code.INVALID_REQUEST, "message", "expected at least one order")
    return ReadMessage(orders, _client(attributes.get(_CLIENT)))


def _from_xml(row: RawRow, dates: LodgingDates) -> Ordered:
    ccrn = row.cells[_CCRN].text if _CCRN in row.cells else ""
    reference = row.cells[REFERENCE].text[:120] if REFERENCE in row.cells else ""
    errors: list[OrderError] = []
    if row.kind != "lodge" and not (ccrn.isalnum() and ccrn.isascii() and len(ccrn) <= 20):
        errors.append(OrderError(item=_CCRN, found=shortened(ccrn), expected=_CCRN_EXPECTED))
        ccrn = ""
    data = None
    if row.kind in ("lodge", "amend"):
        judged = judge(row, _NO_COMPANY, dates)
        if isinstance(judged, list):
            wrong = judged
        else:
            wrong = []
            data = judged.model_dump(mode="json", include=set(CargoData.model_fields))
    else:
        wrong = list(row.errors)
    errors += [
        OrderError(item=error.item, found=error.found, expected=error.message()) for error in wrong
    ]
    if errors:
        return Ordered(row.kind, reference=reference, ccrn=ccrn, errors=tuple(errors))
    return Ordered(cast(Deed, row.kind), reference=reference, ccrn=ccrn, data=data)


def _too_many(most: int) -> Problem:
    return Problem(Code.INVALID_REQUEST, "orders", f"expected at most {most} orders in a message")
