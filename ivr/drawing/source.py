"""The source of the flows: modules, functions, and the words of a call in them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import call_flows
import ivr.dialogue

FLOWS = Path(call_flows.__file__).parent
DIALOGUE = Path(ivr.dialogue.__file__).parent

SPEAKING = "call"
"""The name of the conversation, the first parameter of every flow."""


@dataclass(frozen=True)
class Module:
    """One file of flows."""

    name: str
    file: str
    tree: ast.Module

    @cached_property
    def flows(self) -> dict[str, ast.AsyncFunctionDef]:
        """The coroutines of the conversation, recognised by their first parameter."""
        return {
            statement.name: statement
            for statement in self.tree.body
            if isinstance(statement, ast.AsyncFunctionDef)
            and statement.args.args
            and statement.args.args[0].arg == SPEAKING
        }


def read_module(name: str, text: str, file: str = "") -> Module:
    return Module(name, file or f"call_flows/{name}.py", ast.parse(text))


def read_flows(directory: Path = FLOWS) -> list[Module]:
    """All modules of the flows, in the order of their names."""
    return [
        read_module(path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(directory.glob("*.py"))
        if path.stem != "__init__"
    ]


def read_dialogue() -> list[Module]:
    """The dialogue room, which names prompts of its own."""
    return [
        read_module(path.stem, path.read_text(encoding="utf-8"), f"ivr/dialogue/{path.name}")
        for path in sorted(DIALOGUE.glob("*.py"))
    ]


def called(node: ast.Call) -> str:
    """The dotted name of a called function: ``call.say``, ``context.rocars.bundle``, ``send``."""
    return ast.unparse(node.func)


def method_of_call(node: ast.Call) -> str | None:
    """``say`` for ``call.say(...)``; None if the call is not to the conversation."""
    function = node.func
    if (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == SPEAKING
    ):
        return function.attr
    return None


def awaited(statement: ast.AST) -> list[ast.Call]:
    """The calls awaited in a statement, innermost first, without those of nested functions."""
    found: list[ast.Call] = []

    def visit(node: ast.AST) -> None:
        nested = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        if nested and node is not statement:
            return
        for child in ast.iter_child_nodes(node):
            visit(child)
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            found.append(node.value)

    visit(statement)
    return found


def literal_prompts(node: ast.AST) -> tuple[str, ...]:
    """Dotted string literals in an expression: names of prompts."""
    return tuple(
        constant.value
        for constant in ast.walk(node)
        if isinstance(constant, ast.Constant)
        and isinstance(constant.value, str)
        and "." in constant.value
    )
