"""A scenario file: given what, which calls, and for which examples."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ivr.caller.scenario.steps import AnyStep, Dial, Expect, LanguageOrName

_NAME = re.compile(r"\{([a-z_][a-z0-9_]*)(?:\[([0-9]*):([0-9]*)\])?\}")
"""A variable, or a part of it: from one character to before another, counted from nought."""

_PLAIN = re.compile(r"^[a-z_][a-z0-9_]*$")


class UnknownVariable(ValueError):
    """A variable nobody gives a value."""


class GivenDriver(BaseModel):
    """A registered driver who has not been in a call: gives user_id, pin, code, vehicle,
    and vehicle_keys: their vehicle as it is spelled on a keypad (and vehicle_2, vehicle_keys_2,
    ...); with `phone`, also phone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: LanguageOrName | None = Field(None, description="Their language; empty: any driver.")
    vehicles: int = Field(1, ge=0, le=50, description="So many are registered for the driver.")
    phone: bool = Field(
        False,
        description="Their telephone number is registered: who calls from it is known.",
    )


class GivenCargo(BaseModel):
    """Cargo that may be bundled: gives ccrn (and ccrn_2, ...)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    immediately: bool = Field(
        False,
        description="May cross at once when it is bundled: from the demo data, which has few. "
        "Otherwise it is lodged for the run.",
    )
    count: int = Field(1, ge=1, le=99)


class Given(BaseModel):
    """What the back end is to have before the calls; needs access to ROCARS."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    driver: GivenDriver | None = None
    cargo: GivenCargo | None = None

    @property
    def names(self) -> set[str]:
        """The variables it gives."""
        names: set[str] = set()
        if self.driver is not None:
            names |= {"user_id", "pin", "code"}
            if self.driver.vehicles:
                names |= {"vehicle", "vehicle_keys"}
            for number in range(2, self.driver.vehicles + 1):
                names |= {f"vehicle_{number}", f"vehicle_keys_{number}"}
            if self.driver.phone:
                names.add("phone")
        if self.cargo is not None:
            names |= {"ccrn"} | {f"ccrn_{number}" for number in range(2, self.cargo.count + 1)}
        return names


class ScriptedCall(BaseModel):
    """One call: its steps, the first of which dials."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    steps: tuple[AnyStep, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _dials_first(self) -> Self:
        if not isinstance(self.steps[0], Dial):
            raise ValueError("expected the first step of a call to be dial")
        if any(isinstance(step, Dial) for step in self.steps[1:]):
            raise ValueError("expected dial only as the first step; another call is a call apart")
        return self


class Scenario(BaseModel):
    """One scenario, for all its examples."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    about: str = Field("", description="Why it is there, for the report.")
    given: Given = Field(default_factory=Given)
    variables: dict[str, str] = Field({}, description="Values by name, used as {name}.")
    examples: tuple[dict[str, str], ...] = Field(
        (), description="Rows of a table: the scenario is run once for each."
    )
    matrix: dict[str, tuple[str, ...]] = Field(
        {}, description="Columns of values: run for each combination, with each example."
    )
    secrets: tuple[str, ...] = Field(
        ("pin", "code"), description="Variables whose values are shown nowhere."
    )
    recordings: str | None = Field(
        None, description="Folder of recordings whose names `expect` may use, beside the file."
    )
    steps: tuple[AnyStep, ...] = Field((), description="The steps, where there is one call.")
    calls: tuple[ScriptedCall, ...] = Field((), description="The calls, one after the other.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.steps) == bool(self.calls):
            raise ValueError("expected either steps or calls")
        names = [*self.variables, *self.matrix, *(name for row in self.examples for name in row)]
        for name in names:
            if not _PLAIN.match(name):
                raise ValueError(f"expected names of small letters, not {name}")
        for row in self.rows():
            self._check_names(row)
        return self

    def all_calls(self) -> tuple[ScriptedCall, ...]:
        """The calls, written as one or as several."""
        return self.calls or (ScriptedCall(steps=self.steps),)

    def rows(self) -> Iterator[dict[str, str]]:
        """The variables of each run: examples times matrix, a single one when there are none."""
        columns = [[(name, value) for value in values] for name, values in self.matrix.items()]
        for example in self.examples or ({},):
            for picked in itertools.product(*columns):
                yield {**self.variables, **example, **dict(picked)}

    def row_title(self, row: Mapping[str, str]) -> str:
        """What tells a run from the others."""
        own = {name: value for name, value in row.items() if self.variables.get(name) != value}
        shown = ("•" if name in self.secrets else value for name, value in own.items())
        return "-".join(shown)

    def _check_names(self, row: Mapping[str, str]) -> None:
        known = set(row) | self.given.names
        for call in self.all_calls():
            for step in call.steps:
                for name in names_in(step):
                    if name not in known:
                        raise ValueError(
                            f"{step.title()}: nothing gives {{{name}}} a value before this step"
                        )
                if isinstance(step, Expect):
                    known |= set(step.capture)


def names_in(step: AnyStep) -> list[str]:
    """The variables a step is written with, whole or in part."""
    return [named[1] for named in _NAME.finditer(step.model_dump_json())]


def without_variables(text: str) -> str:
    """What stands there as it is."""
    return _NAME.sub("", text)


def filled(step: AnyStep, values: Mapping[str, str]) -> AnyStep:
    """The step with values for its variables. Raises UnknownVariable, ValidationError."""

    def fill(value: object) -> object:
        if isinstance(value, str):
            return _NAME.sub(replaced, value)
        if isinstance(value, dict):
            return {name: fill(part) for name, part in value.items()}
        return value

    def replaced(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise UnknownVariable(f"nothing gave {{{match[1]}}} a value")
        first, end = (int(place) if place else None for place in match.group(2, 3))
        return values[match[1]][first:end]

    written = step.model_dump(by_alias=True, exclude_unset=True)
    return type(step).model_validate({name: fill(value) for name, value in written.items()})
