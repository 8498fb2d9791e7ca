"""The crossing instruction: "immediately", or not before a time (facts A11).

ROCARS directs a driver to cross immediately or 30 minutes later. Why one or the other is not
public; our assumption is that cargo data must have been in ROCARS for the lead at bundling.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Instruction:
    immediately: bool
    at: datetime


def instruct(lodged: Iterable[datetime], bundled_at: datetime, lead: timedelta) -> Instruction:
    """At once when all cargo was lodged for at least `lead`; else `lead` after bundling, rounded
    up to the whole minute, since it is spoken as hours and minutes."""
    if all(bundled_at - instant >= lead for instant in lodged):
        return Instruction(True, bundled_at)
    earliest = bundled_at + lead
    whole = earliest.replace(second=0, microsecond=0)
    return Instruction(False, whole if whole == earliest else whole + timedelta(minutes=1))
