"""What callers say for the choices of menus and for universals, by language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from speech.languages.language import Language
from speech.recognition.grammar import Meaning, PhraseGrammar
from speech.recognition.marks import spellings
from speech.recognition.words import digit_words

_PHRASES = Path(__file__).with_name("phrases")
_COMMANDS = "universal"


@dataclass(frozen=True)
class SpokenChoice:
    """One choice of a menu, with what can be said for it.

    Attributes:
        key: its key on the telephone; the spoken digit means the same.
        names: names of its phrases in the book, for example ``main_menu.bundle``.
        mark: the registration mark it stands for.
        letter: the letter it stands for.
    """

    key: str
    names: tuple[str, ...] = ()
    mark: str = ""
    letter: str = ""


@dataclass(frozen=True)
class PhraseBook:
    """The phrases of one language, by name."""

    language: Language
    phrases: Mapping[str, tuple[str, ...]]

    def commands(self) -> PhraseGrammar:
        """The universals, which can be said at any time."""
        return PhraseGrammar(
            {
                phrase: Meaning(name.partition(".")[2], command=True)
                for name, phrases in self.phrases.items()
                if name.startswith(_COMMANDS + ".")
                for phrase in phrases
            }
        )

    def menu(self, choices: Sequence[SpokenChoice]) -> PhraseGrammar:
        """The choices of a menu, by their phrases and by their keys."""
        meanings: dict[str, Meaning] = {}
        digits = digit_words(self.language)
        for choice in choices:
            answer = Meaning(choice.key)
            phrases = [word for word, digit in digits.items() if digit == choice.key]
            phrases += [phrase for name in choice.names for phrase in self.phrases.get(name, ())]
            if choice.mark:
                phrases += spellings(choice.mark, self.language)
            if choice.letter:
                phrases.append(choice.letter)
            for phrase in phrases:
                meanings.setdefault(phrase, answer)
        return PhraseGrammar(meanings)


@cache
def phrase_book(language: Language) -> PhraseBook:
    """Read `phrases/`. Raises ValueError for entries that are no phrases."""
    path = _PHRASES / f"{language}.yaml"
    sections = yaml.safe_load(path.read_text(encoding="utf-8"))
    phrases: dict[str, tuple[str, ...]] = {}
    for section, entries in sections.items():
        for name, listed in entries.items():
            if not isinstance(listed, list) or not all(
                isinstance(phrase, str) for phrase in listed
            ):
                raise ValueError(f"{path.name}: {section}.{name}: a list of phrases expected")
            phrases[f"{section}.{name}"] = tuple(listed)
    return PhraseBook(language, phrases)
