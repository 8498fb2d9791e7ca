"""Which words answer a question, in which language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivr.dialogue.question import Choice, Field, Menu, Spoken
from speech.languages.language import Language
from speech.recognition.digits import DigitGrammar
from speech.recognition.grammar import Either, Grammar
from speech.recognition.marks import MarkGrammar
from speech.recognition.phrase_book import SpokenChoice, phrase_book

Grammars = Mapping[Language, Grammar]
"""By language; several where a question is asked in several languages at once."""


def for_field(field: Field[Any], language: Language) -> Grammars:
    """Digits or a mark, and the universals."""
    answer: Grammar
    match field.spoken:
        case Spoken.DIGITS:
            answer = DigitGrammar(language, field.min_digits, field.max_digits)
        case Spoken.MARK:
            answer = MarkGrammar(language)
        case Spoken.NOTHING:
            return {}
    book = phrase_book(language)
    if field.hash_said and field.hash_alone is not None:
        answer = Either(answer, book.menu([SpokenChoice(key="", names=(field.hash_said,))]))
    return {language: Either(answer, book.commands())}


def for_menu(menu: Menu[Any], language: Language) -> Grammars:
    """The choices, each in the language in which it is offered; they take precedence over the
    universals."""
    offered: dict[Language, list[SpokenChoice]] = {}
    for choice in menu.choices:
        offered.setdefault(choice.language or language, []).append(_as_spoken(choice))
    return {
        spoken_in: Either(phrase_book(spoken_in).menu(choices), phrase_book(spoken_in).commands())
        for spoken_in, choices in offered.items()
    }


def _as_spoken(choice: Choice[Any]) -> SpokenChoice:
    name = choice.prompt if choice.language is None else f"{choice.prompt}.{choice.language}"
    return SpokenChoice(
        choice.key,
        names=(name,),
        mark=str(choice.slots.get("vehicle", "")),
        letter=str(choice.slots.get("letter", "")),
    )
