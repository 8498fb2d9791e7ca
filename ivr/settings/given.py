"""The values that a file and the environment give for settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.settings.known import Place, environment_name

_MISSING = object()


@dataclass(frozen=True)
class Given:
    """The values of file and environment before they are checked."""

    file: Path | None
    from_file: Mapping[str, Any] = field(repr=False)
    from_environment: Mapping[str, Any] = field(repr=False)

    def origin(self, path: Place) -> str:
        """Where the value of a setting comes from: environment, file or default."""
        if _lookup(self.from_environment, path) is not _MISSING:
            return f"environment {environment_name(path)}"
        if _lookup(self.from_file, path) is not _MISSING:
            return f"file {self.file}"
        return "default"


def _lookup(values: Any, path: Place) -> Any:
    for part in path:
        if not isinstance(values, Mapping) or part not in values:
            return _MISSING
        values = values[part]
    return values
