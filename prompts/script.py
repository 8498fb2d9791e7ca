"""The recording script: everything that has to be recorded in a language."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from prompts import catalogue
from speech.languages.language import Language
from speech.languages.registry import FORMS
from speech.spoken.unit import Place

UNIT_FOLDER = "unit"
_AT_AN_EDGE = (Place.BEGINS, Place.ENDS)

ADDED_SINCE = (
    "bundle.text_to",
    "sorry.time_short",
    "sorry.too_long",
    "hotline.number",
    "hotline.shut",
    "hotline.opens",
    "welcome.recorded",
    *(f"{UNIT_FOLDER}/digit.{digit}.{place}" for digit in range(10) for place in _AT_AN_EDGE),
    "practice.course",
    "practice.alone",
    "practice.help",
    "course.begin",
    "course.step",
    "course.log_in",
    "course.bundle",
    "course.bundle.missed",
    "course.several",
    "course.several.missed",
    "course.hear",
    "course.hear.missed",
    "course.undo",
    "course.undo.missed",
    "course.well_done",
    "course.progress",
    "course.do",
    "course.skip",
    "course.before",
    "course.stop",
    "course.help",
    "course.stopped",
    "course.not_kept",
)
"""Prompts and units that came when scripts had been printed. Their clips are numbered after all
others, so that a number on a sheet, or in the name of a file, is the same clip in every database.
New ones are put at its end."""


@dataclass(frozen=True)
class Clip:
    """One recording: its name (also of its file) and its words."""

    language: Language
    name: str
    speech: str

    @property
    def digest(self) -> str:
        """Tells whether a recording still fits its words."""
        return hashlib.sha256(self.speech.encode()).hexdigest()[:16]


def unit_clip(language: Language, unit_name: str, speech: str) -> Clip:
    """The recording of a digit, a letter, an hour."""
    return Clip(language, f"{UNIT_FOLDER}/{unit_name}", speech)


def place_of(name: str) -> Place:
    """The place of a digit in its group by the name of its clip; `INSIDE` for other clips too."""
    ending = name.rpartition(".")[2]
    return next(
        (place for place in _AT_AN_EDGE if name.startswith(UNIT_FOLDER) and ending == place),
        Place.INSIDE,
    )


def without_place(name: str) -> str:
    """The name of the clip that says a digit inside a group, for one that says it at an edge;
    other names as they are."""
    place = place_of(name)
    return name.removesuffix(f".{place}") if place else name


def clips(language: Language) -> Iterator[Clip]:
    """Every recording a language needs, each once."""
    for prompt in catalogue.load(language):
        for segment in prompt.segments:
            yield Clip(language, segment.name, segment.speech)
    for unit in FORMS[language].units():
        yield unit_clip(language, unit.name, unit.speech)


def names_in_order() -> list[str]:
    """The clips of all languages, each once, in the order of their numbers."""
    names = dict.fromkeys(clip.name for language in Language for clip in clips(language))
    since = {prompt: at for at, prompt in enumerate(ADDED_SINCE, start=1)}
    return sorted(names, key=lambda name: since.get(name.partition("--")[0], 0))
