"""The rules that flows must keep before a call is taken; one function per rule."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from backend_client import errors
from ivr.dialogue import turns
from ivr.dialogue.question import Menu
from ivr.drawing.questions import BadQuestion, questions, values_of
from ivr.drawing.reading import Unreadable, read_flow
from ivr.drawing.source import Module, awaited, called, method_of_call
from prompts import catalogue
from speech.languages.language import Language

FORBIDDEN = ("pjsua2", "sqlalchemy", "aiohttp", "numpy", "vosk", "pyttsx3")
_PROMPT = re.compile(r"[a-z_]+(\.[a-z_]+)+")


@dataclass(frozen=True)
class Finding:
    """A violation of a rule, and its place."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True)
class Source:
    """Everything that is checked: the flows, and the rooms outside them that name prompts."""

    flows: Sequence[Module]
    beside: Sequence[Module]

    @property
    def names(self) -> set[str]:
        return {name for module in self.flows for name in module.flows}


Rule = Callable[[Source], Iterator[Finding]]


def _at(module: Module, node: ast.AST) -> str:
    return f"{module.file}:{getattr(node, 'lineno', 0)}"


def readable(source: Source) -> Iterator[Finding]:
    """Every flow can be drawn, and every question in it can be put."""
    for module in source.flows:
        for function in module.flows.values():
            try:
                read_flow(module, function, source.names)
            except (Unreadable, LookupError, BadQuestion) as failure:
                yield Finding(_at(module, function), f"{function.name}: {failure}")


def _named(module: Module) -> Iterator[tuple[ast.Constant, str]]:
    """String literals that name a prompt, without the names of questions themselves."""
    groups = {name.partition(".")[0] for name in catalogue.load(Language.ENGLISH).prompts}
    left_out: set[int] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            left_out |= {id(keyword.value) for keyword in node.keywords if keyword.arg == "name"}
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in left_out
            and _PROMPT.fullmatch(node.value)
            and node.value.partition(".")[0] in groups
        ):
            yield node, node.value


def prompts_exist(source: Source) -> Iterator[Finding]:
    """Every prompt that is named exists in every language, with the same slots."""
    for module in (*source.flows, *source.beside):
        for node, name in _named(module):
            for language in Language:
                if name not in catalogue.load(language).prompts:
                    yield Finding(_at(module, node), f"no prompt {name} in {language}")
    for difference in catalogue.differences():
        yield Finding("prompts/catalogue", difference)


SAID_ELSEWHERE = frozenset(
    {"sorry.technical", "sorry.closing", "sorry.time_short", "sorry.too_long"}
)
"""Prompts that are said outside the flows, when a flow cannot."""


def prompts_are_used(source: Source) -> Iterator[Finding]:
    """Every prompt of the catalogue is said somewhere."""
    used = {name for module in (*source.flows, *source.beside) for _, name in _named(module)}
    for name in sorted(set(catalogue.load(Language.ENGLISH).prompts) - used - SAID_ELSEWHERE):
        yield Finding("prompts/catalogue", f"{name} is said nowhere")


def slots_are_filled(source: Source) -> Iterator[Finding]:
    """A prompt and the slots given beside it fit each other."""
    known = catalogue.load(Language.ENGLISH).prompts
    for module in (*source.flows, *source.beside):
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            found = _prompt_and_slots(node)
            if found is None or found[0] not in known:
                continue
            name, given, with_key = found
            wanted = set(known[name].slots) - ({"key"} if with_key else set())
            if with_key and "key" not in known[name].slots:
                yield Finding(_at(module, node), f"{name}: a choice has a slot {{key:key}}")
            if given is not None and given != wanted:
                yield Finding(
                    _at(module, node),
                    f"{name}: slots {_listed(wanted)} expected, {_listed(given)} given",
                )


def _prompt_and_slots(node: ast.Call) -> tuple[str, set[str] | None, bool] | None:
    """Prompt, given slots (None: not visible here), and whether it is a menu's choice."""
    function = called(node).rpartition(".")[2]
    names = [
        arg.value
        for arg in node.args
        if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
    ]
    keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    if function in ("say", "confirm", "NotAccepted") and names:
        return names[0], set(keywords) - {"barge_in"}, False
    if function in ("phrase", "Phrase") and names:
        slots = [arg for arg in node.args if isinstance(arg, ast.Dict)]
        return names[0], _keys(slots[0]) if slots else set(), False
    if function == "Choice" and len(node.args) >= 3:
        prompt = node.args[2]
        if isinstance(prompt, ast.Constant) and isinstance(prompt.value, str):
            slots = [arg for arg in node.args[3:] if isinstance(arg, ast.Dict)]
            return prompt.value, _keys(slots[0]) if slots else set(), True
    if function == "Field":
        put = keywords.get("prompt")
        if isinstance(put, ast.Constant) and isinstance(put.value, str):
            given = keywords.get("slots")
            return put.value, _keys(given) if isinstance(given, ast.Dict) else set(), False
    return None


