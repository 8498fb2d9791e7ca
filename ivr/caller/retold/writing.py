"""Writes a scenario as a file for people: one step in a line or two, as they would write it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ivr.caller.retold.history import History
from ivr.caller.retold.steps import FACTOR, LEAST_S, Step, steps_of
from ivr.caller.retold.waits import Waits
from ivr.caller.scenario.scenario import Given

_PLAIN = re.compile(r"[a-z][a-z0-9_.-]*")
_NOT_TEXT = {"true", "false", "yes", "no", "on", "off", "null"}

ABOUT = (
    f"# Limits of time are {FACTOR} times what was measured, rounded up to half a second, and at\n"
    f"# least {LEAST_S:g} s; after words, the longest silence that ends them is added.\n"
    "# Calling numbers are samples of the same country.\n"
)


def as_file(history: History, waits: Waits) -> str:
    """The text of the file (`*.call.yaml`), for a service that waits so long."""
    lines = [ABOUT.rstrip(), f"name: {_value(history.name)}", f"about: {_value(history.about)}"]
    lines += _given(history.given)
    calls = [(call.name, steps_of(call, waits)) for call in history.calls]
    if len(calls) == 1:
        lines += ["steps:", *_steps(calls[0][1], "  ")]
    else:
        lines.append("calls:")
        for number, (name, steps) in enumerate(calls, start=1):
            lines.append(f"  - name: {_value(f'{number}: {name}')}")
            lines += ["    steps:", *_steps(steps, "      ")]
    return "\n".join(lines) + "\n"


def _given(given: Given) -> list[str]:
    parts = given.model_dump(exclude_defaults=True)
    if not parts and given.driver is None and given.cargo is None:
        return []
    lines = ["given:"]
    for name in ("driver", "cargo"):
        if getattr(given, name) is not None:
            lines.append(f"  {name}: {_value(parts.get(name, {}))}")
    return lines


def _steps(steps: Iterable[Step], indent: str) -> Iterable[str]:
    for step in steps:
        sign = "- "
        for name, value in step.items():
            yield f"{indent}{sign}{name}: {_value(value)}"
            sign = "  "


def _value(value: Any) -> str:
    """A value in YAML: text in quotes, unless it is a plain name."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"{value:g}"
        case Mapping():
            return (
                "{" + ", ".join(f"{key}: {_value(element)}" for key, element in value.items()) + "}"
            )
        case _:
            text = str(value)
            if _PLAIN.fullmatch(text) and text not in _NOT_TEXT:
                return text
            return json.dumps(text, ensure_ascii=False)
