"""Values that are read out unit by unit, and their written form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ivr.caller.hearing.prompt_detector import Detected
from prompts.script import UNIT_FOLDER
from speech.languages.language import Language
from speech.languages.registry import FORMS

BETWEEN_REFERENCES_MS = 500
"""A pause longer than this separates two references."""


def as_written(language: Language, units: Sequence[Detected], *, several: bool = False) -> str:
    """The written form of detected units; of `several` references, separated by commas."""
    texts = _texts(language)
    written = ""
    for number, unit in enumerate(units):
        pause_ms = unit.begins_ms - units[number - 1].ends_ms if number else 0
        if several and pause_ms > BETWEEN_REFERENCES_MS:
            written += ","
        written += texts[unit.known.name]
    return written


_TEXTS: dict[Language, dict[str, str]] = {}


def _texts(language: Language) -> dict[str, str]:
    """The written form of each unit of a language."""
    if language not in _TEXTS:
        _TEXTS[language] = {
            f"{UNIT_FOLDER}/{unit.name}": unit.text for unit in FORMS[language].units()
        }
    return _TEXTS[language]


@dataclass
class PromptIn:
    """A prompt among the detected ones; `score` is that of its worst recording."""

    name: str
    language: Language | None
    begins_ms: int
    score: float


def prompts_in(detected: Sequence[Detected]) -> list[PromptIn]:
    """The prompts that these recordings belong to, without the values in them."""
    prompts: list[PromptIn] = []
    parts: set[str] = set()
    for recording in detected:
        language, clip = recording.known.language, recording.known.name
        if language is not None and clip.startswith(f"{UNIT_FOLDER}/"):
            continue
        name = clip.partition("--")[0]
        newest = prompts[-1] if prompts else None
        goes_on = newest is not None and (newest.name, newest.language) == (name, language)
        if newest is not None and goes_on and clip not in parts:  # a part again: a new prompt
            parts.add(clip)
            newest.score = min(newest.score, recording.score)
            continue
        parts = {clip}
        prompts.append(PromptIn(name, language, recording.begins_ms, recording.score))
    return prompts


def names_of(detected: Sequence[Detected]) -> list[str]:
    """The names of these prompts, each once in a row; numbers and letters in written form."""
    names: list[str] = []
    for recording in detected:
        language = recording.known.language
        name = recording.known.name
        if language is not None and name.startswith(f"{UNIT_FOLDER}/"):
            name = _texts(language)[name]
            if names and names[-1].startswith("“"):
                names[-1] = f"{names[-1][:-1]}{name}”"
                continue
            name = f"“{name}”"
        else:
            name = name.partition("--")[0]
        if not names or names[-1] != name:
            names.append(name)
    return names
