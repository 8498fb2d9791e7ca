"""How a clip is to be phrased: with the mark that stands behind it where it is heard.

What a slot follows is not the end of a sentence, and should not sound like it; a question should
rise. Voices that follow marks are given the words with them. A digit is spoken three times in one
breath and taken from there by its place, so that it sounds like the first, an inner or the last of
its group. And where several clips say the same words, each is a little faster or slower than the
others: callers hear no difference, and a scripted caller, who knows recordings by their wave form,
hears which was played.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from prompts import catalogue
from prompts.catalogue import Segment
from prompts.script import UNIT_FOLDER, Clip, clips, place_of
from speech.languages.language import Language
from speech.spoken.unit import Place

GOES_ON = ","
ENDS = "."
MARKS = ",.:;?!，。：；？！、"

_ENDING = ("letter.", "key.", "clock.am", "clock.pm")
"""Units said as if nothing followed. All others go on, such as hours before minutes."""

_IN_A_ROW = {Place.BEGINS: 0.975, Place.INSIDE: 1.0, Place.ENDS: 1.045}
"""Digits in the order of a row, and how long each is made: the last is 1.2 semitones lower than the
first, whether the voice itself falls or, as in Putonghua, hardly does."""

STEP = 0.014
"""Between clips of the same words, in speed and pitch: a quarter of a semitone."""


def phrased(clip: Clip) -> str:
    """The words of a clip, and the mark behind them."""
    if not clip.name.startswith(f"{UNIT_FOLDER}/"):
        return clip.speech + _marks(clip.language).get(clip.name, ENDS)
    unit = clip.name.removeprefix(f"{UNIT_FOLDER}/")
    last = unit.startswith("minute.") and clip.language is not Language.ENGLISH
    last = last or place_of(clip.name) is Place.ENDS
    return clip.speech + (ENDS if last or unit.startswith(_ENDING) else GOES_ON)


@dataclass(frozen=True)
class InARow:
    """A row of the same words, one of which is a clip.

    Attributes:
        text: what a voice is given.
        at: which of them it is, from 0.
        count: how many they are.
    """

    text: str
    at: int
    count: int


def in_a_row(clip: Clip) -> InARow | None:
    """The row that a digit is spoken in; None for what is spoken by itself."""
    if not clip.name.startswith(f"{UNIT_FOLDER}/digit."):
        return None
    row = f"{GOES_ON} ".join([clip.speech] * len(_IN_A_ROW)) + ENDS
    return InARow(row, list(_IN_A_ROW).index(place_of(clip.name)), len(_IN_A_ROW))


def length(clip: Clip) -> float:
    """How long a clip is to be made, as a share of what the voice said, and as deep: 1, 1.014,
    0.986, …; a digit by its place."""
    if in_a_row(clip) is not None:
        return _IN_A_ROW[place_of(clip.name)]
    same = _same_words(clip.language).get(clip.speech, [clip.name])
    at = same.index(clip.name) if clip.name in same else 0
    return 1.0 + STEP * ((at + 1) // 2) * (1 if at % 2 else -1)


@cache
def _same_words(language: Language) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for clip in clips(language):
        found.setdefault(clip.speech, []).append(clip.name)
    return found


@cache
def _marks(language: Language) -> dict[str, str]:
    """By segment: the mark its text ends with, or one that goes on where a slot follows."""
    found = {}
    for prompt in catalogue.load(language):
        for at, part in enumerate(prompt.parts):
            if isinstance(part, Segment) and part.speech:
                mark = part.text.rstrip()[-1:]
                last = at + 1 == len(prompt.parts)
                found[part.name] = mark if mark in MARKS else ENDS if last else GOES_ON
    return found
