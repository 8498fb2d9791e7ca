"""Values read out unit by unit: from a value to its units, and from units to what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ivr.caller.hearing.prompt_detector import Heard
from prompts.script import UNIT_FOLDER
from speech.language import Language
from speech.languages.registry import FORMS

BETWEEN_REFERENCES_MS = 500
"""A pause longer than that parts two references."""


def as_written(language: Language, units: Sequence[Heard]) -> str:
    """What a person would write for units heard; references parted by commas."""
    texts = _texts(language)
    written = ""
    for number, one in enumerate(units):
        if number and one.begins_ms - units[number - 1].ends_ms > BETWEEN_REFERENCES_MS:
            written += ","
        written += texts[one.known.name]
    return written


_TEXTS: dict[Language, dict[str, str]] = {}


def _texts(language: Language) -> dict[str, str]:
    """What a person would write for each unit of a language."""
    if language not in _TEXTS:
        _TEXTS[language] = {
            f"{UNIT_FOLDER}/{unit.name}": unit.text for unit in FORMS[language].units()
        }
    return _TEXTS[language]


@dataclass
class PromptIn:
    """A prompt of those heard; `score` is that of its worst recording."""

    name: str
    language: Language | None
    begins_ms: int
    score: float


def prompts_in(heard: Sequence[Heard]) -> list[PromptIn]:
    """The prompts these recordings belong to, without what is read out in them."""
    told: list[PromptIn] = []
    parts: set[str] = set()
    for one in heard:
        language, clip = one.known.language, one.known.name
        if language is not None and clip.startswith(f"{UNIT_FOLDER}/"):
            continue
        name = clip.partition("--")[0]
        newest = told[-1] if told else None
        goes_on = newest is not None and (newest.name, newest.language) == (name, language)
        if newest is not None and goes_on and clip not in parts:  # the same part begins it anew
            parts.add(clip)
            newest.score = min(newest.score, one.score)
            continue
        parts = {clip}
        told.append(PromptIn(name, language, one.begins_ms, one.score))
    return told


def names_of(heard: Sequence[Heard]) -> list[str]:
    """Prompts these recordings belong to, each once in a row; numbers and letters as written."""
    told: list[str] = []
    for prompt in heard:
        language = prompt.known.language
        name = prompt.known.name
        if language is not None and name.startswith(f"{UNIT_FOLDER}/"):
            name = _texts(language)[name]
            if told and told[-1].startswith("“"):
                told[-1] = f"{told[-1][:-1]}{name}”"
                continue
            name = f"“{name}”"
        else:
            name = name.partition("--")[0]
        if not told or told[-1] != name:
            told.append(name)
    return told
