"""Risk profiles: officers' conditions on any data item of a crossing, and whether they hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Literal


class Kind(StrEnum):
    """What a data item holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    FLAG = "flag"


class Test(StrEnum):
    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    BEGINS = "begins"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


TESTS: Mapping[Kind, tuple[Test, ...]] = {
    Kind.TEXT: (Test.IS, Test.IS_NOT, Test.CONTAINS, Test.BEGINS),
    Kind.NUMBER: (Test.IS, Test.IS_NOT, Test.AT_LEAST, Test.AT_MOST),
    Kind.DATE: (Test.IS, Test.AT_LEAST, Test.AT_MOST),
    Kind.FLAG: (Test.IS,),
}

OF_EVERY_VEHICLE: Mapping[str, Kind] = {
    "vehicle": Kind.TEXT,
    "control_point": Kind.TEXT,
    "lane": Kind.TEXT,
    "direction": Kind.TEXT,
    "hour": Kind.NUMBER,
    "weekday": Kind.NUMBER,
    "read_corrected": Kind.FLAG,
}
OF_CARGO: Mapping[str, Kind] = {
    "ubr": Kind.TEXT,
    "driver": Kind.TEXT,
    "consignments": Kind.NUMBER,
    "minutes_since_bundling": Kind.NUMBER,
    "ccrn": Kind.TEXT,
    "company": Kind.TEXT,
    "company_name": Kind.TEXT,
    "packages": Kind.NUMBER,
    "package_description": Kind.TEXT,
    "articles": Kind.TEXT,
    "consignor_name": Kind.TEXT,
    "consignor_address": Kind.TEXT,
    "consignee_name": Kind.TEXT,
    "consignee_address": Kind.TEXT,
    "expected_date": Kind.DATE,
    "container_number": Kind.TEXT,
    "licence_number": Kind.TEXT,
    "transhipment": Kind.FLAG,
    "amended": Kind.FLAG,
}
ITEMS: Mapping[str, Kind] = {**OF_EVERY_VEHICLE, **OF_CARGO}
"""The data items a condition may be about. `weekday` is 1 for Monday to 7 (ISO 8601)."""

Scope = Literal["laden", "unladen", "both"]
Facts = Mapping[str, Any]
"""Values by item; of an item that has several values, a tuple of them."""


class WrongCondition(ValueError):
    """A condition that cannot be judged. `text` says what was expected, with places for what
    `filled` holds, so that it can be said in other languages."""

    def __init__(self, text: str, /, **filled: str) -> None:
        super().__init__(text % filled if filled else text)
        self.text = text
        self.filled = filled


@dataclass(frozen=True)
class Condition:
    """`value` as an officer wrote it. Raises WrongCondition when it cannot be judged."""

    item: str
    test: str
    value: str

    def __post_init__(self) -> None:
        kind = ITEMS.get(self.item)
        if kind is None:
            raise WrongCondition("no data item is called %(item)s", item=self.item[:40])
        if self.test not in TESTS[kind]:
            raise WrongCondition(
                "%(item)s cannot be tested so; this can be asked of it: %(tests)s",
                item=self.item,
                tests=", ".join(TESTS[kind]),
            )
        if not self.value.strip():
            raise WrongCondition("%(item)s is compared with nothing", item=self.item)
        _read(kind, self.value)

    def holds(self, facts: Facts) -> bool:
        """Whether it does of any value of its item; of an item that is missing it never does,
        but for `is_not`, which is to hold of every value."""
        kind = ITEMS[self.item]
        found = facts.get(self.item)
        values = found if isinstance(found, tuple) else () if found is None else (found,)
        wanted = _read(kind, self.value)
        if self.test == Test.IS_NOT:
            return bool(values) and all(_plain(kind, value) != wanted for value in values)
        return any(_passes(self.test, _plain(kind, value), wanted) for value in values)


def _passes(test: str, value: Any, wanted: Any) -> bool:
    match test:
        case Test.CONTAINS:
            return bool(wanted in value)
        case Test.BEGINS:
            return bool(value.startswith(wanted))
        case Test.AT_LEAST:
            return bool(value >= wanted)
        case Test.AT_MOST:
            return bool(value <= wanted)
        case _:
            return bool(value == wanted)


def _read(kind: Kind, text: str) -> Any:
    """What an officer wrote, to be compared. Raises WrongCondition."""
    text = text.strip()
    try:
        if kind is Kind.NUMBER:
            return int(text)
        if kind is Kind.DATE:
            return date.fromisoformat(text)
    except ValueError:
        if kind is Kind.NUMBER:
            raise WrongCondition("expected a whole number: %(text)s", text=text[:40]) from None
        raise WrongCondition(
            "expected a date such as 2026-11-29: %(text)s", text=text[:40]
        ) from None
    if kind is Kind.FLAG:
        if text not in ("yes", "no"):
            raise WrongCondition("expected yes or no: %(text)s", text=text[:40])
        return text == "yes"
    return _plain(kind, text)


def _plain(kind: Kind, value: Any) -> Any:
    """Texts are compared without regard to case, width and extra blanks."""
    if kind is not Kind.TEXT:
        return value
    return " ".join(unicodedata.normalize("NFKC", str(value)).casefold().split())


def matches(conditions: Iterable[Condition], vehicle: Facts, consignments: Iterable[Facts]) -> bool:
    """Whether all conditions hold of the vehicle together with one and the same consignment; of an
    unladen vehicle there is none."""
    conditions = tuple(conditions)
    lots = tuple(consignments) or ({},)
    return any(all(condition.holds({**vehicle, **lot}) for condition in conditions) for lot in lots)


def applies(scope: str, laden: bool) -> bool:
    return scope in ("both", "laden" if laden else "unladen")


def check(scope: str, conditions: Iterable[Condition]) -> None:
    """Raises WrongCondition for a profile that could never hold, or would hold of everybody."""
    conditions = tuple(conditions)
    if not conditions:
        raise WrongCondition("a profile needs a condition")
    of_cargo = [condition.item for condition in conditions if condition.item in OF_CARGO]
    if scope != "laden" and of_cargo:
        raise WrongCondition("unladen vehicles have no %(item)s", item=of_cargo[0])
