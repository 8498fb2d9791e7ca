"""Reads the YAML of a scenario file as the text that its author meant.

YAML takes ``yes`` for a truth value, ``1.0`` for a number, ``*`` for an alias and ``#`` for a
comment, and keeps the last of two equal keys. Authors of scenarios mean text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ivr.caller.scenario.fault import ScenarioError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader of libyaml is several times as fast."""

DEEPEST = 40
"""Far deeper than a scenario; deeper still could exhaust the reader's stack."""

QUOTE_KEYS = 'put keys in quotes, as press: "*0" or press: "#"'
_STAR_OR_HASH = re.compile(r"(^|[\s:,\[{-])[*#]")
_KEYS_THEN_HASH = re.compile(r"\bpress:\s+[0-9*A-D]+\s+#[0-9*#A-D]*\s*$")
_TAB_FIRST = re.compile(r"^ *\t")
_SIGN_FIRST = re.compile(r":\s+[%@`!&|>]")


@dataclass(frozen=True)
class Tree:
    """A file as YAML read it: nodes, which know their lines, and content, which is all text."""

    root: yaml.Node
    content: Any


def read_tree(path: Path) -> Tree:
    """Raises ScenarioError, one line for each fault."""
    text = _text(path)
    lines = text.splitlines()
    try:
        _check_depth(path, text)
        root = yaml.compose(text, Loader=_Loader)
        if root is None:
            raise ScenarioError(f"{path}:1: expected a scenario: the file is empty")
        _check_keys(path, root)
        return Tree(root, yaml.load(text, Loader=_Texts))
    except yaml.MarkedYAMLError as failure:
        mark = failure.problem_mark or failure.context_mark
        line = mark.line + 1 if mark else 1
        faulty = lines[line - 1] if line <= len(lines) else ""
        raise ScenarioError(
            f"{path}:{line}: expected YAML: {failure.problem}{_hint(faulty)}"
        ) from failure
    except ScenarioError:
        raise
    except (yaml.YAMLError, ValueError) as failure:
        what = " ".join(str(failure).split())
        raise ScenarioError(f"{path}:1: expected YAML: {what}") from failure


def _hint(faulty: str) -> str:
    """What an author may have meant by a line that YAML does not understand."""
    if _TAB_FIRST.search(faulty):
        return "; indent with spaces, not with tabs"
    if _STAR_OR_HASH.search(faulty):
        return f"; {QUOTE_KEYS}"
    return "; put text in quotes" if _SIGN_FIRST.search(faulty) else ""


def hint_for(value: object, line: str) -> str:
    """What an author may have meant where YAML found nothing, or only a part of the line."""
    if value is None and "#" in line:
        return f" (after # YAML reads no more; {QUOTE_KEYS})"
    return ""


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as failure:
        raise ScenarioError(f"{path}: {failure.strerror}") from failure
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        line = raw.count(b"\n", 0, failure.start) + 1
        raise ScenarioError(
            f"{path}:{line}: expected text in UTF-8, not the byte {raw[failure.start]:#04x}; save "
            "the file as UTF-8"
        ) from None
    for number, line_text in enumerate(text.split("\n"), 1):
        if problem := _control_character(line_text):
            raise ScenarioError(f"{path}:{number}: {problem}")
        if _KEYS_THEN_HASH.search(line_text):
            raise ScenarioError(
                f"{path}:{number}: expected keys: after # YAML reads no more; {QUOTE_KEYS}"
            )
    return text


def _control_character(text: str) -> str:
    """The problem with a text that contains a control character, also one written as ``\x07``;
    empty if it has none."""
    for character in text:
        if character not in "\t\r\n" and unicodedata.category(character) in ("Cc", "Cs"):
            return f"expected text, not the control character U+{ord(character):04X}"
    return ""


def _check_depth(path: Path, text: str) -> None:
    """Check the depth with the parser alone, which does not recurse."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise ScenarioError(f"{path}:{line}: expected a scenario: nested too deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _check_keys(path: Path, root: yaml.Node) -> None:
    """A key that occurs twice is a fault: the second would replace the first."""
    faults, waiting, seen_nodes = [], [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen_nodes:  # through an alias
            continue
        seen_nodes.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.ScalarNode):
            if problem := _control_character(node.value):
                raise ScenarioError(f"{path}:{node.start_mark.line + 1}: {problem}")
        elif isinstance(node, yaml.MappingNode):
            lines: dict[str, int] = {}
            for key, value in node.value:
                waiting += (key, value)
                if not isinstance(key, yaml.ScalarNode):
                    continue
                line = key.start_mark.line + 1
                if key.value in lines and key.value != "<<":
                    faults.append(
                        (line, f"{key.value} stands here again, after line {lines[key.value]}")
                    )
                lines.setdefault(key.value, line)
    if faults:
        twice = (f"{path}:{line}: expected each key once: {what}" for line, what in sorted(faults))
        raise ScenarioError("\n".join(twice))


class _Texts(_Loader):  # type: ignore[misc]
    """Keeps as text what is meant as text: `press: 007`, `say: yes`, `expect_text: 1.0`.

    Fields that are numbers or truth values read them out of the text.
    """


_NOT_TEXT = (":null", ":merge")
_Texts.yaml_implicit_resolvers = {
    first: kept
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    if (kept := [(tag, pattern) for tag, pattern in resolvers if tag.endswith(_NOT_TEXT)])
}
