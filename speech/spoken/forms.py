"""The spoken forms of one language, from its tables."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from speech.spoken.grouping import groups
from speech.spoken.unit import Gap, Spoken, Unit

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class NotSpeakable(ValueError):
    """A value that has no spoken form, such as a letter among digits."""


class SpokenForms(ABC):
    """Digits are always read one by one, never as "double" or as a quantity."""

    digit_names: Sequence[str]
    letter_names: Mapping[str, str]
    key_names: Mapping[str, str]
    """Keys whose name differs from that of the digit: star, hash, and what a language needs."""

    def digit(self, digit: str) -> Unit:
        if len(digit) != 1 or digit not in "0123456789":
            raise NotSpeakable(f"expected one digit, not {digit!r}")
        return Unit(f"digit.{digit}", self.digit_names[int(digit)], digit)

    def letter(self, letter: str) -> Unit:
        upper = letter.upper()
        if upper not in self.letter_names:
            raise NotSpeakable(f"expected one letter, not {letter!r}")
        return Unit(f"letter.{upper.lower()}", self.letter_names[upper], upper)

    def key(self, key: str) -> Unit:
        """The name of a telephone key, as in "press 1"."""
        if key in self.key_names:
            name = {"*": "star", "#": "hash"}.get(key, key)
            return Unit(f"key.{name}", self.key_names[key], key)
        return self.digit(key)

    def digits(self, digits: str) -> Spoken:
        """Digit by digit, in groups. Raises NotSpeakable."""
        return _joined(
            [[self.digit(digit) for digit in group] for group in groups(digits)], Gap.GROUP
        )

    def references(self, references: Sequence[str]) -> Spoken:
        """Several such numbers, one after the other."""
        return _joined([list(self.digits(reference)) for reference in references], Gap.ITEM)

    def plate(self, mark: str) -> Spoken:
        """A registration mark: letters and digits one by one, with a pause where they change."""
        runs: list[list[Unit | Gap]] = []
        kinds = ""
        for character in mark:
            kind = "d" if character.isdigit() else "l"
            if not kinds.endswith(kind):
                runs.append([])
            kinds += kind
            runs[-1].append(self.digit(character) if kind == "d" else self.letter(character))
        return _joined(runs, Gap.GROUP)

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


def _joined(parts: Sequence[Sequence[Unit | Gap]], gap: Gap) -> list[Unit | Gap]:
    spoken: list[Unit | Gap] = []
    for part in parts:
        if spoken:
            spoken.append(gap)
        spoken += part
    return spoken
