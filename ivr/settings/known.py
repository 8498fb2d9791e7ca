"""The settings that exist: their names, types and meanings, and how their values are shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

PREFIX = "ROCARS_IVR_"
DELIMITER = "__"
HIDDEN = "(hidden)"

Place = tuple[str, ...]
"""The sections and the name of a setting."""

_SECRET_ENDINGS = {"password", "passphrase", "secret", "token", "seed", "pin", "credentials"}
_SECRET_KEYS = {"api_key", "private_key", "secret_key", "signing_key"}  # others are telephone keys
_URL_PASSWORD = re.compile(r"(://[^/\s:@]*):[^@/\s]+@")


@dataclass(frozen=True)
class KnownSetting:
    """One setting that can be given, such as ``("sip", "port")``."""

    path: Place
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


def environment_name(path: Place) -> str:
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


def known_settings(model: type[BaseModel], path: Place = ()) -> Iterator[KnownSetting]:
    """Every setting of a model and its sections, in the order they are declared."""
    for name, info in model.model_fields.items():
        section = section_of(info)
        if section is None:
            yield KnownSetting((*path, name), info)
        else:
            yield from known_settings(section, (*path, name))


def is_secret(path: Place, info: FieldInfo | None = None) -> bool:
    """Whether the value of a setting must not be shown."""
    if info is not None and {SecretStr, SecretBytes} & set(_alternatives(info.annotation)):
        return True
    name = path[-1].casefold()
    return name in _SECRET_KEYS or name.split("_")[-1] in _SECRET_ENDINGS


def shown(value: Any, path: Place, info: FieldInfo | None = None) -> str:
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
