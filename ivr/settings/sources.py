"""Reads settings from a TOML file and the environment, and explains what is wrong with them."""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, TomlConfigSettingsSource

PREFIX = "ROCARS_IVR_"
DELIMITER = "__"
HIDDEN = "(hidden)"

Path_ = tuple[str, ...]
S = TypeVar("S", bound=BaseSettings)

_SECRET_ENDINGS = {"password", "passphrase", "secret", "token", "seed", "pin", "credentials"}
_SECRET_KEYS = {"api_key", "private_key", "secret_key", "signing_key"}  # others are telephone keys
_URL_PASSWORD = re.compile(r"(://[^/\s:@]*):[^@/\s]+@")


class SettingsError(Exception):
    """Settings that cannot be used; the text names each of them and what was expected."""

    def __init__(self, problems: list[str]) -> None:
        count = "1 setting is" if len(problems) == 1 else f"{len(problems)} settings are"
        super().__init__("\n".join([f"{count} wrong:", *(f"  {problem}" for problem in problems)]))
        self.problems = problems


@dataclass(frozen=True)
class KnownSetting:
    """One setting that can be given, such as ``("sip", "port")``."""

    path: Path_
    info: FieldInfo

    @property
    def name(self) -> str:
        """The name as in the TOML file: ``sip.port``."""
        return ".".join(self.path)

    @property
    def environment(self) -> str:
        return environment_name(self.path)

    @property
    def meaning(self) -> str:
        return self.info.description or ""

    @property
    def is_assumption(self) -> bool:
        """Whether the default is our assumption, for lack of a fact about ROCARS."""
        return "our assumption" in self.meaning.casefold()

    @property
    def secret(self) -> bool:
        return is_secret(self.path, self.info)

    @property
    def structured(self) -> bool:
        """Whether it is a list or table, which the environment gives as JSON."""
        return any(
            get_origin(kind) in (list, tuple, set, frozenset, dict) or kind in (list, dict, tuple)
            for kind in _alternatives(self.info.annotation)
        )


@dataclass(frozen=True)
class Given:
    """The values of file and environment before they are checked."""

    file: Path | None
    from_file: Mapping[str, Any] = field(repr=False)
    from_environment: Mapping[str, Any] = field(repr=False)

    def origin(self, path: Path_) -> str:
        """Where the value of a setting comes from: environment, file or default."""
        if _lookup(self.from_environment, path) is not _MISSING:
            return f"environment {environment_name(path)}"
        if _lookup(self.from_file, path) is not _MISSING:
            return f"file {self.file}"
        return "default"


def environment_name(path: Path_) -> str:
    return PREFIX + DELIMITER.join(path).upper()


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, or the annotation alone."""
    origin = get_origin(annotation)
    if origin is None or origin in (list, tuple, set, frozenset, dict):
        return (annotation,)
    return get_args(annotation)


def section_of(info: FieldInfo) -> type[BaseModel] | None:
    """The model of a field, if it is a section of its own."""
    for kind in _alternatives(info.annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def entries_of(info: FieldInfo) -> type[BaseModel] | None:
    """The model of the entries, if the field is a list of tables."""
    for kind in _alternatives(info.annotation):
        for entry in get_args(kind):
            if isinstance(entry, type) and issubclass(entry, BaseModel):
                return entry
    return None


def known_settings(model: type[BaseModel], path: Path_ = ()) -> Iterator[KnownSetting]:
    """Every setting of a model and its sections, in the order they are declared."""
    for name, info in model.model_fields.items():
        section = section_of(info)
        if section is None:
            yield KnownSetting((*path, name), info)
        else:
            yield from known_settings(section, (*path, name))


def is_secret(path: Path_, info: FieldInfo | None = None) -> bool:
    """Whether the value of a setting must not be shown."""
    if info is not None and {SecretStr, SecretBytes} & set(_alternatives(info.annotation)):
        return True
    name = path[-1].casefold()
    return name in _SECRET_KEYS or name.split("_")[-1] in _SECRET_ENDINGS


def shown(value: Any, path: Path_, info: FieldInfo | None = None) -> str:
    """A value in the form in which it may be printed."""
    if isinstance(value, SecretStr | SecretBytes):
        return HIDDEN if value.get_secret_value() else '""'
    if is_secret(path, info) and not isinstance(value, bool) and value not in (None, ""):
        return HIDDEN
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        inner = (f"{key} = {shown(entry, (*path, str(key)))}" for key, entry in value.items())
        return "{ " + ", ".join(inner) + " }" if value else "{}"
    if isinstance(value, list | tuple | set | frozenset):
        return "[" + ", ".join(shown(entry, path, info) for entry in value) + "]"
    if value is None:
        return "(none)"
    if isinstance(value, bool | int | float):
        return str(value).lower()
    return json.dumps(_URL_PASSWORD.sub(r"\1:***@", str(value)), ensure_ascii=False)


def read(model: type[S], file: Path | None) -> tuple[S, Given]:
    """Read settings from file and environment; the environment wins. Raises SettingsError."""
    given = _gather(model, file)
    problems = _unknown(model, given)
    try:
        settings = model(**_merged(given.from_file, given.from_environment))
    except ValidationError as errors:
        already = tuple(problem.split(" ", 1)[0] for problem in problems)
        problems += [
            problem
            for problem in _explained(model, errors, given)
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


def _unknown(model: type[BaseSettings], given: Given) -> list[str]:
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


def _within_structured(model: type[BaseModel], path: Path_) -> bool:
    """Whether a path goes into a table with free keys."""
    return any(
        setting.structured and path[: len(setting.path)] == setting.path
        for setting in known_settings(model)
    )


def _unknown_keys(
    model: type[BaseModel], values: Any, path: Path_ = ()
) -> Iterator[tuple[Path_, list[str]]]:
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


def _sibling(path: Path_, siblings: list[str]) -> str:
    close = difflib.get_close_matches(path[-1], siblings, n=1, cutoff=0.7)
    return f"; did you mean {'.'.join((*path[:-1], close[0]))}?" if close else ""


def _suggestion(model: type[BaseModel], path: Path_, *, as_environment: bool = False) -> str:
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


def _explained(model: type[BaseSettings], errors: ValidationError, given: Given) -> Iterator[str]:
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


def _as_given(error: Mapping[str, Any], location: Path_, setting: KnownSetting | None) -> str:
    if error["type"] == "missing":
        return "; given nothing"
    if setting is None and isinstance(error["input"], Mapping | BaseModel):
        return ""  # a rule on several settings of a section; its text names them
    path = location or ("settings",)
    if (setting is not None and setting.secret) or is_secret(path):
        return f"; given {HIDDEN}"
    return f"; given {shown(error['input'], path)}"


_MISSING = object()


def _lookup(values: Any, path: Path_) -> Any:
    for part in path:
        if not isinstance(values, Mapping) or part not in values:
            return _MISSING
        values = values[part]
    return values
