"""Menus and fields of the flows as they are at run time, for their keys, values and prompts."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable
from typing import Any

from call_flows.marks import LETTERS_ON
from call_flows.rules import FlowRules
from ivr.dialogue.question import BadQuestion, Field, Menu

Question = Menu[Any] | Field[Any]

RULES = FlowRules.model_validate({})
_MARKS = tuple(f"AB{number}" for number in range(1, 7))

SAMPLES: dict[str, list[Callable[[Callable[..., Question]], Question]]] = {
    "language_menu": [lambda build: build(RULES)],
    "user_id_field": [lambda build: build(RULES)],
    "known_pin_field": [lambda build: build(RULES, "12345678")],
    "pin_field": [lambda build: build(RULES)],
    "code_field": [lambda build: build(RULES)],
    "ccrn_field": [
        lambda build: build(RULES, first=True),
        lambda build: build(RULES, first=False),
    ],
    "part_field": [
        lambda build: build(RULES, ()),
        lambda build: build(RULES, ("1234",)),
        lambda build: build(RULES, ("1234", "5678")),
    ],
    "ubr_field": [lambda build: build(RULES)],
    "after_menu": [
        lambda build: build(by_text=True),
        lambda build: build(by_text=False),
    ],
    "bundle_menu": [
        lambda build: build(undo=True, more=True),
        lambda build: build(undo=False, more=False),
    ],
    "step_menu": [lambda build: build(first=False), lambda build: build(first=True)],
    "vehicle_menu": [
        lambda build: build(_MARKS, more=True),
        lambda build: build(_MARKS[:1], more=False),
    ],
    "reading_menu": [lambda build: build(_MARKS[:4]), lambda build: build(_MARKS[:1])],
    "letter_menu": [
        lambda build, key=key, intro=intro: build(key, intro)  # type: ignore[misc]
        for key in LETTERS_ON
        for intro in ("vehicle.first_letter", "vehicle.second_letter", "vehicle.only_letter")
    ],
    "form_menu": [
        lambda build: build(("two_letters", "one_letter", "no_letter")),
        lambda build: build(("one_letter",)),
    ],
}
"""Sample calls of each builder of questions, by which its questions can be inspected."""


class NoSample(LookupError):
    """A builder of questions without a sample call."""


def questions(module: str, expression: ast.expr) -> list[Question]:
    """The questions an argument of ``call.ask`` or ``call.choose`` can be.

    A constant of the module, or a call of one of its builders. Raises NoSample, BadQuestion, and
    LookupError for what is neither.
    """
    loaded = importlib.import_module(f"call_flows.{module}")
    name = expression.func if isinstance(expression, ast.Call) else expression
    if not isinstance(name, ast.Name) or not hasattr(loaded, name.id):
        raise LookupError(f"{ast.unparse(expression)} is no question of call_flows.{module}")
    found = getattr(loaded, name.id)
    if isinstance(found, (Menu, Field)):
        return [found]
    if name.id not in SAMPLES:
        raise NoSample(f"{name.id} has no sample call in ivr/drawing/questions.py")
    return [sample(found) for sample in SAMPLES[name.id]]


def prompts_of(question: Question) -> tuple[str, ...]:
    """The prompts a question is put with, help left out."""
    if isinstance(question, Field):
        return (question.prompt,)
    intro = (question.intro,) if question.intro else ()
    return (*intro, *(choice.prompt for choice in question.choices))


def values_of(menu: Menu[Any]) -> dict[str, str]:
    """The name of each choice in a ``case``, and its key; a tuple is represented by its first
    element."""
    found: dict[str, str] = {}
    for choice in menu.choices:
        value = choice.value[0] if isinstance(choice.value, tuple) else choice.value
        found.setdefault(str(value), choice.key)
    return found


__all__ = ["BadQuestion", "NoSample", "Question", "prompts_of", "questions", "values_of"]
