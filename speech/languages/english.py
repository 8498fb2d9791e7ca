"""English, as a Hong Kong telephone service says it."""

from __future__ import annotations

import calendar
from datetime import datetime

from speech.languages.language import Language
from speech.languages.spoken_language import SpokenLanguage, rules
from speech.spoken.forms import LETTERS, NotSpeakable, SpokenForms
from speech.spoken.unit import Unit

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
    *("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth"),
    *("seventeenth", "eighteenth", "nineteenth", "twentieth", "twenty-first", "twenty-second"),
    *("twenty-third", "twenty-fourth", "twenty-fifth", "twenty-sixth", "twenty-seventh"),
    *("twenty-eighth", "twenty-ninth", "thirtieth", "thirty-first"),
)


def words(number: int) -> str:
    """A count from 0 to 99."""
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens - 2] + (f"-{_ONES[ones]}" if ones else "")


class EnglishForms(SpokenForms):
    digit_names = tuple(_ONES[:10])
    letter_names = {letter: letter for letter in LETTERS} | {"Z": "zed"}
    key_names = {"*": "star", "#": "hash"}

    def number(self, number: int) -> Unit:
        if not 0 <= number <= 99:
            raise NotSpeakable(f"expected a count from 0 to 99, not {number}")
        return Unit(f"number.{number}", words(number), str(number))

    def clock(self, hour: int, minute: int) -> list[Unit]:
        on_dial = hour % 12 or 12
        half = Unit("clock.am", "A M", "am") if hour < 12 else Unit("clock.pm", "P M", "pm")
        spoken_hour = Unit(f"hour.{on_dial}", words(on_dial), str(on_dial))
        if minute == 0:
            return [spoken_hour, half]
        spoken = f"oh {words(minute)}" if minute < 10 else words(minute)
        return [spoken_hour, Unit(f"minute.{minute}", spoken, f":{minute:02}"), half]

    def day(self, at: datetime, days_ahead: int) -> list[Unit]:
        if days_ahead == 0:
            return []
        if days_ahead == 1:
            return [Unit("day.tomorrow", "tomorrow, at", "tomorrow at")]
        if days_ahead == -1:
            return [Unit("day.yesterday", "yesterday, at", "yesterday at")]
        month = calendar.month_name[at.month]
        ordinal = _ORDINALS[at.day - 1]
        return [
            Unit(f"date.{at.day}", f"the {ordinal} of", str(at.day)),
            Unit(f"month.{at.month}", month, month),
        ]


ENGLISH = SpokenLanguage(
    language=Language.ENGLISH,
    bcp47="en",
    names={"en": "English", "zh-Hant": "英語"},
    forms=EnglishForms(),
    voice="gmw/en",
    respelling=rules(
        (r"^A$|\bA(?=,? [A-Z0-9]\b)|(?<=\b[A-Z] )A\b", "eigh"),  # the letter, not the article
        (r"\bPIN\b", "pin"),
    ),
    digits=tuple(_ONES[:10]),
    digits_said_otherwise={"oh": "0"},
    times={"double": 2, "triple": 3, "treble": 3},
)
