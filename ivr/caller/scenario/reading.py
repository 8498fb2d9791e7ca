"""Reading scenario files, with errors that name file, line and what was expected."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ivr.caller.hearing.prompt_ear import CannotBeHeard, Wanted
from ivr.caller.scenario.scenario import Scenario, filled
from ivr.caller.scenario.steps import ACTIONS, Expect, Say

ENDING = ".call.yaml"


class ScenarioError(ValueError):
    """A file that is no scenario; one line for each fault, ``file:line: what was expected``."""


@dataclass(frozen=True)
class ScenarioFile:
    """A scenario and where it was read."""

    path: Path
    scenario: Scenario


def find(places: Iterable[Path]) -> list[Path]:
    """The scenario files named, and those below the folders named."""
    found: list[Path] = []
    for place in places:
        found += sorted(place.rglob(f"*{ENDING}")) if place.is_dir() else [place]
    return found


def read(path: Path) -> ScenarioFile:
    """Read a file. Raises ScenarioError."""
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.load(text, Loader=_Texts)
    except OSError as failure:
        raise ScenarioError(f"{path}: {failure.strerror}") from failure
    except yaml.MarkedYAMLError as failure:
        line = failure.problem_mark.line + 1 if failure.problem_mark else 1
        raise ScenarioError(f"{path}:{line}: expected YAML: {failure.problem}") from failure
    if tree is None:
        raise ScenarioError(f"{path}:1: expected a scenario: the file is empty")
    try:
        scenario = Scenario.model_validate(content)
    except ValidationError as failure:
        raise ScenarioError("\n".join(_faults(path, tree, failure))) from failure
    _check_prompts(path, tree, scenario)
    return ScenarioFile(path, scenario)


def schema() -> str:
    """The JSON Schema of scenario files, for editors."""
    made = Scenario.model_json_schema(by_alias=True)
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


class _Texts(yaml.SafeLoader):
    """Keeps numbers where they are meant as keys: `press: 007` is text, not octal."""


_Texts.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if not tag.endswith((":int", ":timestamp"))
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _faults(path: Path, tree: yaml.Node, failure: ValidationError) -> list[str]:
    lines = []
    for fault in failure.errors(include_url=False):
        place = _without_tags(fault["loc"])
        where, said = _line(tree, place), fault["msg"].removeprefix("Value error, ")
        name = ".".join(map(str, place))
        if fault["type"] == "extra_forbidden":
            said = "no such field here"
        lines.append(f"{path}:{where}: {name + ': ' if name else ''}{said}")
    return lines


def _without_tags(loc: Sequence[int | str]) -> list[int | str]:
    """Pydantic names the kind of step between its number and its field."""
    return [
        part
        for at, part in enumerate(loc)
        if not (part in ACTIONS and at > 1 and loc[at - 2] == "steps")
    ]


def _line(tree: yaml.Node, loc: Sequence[int | str]) -> int:
    """The line of the innermost part of the file that a place names."""
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


def _check_prompts(path: Path, tree: yaml.Node, scenario: Scenario) -> None:
    """Prompts that are expected have to exist: found out now, not in the middle of a call."""
    if scenario.recordings is not None:
        return
    faults = []
    for row in scenario.rows():
        for number, call in enumerate(scenario.all_calls()):
            for at, step in enumerate(call.steps):
                place: list[Any] = (
                    ["steps", at] if scenario.steps else ["calls", number, "steps", at]
                )
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
