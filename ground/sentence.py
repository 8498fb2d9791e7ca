"""A sentence with its figures filled in that can still be translated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self


class Sentence(str):
    """In English, as it goes into logs and JSON; `translated` gives it in the reader's language.

    Attributes:
        text: in English, with places for `values` as ``%(name)s``.
    """

    text: str
    values: dict[str, object]

    def __new__(cls, text: str, **values: object) -> Self:
        made = super().__new__(cls, text % values if values else text)
        made.text, made.values = text, values
        return made

    def translated(self, translate: Callable[[str], str]) -> str:
        """Translate by `translate`, which knows `text`. Values stay as they are."""
        translation = translate(self.text)
        return translation % self.values if self.values else translation
