"""Each rule finds what it is there for, and the real flows pass them all."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ivr.drawing import rules
from ivr.drawing.book import flow_graphs, markdown
from ivr.drawing.mermaid import dot, mermaid
from ivr.drawing.rules import Finding, Rule, Source, check
from ivr.drawing.source import read_dialogue, read_flows, read_module
from speech.languages.language import Language

pytestmark = pytest.mark.unit


def found(rule: Rule, body: str, *, name: str = "main_menu") -> list[Finding]:
    """What a rule finds in one flow with this body; `name` lends it a real module's questions."""
    lines = "\n".join(f"    {line}" for line in body.strip("\n").splitlines())
    module = read_module(name, f"async def flow(call, desk):\n{lines}\n", "flow.py")
    return list(rule(Source([module], [])))


def test_the_real_flows_pass() -> None:
    assert check(Source(read_flows(), read_dialogue())) == []


@pytest.mark.parametrize(
    ("rule", "body", "what"),
    [
        (rules.prompts_exist, 'await call.say("login.nonsense")', "no prompt login.nonsense"),
        (rules.slots_are_filled, 'await call.say("bundle.done")', "slots ubr expected, none"),
        (
            rules.slots_are_filled,
            'await call.say("login.welcome", ubr="1")',
            "slots none expected, ubr given",
        ),
        (
            rules.slots_are_filled,
            'Choice("1", "a", "login.welcome")',
            "a choice has a slot {key:key}",
        ),
        (
            rules.choices_are_covered,
            'match (await call.choose(MAIN_MENU)).value:\n    case "bundle":\n        return',
            "no case for the choice 'goodbye'",
        ),
        (
            rules.choices_are_covered,
            "chosen = await call.choose(MAIN_MENU)\nmatch chosen.value:\n"
            '    case "teleport":\n        return',
            "the menu has no choice 'teleport'",
        ),
        (rules.branches_end, 'while True:\n    await call.say("login.welcome")', "without a way"),
        (rules.branches_end, 'return\nawait call.say("login.welcome")', "never be reached"),
        (
            rules.back_end_is_waited_for,
            "await desk.rocars.bundles(desk.driver)",
            "not in call.wait_for",
        ),
        (rules.turns_are_taken, "return", "WantsHotline is caught by no flow"),
        (rules.imports_are_allowed, "import sqlalchemy.orm", "may not import sqlalchemy"),
        (rules.readable, "await call.dance()", "call.dance is not known here"),
        (rules.readable, "with desk:\n    return", "With"),
        (rules.readable, "await call.choose(NOBODYS_MENU)", "is no question"),
    ],
)
def test_a_bad_flow_is_found(rule: Rule, body: str, what: str) -> None:
    assert any(what in str(finding) for finding in found(rule, body)), found(rule, body)


def test_a_good_flow_is_left_alone() -> None:
    body = (
        "chosen = await call.choose(MAIN_MENU)\n"
        "match chosen.value:\n"
        '    case "bundle" | "language":\n'
        "        return\n"
        "    case _:\n"
        '        await call.say("bundle.done", ubr="123")\n'
    )
    for rule in (rules.readable, rules.slots_are_filled, rules.branches_end):
        assert found(rule, body) == []


def test_a_prompt_nobody_says_is_found() -> None:
    silent = list(rules.prompts_are_used(Source([], [])))
    assert any("bundle.done is said nowhere" in str(finding) for finding in silent)


def test_the_drawing_in_the_docs_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "flows" / "README.md"
    assert page.read_text(encoding="utf-8") == markdown(Language.ENGLISH), "run `make drawings`"


@pytest.mark.parametrize("language", list(Language))
def test_drawings_are_whole(language: Language) -> None:
    for flow in flow_graphs():
        text = mermaid(flow, language)
        reached = {edge.target for edge in flow.edges} | {0}
        assert reached == {node.number for node in flow.nodes}, flow.name
        assert text.count("\n") == 1 + len(flow.nodes) + len(flow.edges)
        for line in text.splitlines()[1:]:
            assert line.count('"') in (0, 2), line


def test_graphviz_takes_every_drawing() -> None:
    if shutil.which("dot") is None:
        pytest.fail("Graphviz is not installed: `make test` installs it")
    for flow in flow_graphs():
        drawn = subprocess.run(
            ["dot", "-Tsvg"], input=dot(flow, Language.CANTONESE), capture_output=True, text=True
        )
        assert drawn.returncode == 0, drawn.stderr
