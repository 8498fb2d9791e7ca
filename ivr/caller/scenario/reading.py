"""Reading scenario files, with errors that name file, line and what was expected."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ivr.caller.hearing.wanted import CannotBeHeard, Wanted
from ivr.caller.scenario.fault import ScenarioError
from ivr.caller.scenario.plain_text import hint_for, read_tree
from ivr.caller.scenario.scenario import Scenario, filled, without_variables
from ivr.caller.scenario.steps import ACTIONS, AnyStep, Dial, Expect, Press, Say
from ivr.dialogue.line import KEYS

__all__ = ["ScenarioError", "ScenarioFile", "find", "read", "schema"]

ENDING = ".call.yaml"


@dataclass(frozen=True)
class ScenarioFile:
    """A scenario and where it was read."""

    path: Path
    scenario: Scenario


def find(places: Iterable[Path]) -> list[Path]:
    """The named scenario files, and those below the named folders."""
    found: list[Path] = []
    for place in places:
        found += sorted(place.rglob(f"*{ENDING}")) if place.is_dir() else [place]
    return found


def read(path: Path) -> ScenarioFile:
    """Read a file. Raises ScenarioError."""
    tree = read_tree(path)
    try:
        scenario = Scenario.model_validate(tree.content)
    except ValidationError as failure:
        raise ScenarioError("\n".join(_faults(path, tree.root, failure))) from failure
    _check_keys(path, tree.root, scenario)
    _check_prompts(path, tree.root, scenario)
    return ScenarioFile(path, scenario)


def schema() -> str:
    """The JSON Schema of scenario files, for editors."""
    made = Scenario.model_json_schema(by_alias=True)
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _faults(path: Path, tree: yaml.Node, failure: ValidationError) -> list[str]:
    lines = []
    written = path.read_text(encoding="utf-8-sig").splitlines()
    for fault in failure.errors(include_url=False):
        place = _without_tags(fault["loc"])
        where, problem = _line(tree, place), fault["msg"].removeprefix("Value error, ")
        name = ".".join(map(str, place))
        if fault["type"] == "extra_forbidden":
            problem = "no such field here"
        elif fault["type"] == "model_type" and not place:
            problem = "expected a scenario: a name, and steps or calls"
        problem += hint_for(fault["input"], written[where - 1] if where <= len(written) else "")
        lines.append(f"{path}:{where}: {name + ': ' if name else ''}{problem}")
    return lines


def _without_tags(loc: Sequence[int | str]) -> list[int | str]:
    """Remove the kind of step, which pydantic puts between the number of a step and its field."""
    return [
        part
        for at, part in enumerate(loc)
        if not (part in ACTIONS and at > 1 and loc[at - 2] == "steps")
    ]


def _line(tree: yaml.Node, loc: Sequence[int | str]) -> int:
    """The line of the innermost part of the file that a location names."""
    node: yaml.Node = tree
    line = node.start_mark.line if node is not None else 0
    for part in loc:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part >= len(node.value):
                break
            node = node.value[part]
            line = node.start_mark.line
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == part:
                    node, line = value, key.start_mark.line
                    break
    return int(line) + 1


def _check_keys(path: Path, tree: yaml.Node, scenario: Scenario) -> None:
    """Check for keys that no telephone has, and for invisible characters in numbers."""
    faults = []
    for place, step in _steps(scenario):
        if isinstance(step, Press) and (wrong := without_variables(step.press).strip(KEYS)):
            faults.append((place, f"keys are 0 to 9, *, # and A to D, not {wrong}"))
        elif isinstance(step, Dial) and not step.dial.isprintable():
            faults.append((place, f"expected a number or SIP URI, not {step.dial!a}"))
    if faults:
        lines = (f"{path}:{_line(tree, place)}: {what}" for place, what in faults)
        raise ScenarioError("\n".join(dict.fromkeys(lines)))


def _steps(scenario: Scenario) -> Iterator[tuple[list[Any], AnyStep]]:
    """Every step, and its place in the file."""
    for number, call in enumerate(scenario.all_calls()):
        for at, step in enumerate(call.steps):
            yield ["steps", at] if scenario.steps else ["calls", number, "steps", at], step


def _check_prompts(path: Path, tree: yaml.Node, scenario: Scenario) -> None:
    """Expected prompts must exist: checked now, not in the middle of a call."""
    if scenario.recordings is not None:
        return
    faults = []
    for row in scenario.rows():
        for place, step in _steps(scenario):
            try:
                match step:
                    case Expect():
                        known = {**dict.fromkeys(scenario.given.names, "0"), **row}
                        _check_expected(step, known)
                    case Say(again_on=str(question)):
                        Wanted(question).check()
            except CannotBeHeard as failure:
                faults.append(f"{path}:{_line(tree, place)}: {failure}")
    if faults:
        raise ScenarioError("\n".join(dict.fromkeys(faults)))


def _check_expected(step: Expect, known: Mapping[str, str]) -> None:
    """Raises CannotBeHeard."""
    wanted = Wanted(step.expect)
    if "{" in step.expect:
        wanted = Wanted(str(filled(step, known).model_dump()["expect"]))
    wanted.check()
    if not step.whole and (step.capture or step.slots):
        raise CannotBeHeard("whole: false hears no slots")
    wanted.check_slots((*step.slots, *step.capture.values()))