def _keys(given: ast.Dict) -> set[str]:
    return {str(key.value) for key in given.keys if isinstance(key, ast.Constant)}


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def choices_are_covered(source: Source) -> Iterator[Finding]:
    """A match on a menu's outcome has a case for every choice, and no impossible one."""
    for module in source.flows:
        for function in module.flows.values():
            chosen = _menus_by_name(function)
            for node in ast.walk(function):
                if isinstance(node, ast.Match):
                    yield from _covered(module, node, chosen)


def _menus_by_name(function: ast.AsyncFunctionDef) -> dict[str, ast.expr]:
    """Variables that hold the result of a menu, and the menu."""
    found = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            for call in awaited(node.value):
                if method_of_call(call) == "choose":
                    found[node.targets[0].id] = call.args[0]
    return found


def _covered(module: Module, node: ast.Match, chosen: dict[str, ast.expr]) -> Iterator[Finding]:
    menu: ast.expr | None = None
    for call in awaited(node.subject):
        if method_of_call(call) == "choose":
            menu = call.args[0]
    subject = node.subject
    if isinstance(subject, ast.Attribute) and isinstance(subject.value, ast.Name):
        menu = chosen.get(subject.value.id)
    if menu is None:
        return
    try:
        asked = questions(module.name, menu)
    except (LookupError, BadQuestion):
        return  # `readable` reports it
    values = {
        value for question in asked if isinstance(question, Menu) for value in values_of(question)
    }
    cases: set[str] = set()
    for case in node.cases:
        pattern = case.pattern
        if isinstance(pattern, ast.MatchSequence):
            pattern = pattern.patterns[0]
        if isinstance(pattern, ast.MatchValue):
            cases.add(str(ast.literal_eval(pattern.value)))
        elif isinstance(pattern, ast.MatchAs) and pattern.pattern is None:
            cases |= values
    for value in sorted(values - cases):
        yield Finding(_at(module, node), f"no case for the choice {value!r}")
    for value in sorted(cases - values):
        yield Finding(_at(module, node), f"the menu has no choice {value!r}")


_LEAVES = (ast.Return, ast.Raise, ast.Break, ast.Continue)


def branches_end(source: Source) -> Iterator[Finding]:
    """There is no loop without a way out, and nothing after the end of a branch."""
    for module in source.flows:
        for node in ast.walk(module.tree):
            for name in ("body", "orelse", "finalbody"):
                block = getattr(node, name, None)
                if isinstance(block, list):
                    for at, statement in enumerate(block[:-1]):
                        if isinstance(statement, _LEAVES):
                            yield Finding(_at(module, block[at + 1]), "can never be reached")
            if isinstance(node, ast.While) and isinstance(node.test, ast.Constant):
                ways_out = (ast.Return, ast.Raise, ast.Break)
                if not any(isinstance(t, ways_out) for t in ast.walk(node)):
                    yield Finding(_at(module, node), "a loop without a way out")


def back_end_is_waited_for(source: Source) -> Iterator[Finding]:
    """ROCARS is called through ``call.wait_for``, or in a function that is: never in silence."""
    for module in source.flows:
        waited = {
            called(call.args[0])
            for function in module.flows.values()
            for call in awaited(function)
            if method_of_call(call) == "wait_for" and isinstance(call.args[0], ast.Call)
        }
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.AsyncFunctionDef) or node.name in waited:
                continue
            for call in awaited(node):
                if ".rocars." in f".{called(call)}":
                    yield Finding(_at(module, call), f"{called(call)} is not in call.wait_for")


def turns_are_taken(source: Source) -> Iterator[Finding]:
    """Turns that can leave a flow are caught on the way up."""
    must = [
        name
        for name, kind in vars(turns).items()
        if isinstance(kind, type) and issubclass(kind, turns.Turn) and kind is not turns.Turn
    ]
    must += [errors.BackEndUnavailable.__name__, errors.SessionExpired.__name__]
    must += [errors.LoginRefused.__name__, errors.LoginLocked.__name__, errors.Refused.__name__]
    must.remove(turns.Redo.__name__)  # caught by the walk it belongs to
    caught: set[str] = set()
    for module in source.flows:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler) and node.type is not None:
                caught |= {
                    exception.id
                    for exception in ast.walk(node.type)
                    if isinstance(exception, ast.Name)
                }
    for name in must:
        if name not in caught:
            yield Finding("call_flows", f"{name} is caught by no flow")


def imports_are_allowed(source: Source) -> Iterator[Finding]:
    """Flows know nothing of SIP, SQL, HTTP and audio."""
    for module in source.flows:
        for node in ast.walk(module.tree):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                if name.partition(".")[0] in FORBIDDEN:
                    yield Finding(_at(module, node), f"a flow may not import {name}")


RULES: tuple[Rule, ...] = (
    readable,
    prompts_exist,
    prompts_are_used,
    slots_are_filled,
    choices_are_covered,
    branches_end,
    back_end_is_waited_for,
    turns_are_taken,
    imports_are_allowed,
)


def check(source: Source) -> list[Finding]:
    """All violations; none when calls may be taken."""
    return [finding for rule in RULES for finding in rule(source)]
