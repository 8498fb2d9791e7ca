"""What is taken away as CSV, and what is said of a question that is not understood."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

import pytest
from aiohttp import ClientError

from ivr.console.pages import audit_log, calls
from ivr.records import audit
from ivr.records.database import RecordsUnavailable
from ivr.records.facts import BundleSent
from ivr.records.roles import Role
from tests.console.conftest import Console
from tests.console.test_door import browser
from tests.support.pace import limit
from tests.support.past_calls import AT, past_call

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]


async def test_the_audit_log_is_taken_away_whole(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "AT_ONCE", 7)
    for number in range(20):
        await audit.write(console.site.records, "=chan", "reviewed", f"en clip {number}", why="x")
    async with browser(console, Role.ADMINISTRATOR) as session:
        async with session.get("/audit.csv?who==chan") as answer:
            assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
            rows = list(csv.DictReader(io.StringIO(await answer.text(encoding="utf-8-sig"))))
        async with session.get("/audit") as page:
            assert "audit log exported" in await page.text()
        async with session.get("/audit?before=yesterday") as page:
            assert page.status == 400
    assert [row["to what"] for row in rows] == [f"en clip {n}" for n in reversed(range(20))]
    assert {row["who"] for row in rows} == {"'=chan"}  # no formula to a spreadsheet
    assert datetime.fromisoformat(rows[0]["at"]).utcoffset() == timedelta(hours=8)


async def test_calls_are_taken_away_whole_and_as_they_were_looked_for(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "AT_ONCE", 3)
    placed = [
        await past_call(
            console.book,
            at=AT + timedelta(hours=number),
            language="en" if number % 2 else "yue",
            ccrn=f"{number:013d}" if number < 6 else "",
        )
        for number in range(10)
    ]
    sent = BundleSent("again", placed[1], "12345678", ("A" * 13, "0" * 12 + "1"), "XY99", "n1", 1)
    await console.book.bundle_request_sent(sent)
    expected = {
        "": placed[::-1],
        "language=en": placed[9::-2],
        "from=2026-11-02T11:00&to=2026-11-02T17:00": placed[7:1:-1],
        "ccrn=0000000000004": [placed[4]],
        f"before={placed[4]}": placed[3::-1],
    }
    async with browser(console, Role.OPERATOR) as session:
        for query, calls_found in expected.items():
            async with session.get(f"/calls.csv?{query}") as answer:
                rows = list(csv.DictReader(io.StringIO(await answer.text(encoding="utf-8-sig"))))
            assert [row["call"] for row in rows] == calls_found, query
    # Of both its requests, in the order in which they were sent; what is in both, once.
    assert (rows[-2]["ccrn"], rows[-2]["vehicle"]) == (f"0000000000001 {'A' * 13}", "AB1234 XY99")
    assert (rows[-2]["language"], rows[-2]["caller"]) == ("en", "******4567")
    assert (rows[-2]["outcome"], rows[-2]["ended by"]) == ("completed", "caller")
    assert (rows[-2]["offered"], rows[-2]["seconds"]) == ("2026-11-02T10:30:00+08:00", "45.0")


async def test_an_export_that_is_not_whole_does_not_look_whole(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> AsyncGenerator[list[tuple[int, int]]]:
        yield [(1, 2)]
        raise RecordsUnavailable("gone")

    monkeypatch.setattr(audit_log, "_pages", broken)
    async with browser(console, Role.ADMINISTRATOR) as session:
        with pytest.raises(ClientError):
            async with session.get("/audit.csv") as answer:
                await answer.read()


async def test_what_nobody_waits_for_any_more_is_not_read(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = asyncio.Event()

    async def endless(*_: object) -> AsyncGenerator[list[tuple[str]]]:
        try:
            while True:
                yield [("x" * 1000,)] * 50
        finally:
            ended.set()

    monkeypatch.setattr(audit_log, "_pages", endless)
    async with browser(console, Role.ADMINISTRATOR) as session:
        answer = await session.get("/audit.csv")
        await answer.content.readexactly(100_000)
        answer.close()
        async with asyncio.timeout(limit(20)):
            await ended.wait()


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("from=yesterday", "From"),
        ("from=2026-02-01&to=2026-01-01", "From, To"),
        ("from=2020-01-01&to=2026-01-01", "From, To"),
        ("language=tlh", "Language"),
    ],
)
async def test_a_question_for_figures_that_makes_no_sense_is_said(
    console: Console, query: str, named: str
) -> None:
    async with browser(console, Role.VIEWER) as session:
        for path in ("/figures", "/figures.csv", "/figures/hours.svg"):
            async with session.get(f"{path}?{query}") as answer:
                assert answer.status == 400, path
                assert f"Not understood: {named}." in await answer.text()
        for path in ("/prompts/waiting?state=live&language=tlh", "/prompts/en?only=best"):
            async with session.get(path) as answer:
                assert answer.status == 400
                assert "nothing was searched" in await answer.text()
