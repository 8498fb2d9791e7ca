"""Which values of a call were given to it or came of it, and what a scenario calls them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import phonenumbers

from ivr.caller.scenario.scenario import Given, GivenCargo, GivenDriver

PART = 4
"""A cargo number that is not understood is taken in so many digits at a time."""


@dataclass
class Values:
    """Cargo, vehicles and references by value.

    Attributes:
        ccrns: that ROCARS knew and that could be bundled, in the order they were accepted.
        vehicles: of the driver, in the order they are offered.
        ubrs: references that came of these calls, in order.
    """

    ccrns: list[str] = field(default_factory=list)
    vehicles: list[str] = field(default_factory=list)
    ubrs: list[str] = field(default_factory=list)
    _read_out: set[str] = field(default_factory=set)

    def learn(self, prompts: list[Mapping[str, Any]]) -> None:
        """Take in what one utterance reads out."""
        for prompt in prompts:
            match prompt["name"]:
                case "ccrn.accepted":
                    _add(self.ccrns, prompt["slots"]["ccrn"])
                case "vehicle.option":
                    _add(self.vehicles, prompt["slots"]["vehicle"])

    def given_cargo(self, *, immediately: bool) -> GivenCargo | None:
        """What has to be lodged."""
        if not self.ccrns:
            return None
        return GivenCargo(count=len(self.ccrns), immediately=immediately)

    def variable(self, value: str) -> str | None:
        """The variable with this value, in braces; None where it is no value that was given."""
        for values, name in ((self.ccrns, "ccrn"), (self.vehicles, "vehicle"), (self.ubrs, "ubr")):
            if value in values:
                return "{" + _numbered(name, values.index(value)) + "}"
        for at, mark in enumerate(self.vehicles):
            if value == phonenumbers.convert_alpha_characters_in_number(mark):
                return "{" + _numbered("vehicle_keys", at) + "}"
        return None

    def written(self, value: str) -> str:
        """A value, or several parted by commas, with variables for what was given."""
        return ",".join(self.variable(part) or part for part in value.split(","))

    def part(self, digits: str) -> str:
        """Digits of a cargo number that is taken in parts; fewer than `PART` are its last."""
        for at, ccrn in enumerate(self.ccrns):
            for begins in range(0, len(ccrn), PART):
                if ccrn[begins : begins + PART] == digits:
                    ends = "" if begins + PART >= len(ccrn) else str(begins + PART)
                    return f"{{{_numbered('ccrn', at)}[{begins}:{ends}]}}"
        return digits

    def read_out(self, value: str) -> str | None:
        """The name of a reference that is read out for the first time: it is to be captured."""
        if value not in self.ubrs or value in self._read_out:
            return None
        self._read_out.add(value)
        return _numbered("ubr", self.ubrs.index(value))

    def is_known(self, ubr: str) -> bool:
        """Whether a reference came of these calls and was read out in one of them already."""
        return ubr in self._read_out


def given_driver(
    language: str, values: Values, *, logs_in: bool, phone: bool
) -> GivenDriver | None:
    """The driver a scenario needs, if it needs one."""
    if not logs_in and not values.vehicles and not phone:
        return None
    return GivenDriver(language=language, vehicles=max(1, len(values.vehicles)), phone=phone)


def given(driver: GivenDriver | None, cargo: GivenCargo | None) -> Given:
    """Both, as a scenario has them."""
    return Given(driver=driver, cargo=cargo)


def _add(values: list[str], value: str) -> None:
    if value not in values:
        values.append(value)


def _numbered(name: str, at: int) -> str:
    return name if at == 0 else f"{name}_{at + 1}"
