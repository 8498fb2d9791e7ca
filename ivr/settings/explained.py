"""Explains what is wrong with given settings: unknown names, and values that are not allowed."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings

from ivr.settings.given import Given
from ivr.settings.known import (
    DELIMITER,
    HIDDEN,
    PREFIX,
    KnownSetting,
    Place,
    entries_of,
    environment_name,
    is_secret,
    known_settings,
    section_of,
    shown,
)


class SettingsError(Exception):
    """Settings that cannot be used; the text names each of them and what was expected."""

    def __init__(self, problems: list[str]) -> None:
        count = "1 setting is" if len(problems) == 1 else f"{len(problems)} settings are"
        super().__init__("\n".join([f"{count} wrong:", *(f"  {problem}" for problem in problems)]))
        self.problems = problems


def unknown_settings(model: type[BaseSettings], given: Given) -> list[str]:
    """One problem for each given name that is no setting, with a suggestion."""
    problems = [
        f"{'.'.join(path)} (file {given.file}): there is no such setting"
        + (_sibling(path, siblings) or _suggestion(model, path))
        for path, siblings in _unknown_keys(model, given.from_file)
    ]
    known = {setting.environment for setting in known_settings(model)}
    sections = {name.upper() for name in model.model_fields}
    for name in sorted(os.environ):
        variable = name.upper()
        if not variable.startswith(PREFIX) or variable in known | {PREFIX + "CONFIG"}:
            continue
        if variable.removeprefix(PREFIX) in sections:
            continue  # a whole section as JSON
        path = tuple(variable.removeprefix(PREFIX).casefold().split(DELIMITER))
        if _within_structured(model, path):
            continue
        problems.append(
            f"{'.'.join(path)} (environment {name}): there is no such setting"
            f"{_suggestion(model, path, as_environment=True)}"
        )
    return problems


def _within_structured(model: type[BaseModel], path: Place) -> bool:
    """Whether a path goes into a table with free keys."""
    return any(
        setting.structured and path[: len(setting.path)] == setting.path
        for setting in known_settings(model)
    )


def _unknown_keys(
    model: type[BaseModel], values: Any, path: Place = ()
) -> Iterator[tuple[Place, list[str]]]:
    """Keys that no model knows, each with the valid settings at its place."""
    if not isinstance(values, Mapping):
        return
    for key, value in values.items():
        info = model.model_fields.get(key)
        if info is None:
            leaves = [name for name, known in model.model_fields.items() if not section_of(known)]
            yield (*path, key), leaves
        elif (section := section_of(info)) is not None:
            yield from _unknown_keys(section, value, (*path, key))
        elif (entry := entries_of(info)) is not None and isinstance(value, list):
            for position, element in enumerate(value):
                yield from _unknown_keys(entry, element, (*path, f"{key}[{position}]"))


def _sibling(path: Place, siblings: list[str]) -> str:
    close = difflib.get_close_matches(path[-1], siblings, n=1, cutoff=0.7)
    return f"; did you mean {'.'.join((*path[:-1], close[0]))}?" if close else ""


def _suggestion(model: type[BaseModel], path: Place, *, as_environment: bool = False) -> str:
    known = list(known_settings(model))
    names = {setting.name: setting for setting in known}
    close = difflib.get_close_matches(".".join(path), names, n=1, cutoff=0.75)
    if not close:  # the right name in the wrong section
        ends = {setting.path[-1]: setting.name for setting in known}
        close = [ends[end] for end in difflib.get_close_matches(path[-1], ends, n=1, cutoff=0.8)]
    if close:
        setting = names[close[0]]
        return f"; did you mean {setting.environment if as_environment else setting.name}?"
    sections = difflib.get_close_matches(path[0], list(model.model_fields), n=1, cutoff=0.6)
    return f"; did you mean the section {sections[0]}?" if sections else ""


def explained(model: type[BaseSettings], errors: ValidationError, given: Given) -> Iterator[str]:
    """One problem for each value that is not allowed: where it is from, and what was expected."""
    known = {setting.path: setting for setting in known_settings(model)}
    for error in errors.errors(include_url=False, include_context=False):
        location = tuple(str(part) for part in error["loc"])
        path = next(
            (location[:end] for end in range(len(location), 0, -1) if location[:end] in known),
            location,
        )
        setting = known.get(path)
        name = ".".join(path) + "".join(
            f"[{p}]" if p.isdigit() else f".{p}"
            for p in location[len(path) :]
            if setting is not None
        )
        where = given.origin(path) if path else ""
        if where == "default" or not where.startswith("environment"):
            where = f"{where}; environment {environment_name(path)}" if path else "settings"
        expected = error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        expected = re.sub(r"^Input should be ", "expected ", expected)
        yield f"{name or 'settings'} ({where}): {expected}{_as_given(error, location, setting)}"


def _as_given(error: Mapping[str, Any], location: Place, setting: KnownSetting | None) -> str:
    if error["type"] == "missing":
        return "; given nothing"
    if setting is None and isinstance(error["input"], Mapping | BaseModel):
        return ""  # a rule on several settings of a section; its text names them
    path = location or ("settings",)
    if (setting is not None and setting.secret) or is_secret(path):
        return f"; given {HIDDEN}"
    return f"; given {shown(error['input'], path)}"
