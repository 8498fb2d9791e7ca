"""Scenario files: what is wrong with one is said with file, line and what was expected."""

from __future__ import annotations

import json
import re
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
    ("text", "expected"),
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
def test_faults_are_told_with_their_line(tmp_path: Path, text: str, expected: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ScenarioError) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert expected in str(caught.value)


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
    return [_lenient(element) for element in node] if isinstance(node, list) else node


def faults_of(path: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        read(path)
    message = str(caught.value)
    assert all(line.startswith(f"{path}:") for line in message.splitlines())
    return message.replace(str(path), "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "name: a\nsteps:\n  - dial: 1\nsteps:\n  - dial: 2\n",
            ":4: expected each key once: steps",
        ),
        (
            "name: a\nsteps:\n  - dial: 1\n    from: 2\n    from: 3\n",
            ":5: expected each key once: from stands here again, after line 4",
        ),
        ("name: a\nsteps:\n  - dial: 1\n  - press: *0\n", ":4: "),
        ("name: a\nsteps:\n  - dial: 1\n  - press: *\n", ":4: "),
        ("name: a\nsteps:\n  - dial: 1\n  - press: [1, *9]\n", ":4: "),
        ("name: a\nsteps:\n  - dial: 1\n  - press: #\n", ":4: "),
        ("name: a\nsteps:\n  - dial: 1\n  - press: 1 #2\n", ":4: "),
        ("name: a\nsteps:\n  - dial: 1\n  - press: 1 #\n", ":4: "),
    ],
)
def test_what_yaml_does_to_what_people_mean(tmp_path: Path, text: str, expected: str) -> None:
    faults = faults_of(write(tmp_path, text))
    assert faults.startswith(expected)
    if "press" in text:
        assert "put keys in quotes" in faults


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: a\nsteps:\n\t- dial: 1\n", ":3: expected YAML: .*not with tabs"),
        ("name: a\nsteps:\n  - dial: 1\n  - say: %yes\n", ":4: .*put text in quotes"),
        ("name: a\nsteps:\n  - dial: 1\n  - say: @yes\n", ":4: .*put text in quotes"),
        ("name: a\nsteps:\n  - dial: 1\n  - press: !9\n", ":4: .*put text in quotes"),
        ("- a\n- b\n", ":1: expected a scenario: a name, and steps or calls"),
        ("just text\n", ":1: expected a scenario: a name, and steps or calls"),
        ('name: "a\\x1b[31m"\nsteps:\n  - dial: 1\n', ":1: .*control character U\\+001B"),
        ("name: a\nsteps:\n  - dial: 1\n  - press: “*0”\n", ":4: keys are 0 to 9"),
        ("name: a\nsteps:\n  - dial: 1\n  - press: '{ubr}１'\n", "keys are 0 to 9|nothing gives"),
        ("name: a\nsteps:\n  - dial: 1\n  - press: 12e\n", ":4: keys are 0 to 9.*not e"),
        ("name: a\nsteps:\n  - dial: 39\u200b02\n", r":3: expected a number.*39\\u200b02"),
        ("name: a\nsteps:\n  - dial: 1\n---\nname: b\n", ":4: expected YAML: "),
        ("name: a\nsteps: &s\n  - *s\n", ":2: steps.0: expected a step"),
    ],
)
def test_what_people_paste_is_refused_in_one_line(tmp_path: Path, text: str, expected: str) -> None:
    faults = faults_of(write(tmp_path, text))
    assert re.search(expected, faults), faults
    assert len(faults.splitlines()) == 1


def test_a_comment_after_a_key_is_a_comment(tmp_path: Path) -> None:
    text = "name: a\nsteps:\n  - dial: 1\n  - press: 1 # the menu\n  - press: 1#2\n"
    steps = read(write(tmp_path, text)).scenario.steps
    assert [step.model_dump()["press"] for step in steps[1:]] == ["1", "1#2"]


@pytest.mark.parametrize(
    "word", ["yes", "no", "on", "off", "1.0", "1e3", "007", "2026-01-02", "true", ".inf", "0x1F"]
)
def test_what_is_text_stays_text(tmp_path: Path, word: str) -> None:
    text = f"name: a\nsteps:\n  - dial: 1\n  - say: {word}\n  - hang_up: yes\n"
    (_, step, _) = read(write(tmp_path, text)).scenario.steps
    assert step.model_dump()["say"] == word


def test_numbers_and_truth_are_read_out_of_text(tmp_path: Path) -> None:
    text = (
        "name: a\nsteps:\n  - dial: 1\n    loss: 0.25\n    within: 3\n"
        "  - expect: bundle.done\n    whole: no\n  - hang_up: true\n"
    )
    dial, expect, _ = read(write(tmp_path, text)).scenario.steps
    assert (dial.model_dump()["loss"], dial.model_dump()["within"]) == (0.25, 3.0)
    assert isinstance(expect, Expect)
    assert expect.whole is False


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("name: a\nsteps:\n  - dial: 一\n".encode("big5"), ":3: expected text in UTF-8"),
        ("name: a\n".encode("utf-16"), ":1: expected text in UTF-8"),
        (b"\x89PNG\r\n\x1a\n", ":1: expected text in UTF-8"),
        (
            b"name: a\nsteps:\n  - dial: \x00\n",
            ":3: expected text, not the control character U+0000",
        ),
        (b"name: a\x1b[31m\n", ":1: expected text, not the control character U+001B"),
        ("name: \x9b31m\n".encode(), ":1: expected text, not the control character U+009B"),
        (b"name: a\nsteps: " + b"[" * 100_000, ":2: expected "),
        (b"a:\n" + b"".join(b" " * n + b"a:\n" for n in range(1, 60)), ":4"),
    ],
)
def test_what_is_no_text_of_ours_is_refused_in_one_line(
    tmp_path: Path, raw: bytes, expected: str
) -> None:
    path = tmp_path / "one.call.yaml"
    path.write_bytes(raw)
    faults = faults_of(path)
    assert faults.startswith(expected)
    assert len(faults.splitlines()) == 1


def test_a_mark_at_the_beginning_and_windows_lines_are_text(tmp_path: Path) -> None:
    path = tmp_path / "one.call.yaml"
    path.write_bytes("\ufeffname: 甲\r\nsteps:\r\n  - dial: 1\r\n  - hang_up: on\r\n".encode())
    assert read(path).scenario.name == "甲"
