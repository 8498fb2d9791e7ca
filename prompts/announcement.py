"""An announcement of the day, as a flow is given it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from speech.languages.language import Language


@dataclass(frozen=True)
class Announcement:
    """Words that callers hear at the beginning of their call, for a time.

    Attributes:
        number: its id in the records.
        begins, ends: when it is said; with a time zone.
        instead: it is said in place of the greeting.
        closing: the call ends with it.
        whole: no key cuts it short.
    """

    number: int
    words: Mapping[Language, str]
    begins: datetime
    ends: datetime
    instead: bool = False
    closing: bool = False
    whole: bool = False

    @property
    def name(self) -> str:
        """What traces and logs call it, in place of the name of a prompt."""
        return f"announcement.{self.number}"

    def said_at(self, at: datetime) -> bool:
        """Whether it is said to who calls then."""
        return self.begins <= at < self.ends
