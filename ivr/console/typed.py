"""What people type into forms, as values."""

from __future__ import annotations

from datetime import datetime

from ivr.records.hong_kong import HONG_KONG


def instant(given: str) -> datetime | None:
    """What a form says of a day and time, of Hong Kong; None for what is no time at all."""
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        return None
    if at.year not in range(2000, 2101):
        return None
    return at if at.tzinfo else at.replace(tzinfo=HONG_KONG)
