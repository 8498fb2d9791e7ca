"""What an enquiry is about: a CCRN, a UBR, a vehicle or a user ID."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from rocars.refusals import Problem
from rocars.registry.vehicles import Vehicles
from rocars.typed import number

_VALUE = re.compile(r"[A-Za-z0-9._-]{1,32}")


class Kind(StrEnum):
    CCRN = "ccrn"
    UBR = "ubr"
    VEHICLE = "vehicle"
    USER = "user"


class NotASubject(ValueError):
    """The text says why, for the officer."""


@dataclass(frozen=True)
class Subject:
    """One thing that is asked about; `value` in its kept spelling."""

    kind: Kind
    value: str


def subject_of(kind: str, typed: str, vehicles: Vehicles) -> Subject:
    """What was typed, with blanks or without. Raises NotASubject."""
    if kind not in list(Kind):
        raise NotASubject("Choose what you search by.")
    value = number("".join(typed.split()))
    if kind == Kind.VEHICLE:
        try:
            return Subject(Kind.VEHICLE, vehicles.mark(value))
        except Problem as problem:
            raise NotASubject(problem.code.meaning) from None
    if not _VALUE.fullmatch(value):
        raise NotASubject("Enter a whole number, mark or user ID.")
    return Subject(Kind(kind), value)
