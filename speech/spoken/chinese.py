"""What Cantonese and Putonghua have in common: numbers, hours, minutes and dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from speech.spoken.forms import NotSpeakable, SpokenForms
from speech.spoken.unit import Unit

_NUMERALS = "零一二三四五六七八九"


def quantity(number: int, two: str) -> str:
    """A count from 0 to 99 in characters; 2 on its own is 兩 or 两 before a measure word."""
    tens, ones = divmod(number, 10)
    if number == 2:
        return two
    if tens == 0:
        return _NUMERALS[ones]
    head = "" if tens == 1 else _NUMERALS[tens]
    return head + "十" + (_NUMERALS[ones] if ones else "")


class ChineseForms(SpokenForms):
    """Subclasses give the words that differ between the two."""

    two: str
    sharp: str  # after a full hour
    hour_word: str
    minute_word: str
    tomorrow: str
    yesterday: str
    month_word: str = "月"
    day_word: str
    day_parts: Sequence[tuple[int, str, str]]
    """First hour, name of the unit, and word, in the order of the day."""

    def number(self, number: int) -> Unit:
        if not 0 <= number <= 99:
            raise NotSpeakable(f"expected a count from 0 to 99, not {number}")
        return Unit(f"number.{number}", quantity(number, self.two), str(number))

    def clock(self, hour: int, minute: int) -> list[Unit]:
        part = [part_of_day for part_of_day in self.day_parts if part_of_day[0] <= hour][-1]
        on_dial = hour % 12 or 12
        spoken_hour = quantity(on_dial, self.two) + self.hour_word
        return [
            Unit(f"clock.{part[1]}", part[2], part[2]),
            Unit(f"hour.{on_dial}", spoken_hour, f"{on_dial}{self.hour_word}"),
            self._minute(minute),
        ]

    def _minute(self, minute: int) -> Unit:
        if minute == 0:
            return Unit("minute.0", self.sharp, self.sharp)
        zero = "零" if minute < 10 else ""
        spoken = zero + quantity(minute, "二") + self.minute_word
        return Unit(f"minute.{minute}", spoken, f"{minute:02}{self.minute_word}")

    def day(self, at: datetime, days_ahead: int) -> list[Unit]:
        if days_ahead == 0:
            return []
        if days_ahead == 1:
            return [Unit("day.tomorrow", self.tomorrow, self.tomorrow)]
        if days_ahead == -1:
            return [Unit("day.yesterday", self.yesterday, self.yesterday)]
        return [
            Unit(
                f"month.{at.month}",
                quantity(at.month, "二") + self.month_word,
                f"{at.month}{self.month_word}",
            ),
            Unit(
                f"date.{at.day}",
                quantity(at.day, "二") + self.day_word,
                f"{at.day}{self.day_word}",
            ),
        ]
