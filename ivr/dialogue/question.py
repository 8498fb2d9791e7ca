"""What can be asked: fields that take digits, and menus that take one key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from ivr.dialogue.line import KEYS
from ivr.dialogue.trace import as_keyed
from ivr.dialogue.universals import RESERVED_IN_MENUS
from prompts.utterance import SlotValue
from speech.languages.language import Language

T = TypeVar("T")


class BadQuestion(ValueError):
    """A field or menu that could never be asked properly; raised when the flow is loaded."""


@dataclass(frozen=True)
class Manner:
    """How a question is asked; None takes the setting of the service.

    Two switches, since stopping the prompt and keeping the key are two things: `barge_in` says
    whether a key silences the prompt, `type_ahead` whether keys pressed before the question was
    put count as its answer.

    After `attempts_said` spoken answers that were not understood, the question is given up early:
    for a question that can also be asked in another way.
    """

    barge_in: bool = True
    type_ahead: bool = True
    timeout_s: float | None = None
    interdigit_timeout_s: float | None = None
    attempts: int | None = None
    attempts_said: int | None = None


class Spoken(StrEnum):
    """What a caller may say in answer to a field."""

    DIGITS = "digits"
    MARK = "mark"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Field(Generic[T]):
    """A collect step for digits (VoiceXML ``<field>``).

    Attributes:
        name: what it is called in traces and metrics.
        prompt, again: catalogue names, first and later attempts (tapering).
        help: catalogue name for the universal "help".
        min_digits, max_digits: length. At `max_digits` the answer ends by itself.
        hash_alone: the value of the hash key pressed alone; None where that is no answer.
        hash_said: name of the spoken phrases that mean the same.
        parse: from the digits to the value; raises `NotAccepted`.
        spoken: what can be said instead of keyed.
        prompt_spoken: catalogue name used instead of the others where answers can be spoken.
        parse_spoken: from spoken words to the value, if that differs from `parse`.
        settled_later: which reading of a spoken answer is right will be known only with a later
            answer. So one that is not sure is taken, and `Outcome.alternatives` has the others.
        shown_as: what the trace shows of the digits; `hidden` for secrets.
        slots: values for the prompts' slots.
    """

    name: str
    prompt: str
    help: str
    min_digits: int
    max_digits: int
    parse: Callable[[str], T]
    again: str | None = None
    hash_alone: T | None = None
    hash_said: str = ""
    shown_as: Callable[[str], str] = as_keyed
    slots: Mapping[str, SlotValue] = field(default_factory=dict)
    manner: Manner = Manner()
    spoken: Spoken = Spoken.DIGITS
    prompt_spoken: str | None = None
    parse_spoken: Callable[[str], T] | None = None
    settled_later: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.min_digits <= self.max_digits:
            raise BadQuestion(
                f"{self.name}: 1 <= min_digits <= max_digits expected, "
                f"not {self.min_digits} and {self.max_digits}"
            )


@dataclass(frozen=True)
class Choice(Generic[T]):
    """One way out of a menu. Its prompt has a slot ``{key:key}``, filled from `key`.

    `language` is for choices that are offered in a language of their own.
    """

    key: str
    value: T
    prompt: str
    slots: Mapping[str, SlotValue] = field(default_factory=dict)
    language: Language | None = None


@dataclass(frozen=True)
class Menu(Generic[T]):
    """A choice by one key (VoiceXML ``<menu>``).

    Attributes:
        intro: catalogue name said before the choices at the first attempt, or None.
        help: catalogue name for the universal "help".
    """

    name: str
    help: str
    choices: tuple[Choice[T], ...]
    intro: str | None = None
    intro_slots: Mapping[str, SlotValue] = field(default_factory=dict)
    manner: Manner = Manner()

    def __post_init__(self) -> None:
        keys = [choice.key for choice in self.choices]
        if not keys:
            raise BadQuestion(f"{self.name}: a menu needs a choice")
        for key in keys:
            if len(key) != 1 or key not in KEYS:
                raise BadQuestion(f"{self.name}: {key!r} is not a telephone key")
            if key in RESERVED_IN_MENUS:
                raise BadQuestion(f"{self.name}: {key!r} belongs to the universals")
            if keys.count(key) > 1:
                raise BadQuestion(f"{self.name}: key {key!r} is taken twice")

    def by_key(self, key: str) -> Choice[T] | None:
        return next((choice for choice in self.choices if choice.key == key), None)

    def key_of(self, value: T) -> str:
        """The key of a choice, to be named elsewhere. Raises StopIteration for no choice."""
        return next(choice.key for choice in self.choices if choice.value == value)
