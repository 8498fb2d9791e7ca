"""Describes the settings: a table for the documentation, and an example file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from ivr.settings.known import KnownSetting, known_settings


def reference(model: type[BaseModel]) -> str:
    """A Markdown table of every setting, section by section."""
    lines: list[str] = []
    section: tuple[str, ...] | None = None
    for setting in known_settings(model):
        if setting.path[:-1] != section:
            section = setting.path[:-1]
            lines += ["", f"## `{'.'.join(section) or 'top'}`", ""]
            lines += ["| Setting | Environment | Type | Default | Meaning | Our assumption |"]
            lines += ["|---|---|---|---|---|---|"]
        cells = (
            f"`{setting.name}`",
            f"`{setting.environment}`",
            type_name(setting.info.annotation),
            f"`{default}`" if (default := _default_text(setting)) else "",
            setting.meaning,
            "yes" if setting.is_assumption else "",
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines).strip() + "\n"


def example(model: type[BaseModel]) -> str:
    """A TOML file with every setting at its default, commented out and explained."""
    lines = [
        "# Settings of the ROCARS telephone channel. Every line shows a default;",
        "# remove the leading # of those you change.",
    ]
    section: tuple[str, ...] | None = None
    for setting in known_settings(model):
        if setting.path[:-1] != section:
            section = setting.path[:-1]
            lines += ["", f"[{'.'.join(section)}]"] if section else [""]
        value = default_of(setting.info)
        lines += [f"# {line}" for line in _wrapped(setting.meaning)]
        if setting.secret or value is None or value is ...:
            lines.append(f'# {setting.path[-1]} = "..."  (not set)')
        else:
            lines.append(f"#{setting.path[-1]} = {as_toml(value)}")
    return "\n".join(lines) + "\n"


def default_of(info: FieldInfo) -> Any:
    """The default of a field; ``...`` if a value must be given."""
    if info.is_required():
        return ...
    return info.get_default(call_default_factory=True, validated_data={})


def _default_text(setting: KnownSetting) -> str:
    value = default_of(setting.info)
    if value is ...:
        return "(must be given)"
    if value is None or (setting.secret and _is_set(value)):
        return ""
    return as_toml(value)


def _is_set(value: Any) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


def as_toml(value: Any) -> str:
    """A value as TOML writes it, tables inline."""
    if isinstance(value, Enum):
        return as_toml(value.value)
    if isinstance(value, SecretStr):
        return '""'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        entries = (
            f"{json.dumps(str(k))} = {as_toml(v)}" for k, v in value.items() if v is not None
        )
        return "{ " + ", ".join(entries) + " }" if value else "{}"
    if isinstance(value, list | tuple | set | frozenset):
        entries_ = sorted(value) if isinstance(value, set | frozenset) else value
        return "[" + ", ".join(as_toml(entry) for entry in entries_) + "]"
    return json.dumps(str(value), ensure_ascii=False)


def type_name(annotation: Any) -> str:
    """A type in words for a newcomer."""
    origin = get_origin(annotation)
    if origin is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(annotation))
    if origin in (list, tuple, set, frozenset):
        inner = [kind for kind in get_args(annotation) if kind is not ...]
        return "list of " + (type_name(inner[0]) if inner else "anything")
    if origin is dict:
        return "table"
    if origin is not None:
        kinds = [type_name(kind) for kind in get_args(annotation) if kind is not type(None)]
        return " or ".join(dict.fromkeys(kinds))
    if isinstance(annotation, type):
        if issubclass(annotation, Enum):
            return " or ".join(f"`{member.value}`" for member in annotation)
        if issubclass(annotation, BaseModel):
            return "table"
        if issubclass(annotation, Path):
            return "path"
        names = {str: "text", SecretStr: "secret", bool: "true or false", int: "whole number"}
        return names.get(annotation, "number" if annotation is float else annotation.__name__)
    return str(annotation)


def _wrapped(text: str) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and len(line) + len(word) > 90:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    if line:
        yield line
