"""Hong Kong time. Every rule of ROCARS is judged by it, and tests may set it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

HONG_KONG = timezone(timedelta(hours=8), "HKT")
"""UTC+8 all year: Hong Kong has had no summer time since 1979."""

Clock = Callable[[], datetime]
"""Gives the present instant as an aware datetime."""


def hong_kong_now() -> datetime:
    return datetime.now(HONG_KONG)


def in_hong_kong(instant: datetime) -> datetime:
    return instant.astimezone(HONG_KONG)


def in_utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)
