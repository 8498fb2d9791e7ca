"""Calls are found by whatever somebody knows of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.records.call_book import CallBook
from ivr.records.call_rows import RequestRow
from ivr.records.call_search import CallFilter, CallSearch
from ivr.records.database import Database
from ivr.records.facts import CallProgress, Step
from ivr.records.migrations import upgrade
from ivr.records.outcome import CallOutcome
from ivr.records.settings import RecordsSettings
from tests.records.conftest import an_offered_call
from tests.support.migrated import new_records
from tests.support.past_calls import AT, past_call

pytestmark = pytest.mark.service


@pytest_asyncio.fixture
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if getattr(request, "param", "sqlite") == "sqlite":
        return new_records(tmp_path / "records.sqlite3")
    url: str = await request.getfixturevalue("postgres").new_database()
    await asyncio.to_thread(upgrade, url)
    return url


@pytest_asyncio.fixture
async def search(database: str) -> AsyncIterator[CallSearch]:
    records = Database(database, RecordsSettings())
    yield CallSearch(records)
    await records.close()


@pytest.mark.parametrize(
    "wanted",
    [
        CallFilter(ccrn="1234567890123"),
        CallFilter(vehicle="XY99"),
        CallFilter(ubr="9567890123"),
        CallFilter(caller="+85298765432"),
        CallFilter(caller="5432"),
        CallFilter(outcome=CallOutcome.HOTLINE),
        CallFilter(language="en"),
        CallFilter(first=AT + timedelta(hours=1), last=AT + timedelta(hours=3)),
        CallFilter(ccrn="1234567890123", vehicle="XY99", caller="5432", language="en"),
    ],
)
async def test_one_of_many_is_found(book: CallBook, search: CallSearch, wanted: CallFilter) -> None:
    for _ in range(3):
        await past_call(book, ccrn="5555555555555")
    looked_for = await past_call(
        book,
        at=AT + timedelta(hours=2),
        caller="+85298765432",
        ccrn="1234567890123",
        vehicle="XY99",
        outcome=CallOutcome.HOTLINE,
        language="en",
    )
    assert [call.call_id for call in await search.find(wanted)] == [looked_for]


@pytest.mark.parametrize(
    "wanted", [CallFilter(caller="%"), CallFilter(ccrn="' OR 1=1 --"), CallFilter(vehicle="_")]
)
async def test_what_is_not_there_is_not_found(
    book: CallBook, search: CallSearch, wanted: CallFilter
) -> None:
    await past_call(book, ccrn="5555555555555")
    assert await search.find(wanted) == []


async def test_pages_follow_each_other_without_gap(book: CallBook, search: CallSearch) -> None:
    placed = [await past_call(book) for _ in range(5)]
    first = await search.find(CallFilter(), limit=3)
    rest = await search.find(CallFilter(before=first[-1].call_id), limit=3)
    assert [call.call_id for call in (*first, *rest)] == placed[::-1]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
async def test_many_calls_are_read_as_rows_with_what_they_asked_for(
    book: CallBook, search: CallSearch
) -> None:
    placed = [
        await past_call(book, language=language, ccrn=ccrn)
        for language, ccrn in (("en", "1" * 13), ("yue", ""), ("en", ""), ("en", "4" * 13))
    ]
    first = await search.rows(CallFilter(language="en"), 2)
    rest = await search.rows(CallFilter(language="en", before=first.calls[-1].call_id), 2)
    assert [row.call_id for row in (*first.calls, *rest.calls)] == [placed[n] for n in (3, 2, 0)]
    for page in (first, rest):
        for row in page.calls:
            story = await search.story(row.call_id)
            assert story is not None
            assert row._asdict() == {name: getattr(story.call, name) for name in row._fields}
            assert [request._asdict() for request in page.requests_of(row)] == [
                {name: getattr(request, name) for name in RequestRow._fields}
                for request in story.requests
            ]
    assert [row.call_id for row in first.calls if first.requests_of(row)] == [placed[3]]
    assert (await search.rows(CallFilter(language="cmn"), 2)).calls == []


async def test_calls_in_progress_show_how_far_they_are(book: CallBook, search: CallSearch) -> None:
    await past_call(book)
    call_id = await book.open(an_offered_call())
    await book.flush()
    (live,) = await search.in_progress()
    assert (live.call.call_id, live.kind) == (call_id, "")
    book.progress(call_id, CallProgress(language="en"))
    book.step(call_id, Step("said", "welcome.greeting"))
    book.step(call_id, Step("asked", "login.user_id"))
    await book.flush()
    (live,) = await search.in_progress()
    assert (live.kind, live.name, live.call.language) == ("asked", "login.user_id", "en")


async def test_a_story_has_steps_and_requests(book: CallBook, search: CallSearch) -> None:
    call_id = await past_call(book, ccrn="5555555555555", questions=(("a.b", "answered"),))
    story = await search.story(call_id)
    assert story is not None
    assert [step.kind for step in story.steps] == ["asked", "answered"]
    assert [request.ccrns for request in story.requests] == [["5555555555555"]]
    assert await search.story("no such call") is None
