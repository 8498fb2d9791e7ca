"""Counts of a day, and what they say of callers."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import delete

from ivr.console.insight import Insight
from ivr.console.insight_of_days import insight_of
from ivr.records.call_book import CallBook
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.hong_kong import hong_kong_day
from ivr.records.outcome import CallOutcome
from ivr.records.settings import RecordsSettings
from ivr.records.tallies import Tallies
from ivr.records.tally_tables import TallySum
from tests.support.past_calls import AT, past_call

pytestmark = pytest.mark.service

DAY = date(2026, 11, 2)


@pytest_asyncio.fixture
async def tallies(database: str) -> AsyncIterator[Tallies]:
    records = Database(database, RecordsSettings())
    yield Tallies(records, leave_out=("3904",))
    await records.close()


async def counted(tallies: Tallies, language: str = "") -> Insight:
    for day in (DAY, DAY + timedelta(days=1)):
        await tallies.count(day)
    last = DAY + timedelta(days=1)
    return await insight_of(tallies, DAY, last, language)


async def some_calls(book: CallBook) -> None:
    whole = (("login.user_id", "answered"), ("ccrn.ask", "answered"))
    left = (("login.user_id", "answered"), ("ccrn.ask", "noinput"), ("ccrn.ask", ""))
    await past_call(book, questions=whole, seconds=40)
    await past_call(book, questions=whole, seconds=50, language="en")
    await past_call(book, questions=left, seconds=90, outcome=CallOutcome.CALLER_HUNG_UP)
    await past_call(
        book,
        questions=(("login.user_id", "nomatch"),),
        outcome=CallOutcome.HOTLINE,
        at=AT + timedelta(hours=15),  # 00:30 of the next day in Hong Kong
    )
    await past_call(book, questions=whole, practice=True)
    await past_call(book, questions=whole, called="3904")


async def test_what_the_counts_of_two_days_say(book: CallBook, tallies: Tallies) -> None:
    await some_calls(book)
    seen = await counted(tallies)
    assert seen.calls == 4
    assert seen.completed == pytest.approx(0.5)
    assert seen.containment == pytest.approx(0.75)
    assert seen.by_hour == {"09": 3, "00": 1}
    assert seen.mean_seconds == pytest.approx((40 + 50 + 90 + 45) / 4)
    assert seen.median_seconds == pytest.approx(45)
    assert {day: dict(of) for day, of in seen.by_day.items()} == {
        DAY: {"completed": 2, "caller_hung_up": 1},
        DAY + timedelta(days=1): {"hotline": 1},
    }
    questions = {question.name: question for question in seen.questions}
    ccrn, login = questions["ccrn.ask"], questions["login.user_id"]
    assert (ccrn.asked, ccrn.answered, ccrn.left, ccrn.put) == (3, 2, 1, 4)
    assert ccrn.noinput_rate == pytest.approx(0.25)
    assert (login.asked, login.left, login.nomatch) == (4, 1, 1)
    assert [question.name for question in seen.questions] == ["login.user_id", "ccrn.ask"]


async def test_the_busy_hour_and_the_lines_it_needs(book: CallBook, tallies: Tallies) -> None:
    for number in range(20):
        await past_call(book, at=AT + timedelta(seconds=number), seconds=360)
    await past_call(book, at=AT + timedelta(hours=3), seconds=3000)
    busiest = (await counted(tallies)).busy_hour
    assert busiest is not None
    assert (busiest.day, busiest.hour, busiest.calls) == (DAY, "09", 20)
    assert busiest.erlangs == pytest.approx(2.0)
    assert busiest.lines == 7  # Erlang B tables: 2 erlang, 1 %


async def test_one_language_alone(book: CallBook, tallies: Tallies) -> None:
    await some_calls(book)
    seen = await counted(tallies, "en")
    assert seen.calls == 1
    assert seen.mean_seconds == pytest.approx(50)


async def test_all_together_are_the_sum_of_the_languages(book: CallBook, tallies: Tallies) -> None:
    await some_calls(book)
    whole = await counted(tallies)
    of_each = [await counted(tallies, language) for language in ("yue", "en")]
    assert whole.seconds == sum(seen.seconds for seen in of_each)
    assert whole.lengths == sum((Counter(seen.lengths) for seen in of_each), Counter())


async def test_a_day_that_another_release_has_counted_is_counted_anew(
    book: CallBook, tallies: Tallies
) -> None:
    """While nodes are upgraded, one of them may write counts without their sums."""
    await past_call(book, at=now() - timedelta(days=3))
    for day in await tallies.due():
        await tallies.count(day)
    async with tallies._records.writing() as session:
        newest = hong_kong_day(now())
        await session.execute(delete(TallySum).where(TallySum.day >= newest - timedelta(days=1)))
    due = await tallies.due()
    assert due == [newest - timedelta(days=back) for back in (2, 1, 0)]


async def test_counting_again_changes_nothing(book: CallBook, tallies: Tallies) -> None:
    await some_calls(book)
    once = await counted(tallies)
    assert await counted(tallies) == once


async def test_days_not_counted_to_their_end_are_due(book: CallBook, tallies: Tallies) -> None:
    assert len(await tallies.due()) == 1
    await past_call(book, at=now() - timedelta(days=3))
    due = await tallies.due()
    assert len(due) == 4
    for day in due:
        await tallies.count(day)
    assert await tallies.due() == due[-1:]


async def test_days_without_a_call_are_empty(tallies: Tallies) -> None:
    seen = await counted(tallies)
    assert seen.outcomes == {"completed": 0}
    assert (seen.calls, seen.containment, seen.busy_hour, seen.median_seconds) == (
        0,
        None,
        None,
        None,
    )
