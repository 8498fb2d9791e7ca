"""Which values of a call were given to it or resulted from it, and their names in a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import phonenumbers

from ivr.caller.scenario.scenario import Given, GivenCargo, GivenDriver

PART = 4
"""A cargo number that is not understood is asked for in parts of so many digits."""


@dataclass
class Values:
    """Cargo, vehicles and references by value.

    Attributes:
        ccrns: those that ROCARS accepted for bundling, in order.
        vehicles: those of the driver, in the order in which they are offered.
        ubrs: references that these calls produced, in order.
        no_vehicles: the driver is asked for a mark at once, since none is on file.
        is_trainee: on the practice line, the user ID must be a driver's.
    """

    ccrns: list[str] = field(default_factory=list)
    vehicles: list[str] = field(default_factory=list)
    ubrs: list[str] = field(default_factory=list)
    no_vehicles: bool = False
    is_trainee: bool = False
    _offered: int = 0
    """The place of the vehicle that was offered last, counted from 1."""
    _more_than: int = 0
    """After so many vehicles, further ones were offered."""
    _read_out: set[str] = field(default_factory=set)

    def learn(self, prompts: list[Mapping[str, Any]]) -> None:
        """Take in the values that one utterance reads out."""
        for prompt in prompts:
            match prompt["name"]:
                case "ccrn.accepted":
                    _add(self.ccrns, prompt["slots"]["ccrn"])
                case "vehicle.option":
                    _add(self.vehicles, prompt["slots"]["vehicle"])
                    self._offered = self.vehicles.index(prompt["slots"]["vehicle"]) + 1
                case "vehicle.more":
                    self._more_than = max(self._more_than, self._offered)

    @property
    def vehicles_on_file(self) -> int:
        """How many vehicles the driver must have, so that they are offered as they were."""
        if self.no_vehicles:
            return 0
        further = self._more_than + 1 if self._more_than else 0
        return max(1, len(self.vehicles), further)

    def given_cargo(self, *, immediately: bool) -> GivenCargo | None:
        """The cargo that must be lodged before."""
        if not self.ccrns:
            return None
        return GivenCargo(count=len(self.ccrns), immediately=immediately)

    def variable(self, value: str) -> str | None:
        """The variable with this value, in braces; None if no such value was given."""
        for values, name in ((self.ccrns, "ccrn"), (self.vehicles, "vehicle"), (self.ubrs, "ubr")):
            if value in values:
                return "{" + _numbered(name, values.index(value)) + "}"
        for at, mark in enumerate(self.vehicles):
            if value == phonenumbers.convert_alpha_characters_in_number(mark):
                return "{" + _numbered("vehicle_keys", at) + "}"
        return None

    def written(self, value: str) -> str:
        """A value, or several separated by commas, with variables for given values."""
        return ",".join(self.variable(part) or part for part in value.split(","))

    def by_ending(self, value: str) -> str:
        """Cargo numbers, separated by commas, of which the last digits were read out: with
        variables for given ones."""
        return ",".join(self.written(self._ends_with(part) or part) for part in value.split(","))

    def _ends_with(self, digits: str) -> str | None:
        """The one cargo number with this end; None if there is no such number, or several."""
        found = [ccrn for ccrn in self.ccrns if ccrn.endswith(digits)]
        return found[0] if len(found) == 1 else None

    def part(self, digits: str) -> str:
        """The variable for a part of a cargo number; fewer digits than `PART` are its last part."""
        for at, ccrn in enumerate(self.ccrns):
            for begins in range(0, len(ccrn), PART):
                if ccrn[begins : begins + PART] == digits:
                    ends = "" if begins + PART >= len(ccrn) else str(begins + PART)
                    return f"{{{_numbered('ccrn', at)}[{begins}:{ends}]}}"
        return digits

    def read_out(self, value: str) -> str | None:
        """The variable for a reference that is read out for the first time, which must be
        captured."""
        if value not in self.ubrs or value in self._read_out:
            return None
        self._read_out.add(value)
        return _numbered("ubr", self.ubrs.index(value))

    def is_known(self, ubr: str) -> bool:
        """Whether these calls produced this reference and have already read it out."""
        return ubr in self._read_out


def given_driver(
    language: str, values: Values, *, logs_in: bool, phone: bool
) -> GivenDriver | None:
    """The driver that a scenario needs, if any."""
    if not logs_in and not values.vehicles and not phone:
        return None
    return GivenDriver(language=language, vehicles=values.vehicles_on_file, phone=phone)


def given(driver: GivenDriver | None, cargo: GivenCargo | None) -> Given:
    """Driver and cargo in the form that a scenario has."""
    return Given(driver=driver, cargo=cargo)


def _add(values: list[str], value: str) -> None:
    if value not in values:
        values.append(value)


def _numbered(name: str, at: int) -> str:
    return name if at == 0 else f"{name}_{at + 1}"
