"""The catalogue: what every prompt says in every language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from speech.languages.language import Language

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""That of libyaml reads several times as fast."""

DIRECTORY = Path(__file__).with_name("catalogue")


class SlotKind(StrEnum):
    """How a slot's value is spoken."""

    DIGITS = "digits"
    REFS = "refs"
    ENDINGS = "endings"
    PLATE = "plate"
    TIME = "time"
    NUMBER = "number"
    LETTER = "letter"
    KEY = "key"


class CatalogueError(ValueError):
    """A catalogue that cannot be used; the text names file and prompt."""


@dataclass(frozen=True)
class Slot:
    """A place in a text that is filled when it is spoken."""

    name: str
    kind: SlotKind


@dataclass(frozen=True)
class Segment:
    """A fixed piece of text, and the name of its recording; `text` as written, marks and all."""

    name: str
    text: str

    @property
    def speech(self) -> str:
        """What is to be recorded; empty when it is punctuation only."""
        return self.text.strip(" ,.:;!?，。：；！？、\n")


Part = Segment | Slot


@dataclass(frozen=True)
class Prompt:
    """One prompt in one language."""

    name: str
    text: str
    parts: tuple[Part, ...]

    @property
    def slots(self) -> dict[str, SlotKind]:
        return {part.name: part.kind for part in self.parts if isinstance(part, Slot)}

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The pieces that need a recording."""
        return tuple(part for part in self.parts if isinstance(part, Segment) and part.speech)


_SLOT = re.compile(r"\{([a-z_]+):([a-z]+)\}")


@dataclass(frozen=True)
class Catalogue:
    """All prompts of one language."""

    language: Language
    prompts: Mapping[str, Prompt]

    def __iter__(self) -> Iterator[Prompt]:
        return iter(self.prompts.values())


@cache
def load(language: Language, directory: Path = DIRECTORY) -> Catalogue:
    """Read the catalogue of a language. Raises CatalogueError."""
    path = directory / f"{language}.yaml"
    try:
        read = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (OSError, yaml.YAMLError) as failure:
        raise CatalogueError(f"{path.name}: {failure}") from failure
    if not isinstance(read, dict):
        raise CatalogueError(f"{path.name}: expected groups of prompts")
    prompts = {}
    for group, entries in read.items():
        if not isinstance(entries, dict):
            raise CatalogueError(f"{path.name}: {group}: expected names with a text each")
        for name, text in entries.items():
            if not isinstance(name, str):
                raise CatalogueError(
                    f"{path.name}: {group}: {name!r} is not a name (YAML reads yes and no as truth)"
                )
            full = f"{group}.{name}"
            if not isinstance(text, str) or not text.strip():
                raise CatalogueError(f"{path.name}: {full}: expected a text")
            prompts[full] = parse(full, text.strip(), path.name)
    return Catalogue(language, prompts)


def parse(name: str, text: str, where: str = "") -> Prompt:
    """Cut a text at its slots. Raises CatalogueError."""
    parts: list[Part] = []
    at = 0
    fixed = 0
    for match in _SLOT.finditer(text):
        if match.start() > at:
            fixed += 1
            parts.append(Segment(f"{name}--{fixed}", text[at : match.start()]))
        try:
            parts.append(Slot(match[1], SlotKind(match[2])))
        except ValueError:
            kinds = ", ".join(SlotKind)
            raise CatalogueError(
                f"{where}: {name}: {match[0]}: expected one of the kinds {kinds}"
            ) from None
        at = match.end()
    if at == 0:
        parts.append(Segment(name, text))
    elif at < len(text):
        parts.append(Segment(f"{name}--{fixed + 1}", text[at:]))
    if "{" in _SLOT.sub("", text) or "}" in _SLOT.sub("", text):
        raise CatalogueError(f"{where}: {name}: a slot is written {{name:kind}}")
    return Prompt(name, text, tuple(parts))


def differences(languages: tuple[Language, ...] = tuple(Language)) -> list[str]:
    """What one language has and another lacks, a line each; empty when all agree."""
    catalogues = {language: load(language) for language in languages}
    names = {name for catalogue in catalogues.values() for name in catalogue.prompts}
    found = []
    for name in sorted(names):
        having = {
            language: catalogue.prompts[name]
            for language, catalogue in catalogues.items()
            if name in catalogue.prompts
        }
        found += [
            f"{language}: {name} is missing" for language in languages if language not in having
        ]
        shapes = {tuple(sorted(prompt.slots.items())) for prompt in having.values()}
        if len(shapes) > 1:
            found.append(f"{name}: the languages have different slots")
    return found
