"""What is done again and again goes on whatever happens, and says once what holds it up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import structlog

from ivr.console.repeating import repeat
from ivr.records.database import RecordsUnavailable

pytestmark = pytest.mark.unit


async def test_it_goes_on_and_says_once_that_the_database_is_away() -> None:
    away = RecordsUnavailable("the database is away")
    happens: Iterator[BaseException | None] = iter(
        [away, away, None, away, ValueError("ours"), asyncio.CancelledError()]
    )

    async def look() -> None:
        failure = next(happens)
        if failure is not None:
            raise failure

    with structlog.testing.capture_logs() as logged, pytest.raises(asyncio.CancelledError):
        await repeat(look, 0, "nobody looks")
    assert [(entry["log_level"], entry.get("why")) for entry in logged] == [
        ("error", "the database is away"),
        ("error", "the database is away"),  # after it was there in between
        ("error", None),
    ]
    assert {entry["event"] for entry in logged} == {"nobody looks"}
