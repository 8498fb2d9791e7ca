"""Somebody logged in to the console, as its pages know them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ivr.records.people_tables import Person


@dataclass(frozen=True)
class Visitor:
    """Somebody logged in, as a page knows them; `csrf` must come back with every form.

    Attributes:
        idle_at: when their session ends if they do not use it until then.
        ends_at: when it ends in any case.
        device: of a log-in: what their browser keeps to be known next time.
    """

    person: Person
    token: str = field(repr=False)
    csrf: str = field(repr=False)
    idle_at: datetime
    ends_at: datetime
    device: str = field(default="", repr=False)
