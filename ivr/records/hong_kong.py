"""Days and times as people in Hong Kong have them."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

HONG_KONG = timezone(timedelta(hours=8), "HKT")


def hong_kong_day(at: datetime) -> date:
    return at.astimezone(HONG_KONG).date()
