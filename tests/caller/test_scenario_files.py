"""Scenario files: what is wrong with one is said with file, line and what was expected."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from ivr.caller.scenario.planned import planned
from ivr.caller.scenario.reading import ScenarioError, find, read, schema
from ivr.caller.scenario.scenario import UnknownVariable, filled
from ivr.caller.scenario.steps import Expect, Press

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]


def write(folder: Path, text: str) -> Path:
    path = folder / "one.call.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ":1: expected a scenario"),
        ("name: a\nsteps: [\n", ":3: expected YAML"),
        ("name: a\nsteps:\n  - dial: 1\n  - exepct: b\n", ":4: steps.1: expected a step: one of"),
        ("name: a\nsteps:\n  - press: 1\n", "expected the first step of a call to be dial"),
        ("name: a\nsteps:\n  - dial: 1\n  - dial: 2\n", "expected dial only as the first step"),
        ("name: a\n", "expected either steps or calls"),
        ("name: a\nsteps:\n  - dial: 1\n  - wait: soon\n", ":4: steps.1.wait: "),
        (
            "name: a\nsteps:\n  - dial: 1\n  - wait: 1\n    foo: 2\n",
            ":5: steps.1.foo: no such field",
        ),
        ("name: a\nsteps:\n  - dial: 1\n  - press: '{ubr}'\n", "nothing gives {ubr} a value"),
        ("name: a\nsteps:\n  - dial: 1\n  - expect: bundle.dne\n", ":4: the catalogue has no"),
        (
            "name: a\nsteps:\n  - dial: 1\n  - say: b\n    again_on: ccrn.sya\n",
            ":4: the catalogue has no prompt ccrn.sya",
        ),
        (
            "name: a\nsteps:\n  - dial: 1\n  - expect: bundle.done\n    capture: {a: ref}\n",
            ":4: bundle.done has no slot ref; its slots: ubr",
        ),
    ],
)
def test_faults_are_told_with_their_line(tmp_path: Path, text: str, told: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ScenarioError) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert told in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="No such file"):
        read(tmp_path / "none.call.yaml")


def test_examples_and_columns_are_run_in_all_combinations(tmp_path: Path) -> None:
    file = read(
        write(
            tmp_path,
            "name: a\nexamples: [{key: 007}, {key: '#'}]\nmatrix: {style: [normal, info]}\n"
            "steps:\n  - dial: 1\n    keys: '{style}'\n  - press: '{key}'\n",
        )
    )
    runs = list(planned([file]))
    assert [run.title for run in runs] == [
        "a [007-normal]",
        "a [007-info]",
        "a [#-normal]",
        "a [#-info]",
    ]
    press = file.scenario.steps[1]
    assert isinstance(press, Press)
    assert filled(press, runs[0].row) == Press(press="007")


def test_what_was_heard_can_be_used_afterwards(tmp_path: Path) -> None:
    file = read(
        write(
            tmp_path,
            "name: a\ncalls:\n- steps:\n  - dial: 1\n  - expect: bundle.done\n"
            "    capture: {ubr: ubr}\n- steps:\n  - dial: 1\n  - expect: status.live\n"
            "    slots: {ubr: '{ubr}'}\n",
        )
    )
    expect = file.scenario.calls[1].steps[1]
    with pytest.raises(UnknownVariable):
        filled(expect, {})
    step = filled(expect, {"ubr": "5550001234"})
    assert isinstance(step, Expect)
    assert step.slots == {"ubr": "5550001234"}


def test_a_part_of_a_variable_can_be_used(tmp_path: Path) -> None:
    file = read(
        write(
            tmp_path,
            "name: a\nvariables: {ccrn: '12345678901'}\nsteps:\n- dial: 1\n"
            "- press: '{ccrn[0:4]}*{ccrn[8:]}#'\n",
        )
    )
    assert filled(file.scenario.steps[1], {"ccrn": "12345678901"}) == Press(press="1234*901#")
    with pytest.raises(ScenarioError, match=r"nothing gives .number. a value"):
        read(write(tmp_path, "name: a\nsteps:\n- dial: 1\n- press: '{number[0:4]}'\n"))


def test_the_schema_is_published_and_ours_fit_it() -> None:
    published = (ROOT / "docs" / "scenario.schema.json").read_text(encoding="utf-8")
    assert published == schema(), "run: rocars-ivr calls schema > docs/scenario.schema.json"
    files = find([ROOT / "tests" / "calls" / "scripted"])
    assert len(files) >= 9
    for path in files:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        jsonschema.Draft202012Validator(_lenient(json.loads(published))).validate(content)


def _lenient(node: object) -> object:
    """As an editor that reads YAML as text takes it: numbers and truth values are text too."""
    if isinstance(node, dict):
        plain = {name: _lenient(value) for name, value in node.items()}
        if plain.get("type") in ("number", "integer", "boolean") or "const" in plain:
            return {}
        return plain
    return [_lenient(one) for one in node] if isinstance(node, list) else node
