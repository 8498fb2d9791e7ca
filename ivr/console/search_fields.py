"""The fields of a search, as the address of a page gives them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from ground.web.forms import number_in
from ivr.console.asked_times import instant_in

DIGITS = re.compile(r"[0-9]{1,20}")
LETTERS_AND_DIGITS = re.compile(r"[A-Z0-9]{1,20}")


def given_in(query: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """What is asked for in the fields of these names, without those that are left empty."""
    given = {name: query.get(name, "").strip() for name in names}
    return {name: value for name, value in given.items() if value}


class SearchFields:
    """Reads fields one by one; one that is not understood reads as an empty one.

    Attributes:
        problems: names of the fields that were not understood.
    """

    def __init__(self, query: Mapping[str, str]) -> None:
        self._query = query
        self.problems: list[str] = []

    def text(self, name: str) -> str:
        return self._query.get(name, "").strip()

    def instant(self, name: str, *, end: bool = False) -> datetime | None:
        """A day or a time, as `instant_in` reads it."""
        try:
            return instant_in(self.text(name), end=end)
        except ValueError:
            self.problems.append(name)
            return None

    def word(self, name: str, known: Iterable[str]) -> str:
        """A word of a closed set."""
        given = self.text(name)
        return self._unless(bool(given) and given not in known, name, given)

    def number(self, name: str) -> int | None:
        given = self.text(name)
        number = number_in(given)
        if given and number is None:
            self.problems.append(name)
        return number

    def mark(self, name: str, form: re.Pattern[str]) -> str:
        """A number or a registration mark, with or without spaces, in small letters or capitals."""
        given = "".join(self.text(name).split()).upper()
        return self._unless(bool(given) and not form.fullmatch(given), name, given)

    def matching(self, name: str, form: re.Pattern[str]) -> str:
        """What must be of this form as it is."""
        given = self.text(name)
        return self._unless(bool(given) and not form.fullmatch(given), name, given)

    def _unless(self, odd: bool, name: str, given: str) -> str:
        if odd:
            self.problems.append(name)
            return ""
        return given
