"""The spoken forms of one language, from its tables."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from speech.spoken.grouping import LARGEST, groups
from speech.spoken.unit import Gap, Place, Spoken, Unit

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class NotSpeakable(ValueError):
    """A value that has no spoken form, such as a letter among digits."""


class SpokenForms(ABC):
    """Digits are always read one by one, never as "double" or as a quantity."""

    digit_names: Sequence[str]
    letter_names: Mapping[str, str]
    key_names: Mapping[str, str]
    """Keys whose name differs from that of the digit: star, hash, and what a language needs."""

    def digit(self, digit: str, place: Place = Place.INSIDE) -> Unit:
        if len(digit) != 1 or digit not in "0123456789":
            raise NotSpeakable(f"expected one digit, not {digit!r}")
        name = f"digit.{digit}.{place}" if place else f"digit.{digit}"
        return Unit(name, self.digit_names[int(digit)], digit)

    def letter(self, letter: str) -> Unit:
        upper = letter.upper()
        if upper not in self.letter_names:
            raise NotSpeakable(f"expected one letter, not {letter!r}")
        return Unit(f"letter.{upper.lower()}", self.letter_names[upper], upper)

    def key(self, key: str) -> Unit:
        """The name of a telephone key, as in "press 1", which ends a sentence."""
        if key in self.key_names:
            name = {"*": "star", "#": "hash"}.get(key, key)
            return Unit(f"key.{name}", self.key_names[key], key)
        return self.digit(key, Place.ENDS)

    def digits(self, digits: str) -> Spoken:
        """Digit by digit, in groups. Raises NotSpeakable."""
        return _joined([self._group(group) for group in groups(digits)], Gap.GROUP)

    def references(self, references: Sequence[str]) -> Spoken:
        """Several such numbers, one after the other."""
        return _joined([list(self.digits(reference)) for reference in references], Gap.ITEM)

    def endings(self, references: Sequence[str]) -> Spoken:
        """The last digits of numbers that were read whole before: four of each, or as many as tell
        them apart."""
        longest = max(map(len, references), default=0)
        for length in range(LARGEST, longest):
            shown = [reference[-length:] for reference in references]
            if len(set(shown)) == len(shown):
                return self.references(shown)
        return self.references(references)

    def plate(self, mark: str) -> Spoken:
        """A registration mark: letters and digits one by one, with a pause where they change."""
        runs = ["".join(run) for _, run in groupby(mark, str.isdigit)]
        return _joined(
            [
                self._group(run) if run.isdigit() else [self.letter(letter) for letter in run]
                for run in runs
            ],
            Gap.GROUP,
        )

    def _group(self, digits: str) -> list[Unit]:
        """Digits that are said in one go, each by its place: at the last, the voice falls."""
        places = [Place.BEGINS, *(Place.INSIDE for _ in digits[2:]), Place.ENDS][-len(digits) :]
        return [self.digit(digit, place) for digit, place in zip(digits, places, strict=True)]

    def moment(self, at: datetime, now: datetime) -> Spoken:
        """A time of day, with the day where it is not today's. Both in the same time zone."""
        days = (at.date() - now.date()) // timedelta(days=1)
        return [*self.day(at, days), *self.clock(at.hour, at.minute)]

    @abstractmethod
    def number(self, number: int) -> Unit:
        """A count from 0 to 99, as spoken before a noun."""

    @abstractmethod
    def clock(self, hour: int, minute: int) -> list[Unit]:
        """A time of day, hour 0 to 23."""

    @abstractmethod
    def day(self, at: datetime, days_ahead: int) -> list[Unit]:
        """The day: nothing for today, a word for tomorrow and yesterday, otherwise the date."""

    def units(self) -> Iterator[Unit]:
        """All units of the language, each once: the recording script."""
        seen: set[str] = set()
        for unit in self._all():
            if unit.name not in seen:
                seen.add(unit.name)
                yield unit

    def _all(self) -> Iterator[Unit]:
        for digit in "0123456789":
            yield self.digit(digit)
            yield self.key(digit)
        for letter in LETTERS:
            yield self.letter(letter)
        yield from (self.key("*"), self.key("#"))
        for number in range(100):
            yield self.number(number)
        for hour in range(24):
            yield from self.clock(hour, 0)
        for minute in range(60):
            yield from self.clock(12, minute)
        base = datetime(2024, 1, 1)
        for days in range(366):
            yield from self.day(base + timedelta(days=days), 9)
        yield from self.day(base, 1)
        yield from self.day(base, -1)
        for digit in "0123456789":
            yield from (self.digit(digit, place) for place in (Place.BEGINS, Place.ENDS))


def _joined(parts: Sequence[Spoken], gap: Gap) -> list[Unit | Gap]:
    spoken: list[Unit | Gap] = []
    for part in parts:
        if spoken:
            spoken.append(gap)
        spoken += part
    return spoken
