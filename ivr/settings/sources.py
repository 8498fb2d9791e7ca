"""Reads settings from a TOML file and the environment."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, TomlConfigSettingsSource

from ivr.settings.explained import SettingsError, explained, unknown_settings
from ivr.settings.given import Given
from ivr.settings.known import DELIMITER, PREFIX, known_settings, shown

S = TypeVar("S", bound=BaseSettings)


def read(model: type[S], file: Path | None) -> tuple[S, Given]:
    """Read settings from file and environment; the environment wins. Raises SettingsError."""
    given = _gather(model, file)
    problems = unknown_settings(model, given)
    try:
        settings = model(**_merged(given.from_file, given.from_environment))
    except ValidationError as errors:
        already = tuple(problem.split(" ", 1)[0] for problem in problems)
        problems += [
            problem
            for problem in explained(model, errors, given)
            if problem.split(" ", 1)[0] not in already
        ]
        raise SettingsError(problems) from None
    if problems:
        raise SettingsError(problems)
    return settings, given


def _gather(model: type[BaseSettings], file: Path | None) -> Given:
    from_file: dict[str, Any] = {}
    if file is not None:
        try:
            from_file = TomlConfigSettingsSource(model, toml_file=file)()
            if not file.is_file():  # the library ignores a missing file
                raise FileNotFoundError(f"there is no file {file}")
        except tomllib.TOMLDecodeError as wrong:
            raise SettingsError([f"{file}: expected TOML: {wrong}"]) from None
        except (OSError, UnicodeDecodeError) as wrong:
            raise SettingsError([f"{file}: cannot be read: {wrong}"]) from None
    problems = []
    for setting in known_settings(model):
        text = _environment_value(setting.environment)
        if text is None or not setting.structured:
            continue
        try:
            json.loads(text)
        except ValueError:
            problems.append(
                f"{setting.name} (environment {setting.environment}): "
                f'expected JSON, such as ["a", "b"]; given {shown(text, setting.path)}'
            )
    if problems:
        raise SettingsError(problems)
    from_environment = EnvSettingsSource(
        model, case_sensitive=False, env_prefix=PREFIX, env_nested_delimiter=DELIMITER
    )()
    return Given(file, from_file, from_environment)


def _environment_value(name: str) -> str | None:
    return next((value for key, value in os.environ.items() if key.upper() == name), None)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _merged(merged[key], value)
        else:
            merged[key] = value
    return merged
