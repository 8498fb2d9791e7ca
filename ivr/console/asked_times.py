"""Days and times that somebody asks for in the address of a page."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from ivr.records.hong_kong import HONG_KONG

YEARS = range(2000, 2101)
"""A date outside is a slip of the finger."""


def instant_in(given: str, *, end: bool = False) -> datetime | None:
    """A day or a time of Hong Kong, or a time with a zone, in ISO 8601; None for nothing.

    Args:
        end: what is asked for ends there, and a day without a time means all of it.

    Raises ValueError.
    """
    given = given.strip()
    if not given:
        return None
    at = datetime.fromisoformat(given)
    if at.year not in YEARS:
        raise ValueError(f"the year of {given} is not one of {YEARS[0]} to {YEARS[-1]}")
    if len(given) == 10 and end:
        at = datetime.combine(at.date(), time()) + timedelta(days=1)
    return at if at.tzinfo else at.replace(tzinfo=HONG_KONG)
