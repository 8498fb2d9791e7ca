"""A question while it is open: what fields and menus have in common for whoever asks them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ivr.dialogue.collect import CollectResult, KeyCollector
from ivr.dialogue.grammars import Grammars, for_field, for_menu
from ivr.dialogue.line import Playback
from ivr.dialogue.outcome import Mode
from ivr.dialogue.question import Field, Manner, Menu
from ivr.dialogue.trace import as_keyed
from ivr.dialogue.turns import NotAccepted
from prompts.utterance import Phrase
from speech.languages.language import Language

T = TypeVar("T")

Put = Callable[[int, bool], Sequence[Phrase]]
"""The phrases that put the question at attempt n (1 is the first); whether it can be answered by
voice."""


@dataclass(frozen=True)
class OpenQuestion(Generic[T]):
    """One question that is asked until it is answered.

    Attributes:
        collect: takes the keys of one answer.
        understand: from the keys or words of an answer to its value; raises NotAccepted.
        expects: which keys answer it, as the trace tells it (`Step.detail`).
        settled_elsewhere: ROCARS, or another authority, decides which answers are right.
        settled_later: it does so when it has a later answer as well (`Field.settled_later`).
    """

    name: str
    help: str
    manner: Manner
    grammars: Grammars
    put: Put
    collect: Callable[[KeyCollector, Playback], Awaitable[CollectResult]]
    understand: Callable[[str, Mode], Awaitable[T]]
    shown_as: Callable[[str], str]
    expects: Mapping[str, Any]
    settled_elsewhere: bool = False
    settled_later: bool = False


def open_field(
    field: Field[T], settle: Callable[[T], Awaitable[T]] | None, language: Language
) -> OpenQuestion[T]:
    """`settle`: the authority that decides whether a value is right."""

    def put(attempt: int, by_voice: bool) -> Sequence[Phrase]:
        prompt = field.prompt if attempt == 1 else field.again or field.prompt
        if field.prompt_spoken and by_voice:
            prompt = field.prompt_spoken
        return [Phrase(language, prompt, field.slots)]

    async def collect(collector: KeyCollector, playback: Playback) -> CollectResult:
        return await collector.digits(
            playback, field.max_digits, hash_alone=field.hash_alone is not None
        )

    async def understand(answer: str, mode: Mode) -> T:
        if not answer and field.hash_alone is not None:
            return field.hash_alone
        if mode is Mode.SPEECH and field.parse_spoken is not None:
            value = field.parse_spoken(answer)
        elif len(answer) < field.min_digits:
            raise NotAccepted("universal.too_short")
        else:
            value = field.parse(answer)
        return value if settle is None else await settle(value)

    return OpenQuestion(
        field.name,
        field.help,
        field.manner,
        for_field(field, language),
        put,
        collect,
        understand,
        shown_as=field.shown_as,
        expects={
            "digits": [field.min_digits, field.max_digits],
            "hash": field.hash_alone is not None,
        },
        settled_elsewhere=settle is not None or field.settled_later,
        settled_later=field.settled_later,
    )


def open_menu(menu: Menu[T], before: Sequence[Phrase], language: Language) -> OpenQuestion[T]:
    """`before`: said before the menu, at every attempt."""
    choices = [
        Phrase(
            choice.language or language,
            choice.prompt,
            {**choice.slots, "key": choice.key},
        )
        for choice in menu.choices
    ]

    def put(attempt: int, by_voice: bool) -> Sequence[Phrase]:
        intro = (
            [Phrase(language, menu.intro, menu.intro_slots)] if menu.intro and attempt == 1 else []
        )
        return [*before, *intro, *choices]

    async def collect(collector: KeyCollector, playback: Playback) -> CollectResult:
        return await collector.one_key(playback)

    async def understand(key: str, mode: Mode) -> T:
        choice = menu.by_key(key)
        if choice is None:
            raise NotAccepted("universal.nomatch")
        return choice.value

    return OpenQuestion(
        menu.name,
        menu.help,
        menu.manner,
        for_menu(menu, language),
        put,
        collect,
        understand,
        shown_as=as_keyed,
        expects={"keys": "".join(choice.key for choice in menu.choices)},
    )
