"""How a clip is to be phrased: with the mark that stands behind it where it is heard.

What a slot follows is not the end of a sentence, and should not sound like it; a question should
rise. Voices that follow marks are given the words with them. And where several clips say the same
words, each is a little faster or slower than the others: callers hear no difference, and a scripted
caller, who knows recordings by their wave form, hears which was played.
"""

from __future__ import annotations

from functools import cache

from prompts import catalogue
from prompts.catalogue import Segment
from prompts.script import UNIT_FOLDER, Clip, clips
from speech.languages.language import Language

GOES_ON = ","
ENDS = "."
MARKS = ",.:;?!，。：；？！、"

_ENDING = ("letter.", "key.star", "key.hash", "clock.am", "clock.pm")
"""Units said as if nothing followed. All others go on: digits in groups, hours before minutes."""

STEP = 0.014
"""Between clips of the same words, in speed and pitch: a quarter of a semitone."""


def phrased(clip: Clip) -> str:
    """The words of a clip, and the mark behind them."""
    if not clip.name.startswith(f"{UNIT_FOLDER}/"):
        return clip.speech + _marks(clip.language).get(clip.name, ENDS)
    unit = clip.name.removeprefix(f"{UNIT_FOLDER}/")
    last = unit.startswith("minute.") and clip.language is not Language.ENGLISH
    return clip.speech + (ENDS if last or unit.startswith(_ENDING) else GOES_ON)


def length(clip: Clip) -> float:
    """How long a clip is to be made, as a share of what the voice said: 1, 1.014, 0.986, …"""
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
