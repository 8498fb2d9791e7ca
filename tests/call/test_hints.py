"""What is made of a calling number before the greeting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend_client.errors import BackEndUnavailable
from backend_client.types import Caller
from call_flows.call_context import CallerHints
from ivr.call.hints import caller_hints
from ivr.observe import metrics
from ivr.records.call_book import CallBook
from ivr.records.calling_number import CallingNumber, calling_number
from ivr.records.facts import CallOpened, CallProgress
from ivr.records.settings import RecordsSettings
from speech.languages.language import Language
from tests.support.fakes.rocars import PaperRocars
from tests.support.migrated import new_records

pytestmark = pytest.mark.service

NUMBER = calling_number("+85291234567")
MAINLAND = calling_number("+8613800138000")


@pytest.fixture
def records(tmp_path: Path) -> str:
    return new_records(tmp_path / "records.sqlite3")


@pytest.fixture
async def book(records: str) -> AsyncIterator[CallBook]:
    opened = CallBook(records, RecordsSettings(flush_interval_s=0.02), metrics.MeteredRecords())
    opened.start()
    yield opened
    await opened.shut()


async def spoke(book: CallBook, number: CallingNumber, language: str) -> None:
    call_id = await book.open(CallOpened("hk1", 1, 0, "a@b", "127.0.0.1:5060", number, "3902"))
    book.progress(call_id, CallProgress(language=language))


async def until_written(book: CallBook, number: CallingNumber) -> None:
    assert number.e164 is not None
    while await book.language_of(number.e164) is None:
        pass


async def test_a_registered_number_gives_user_id_and_language(book: CallBook) -> None:
    rocars = PaperRocars(callers={"+85291234567": Caller("12345678", "cmn")})
    assert await caller_hints(NUMBER, book, rocars) == CallerHints("12345678", Language.PUTONGHUA)


async def test_the_language_last_spoken_counts_more_than_the_registered_one(
    book: CallBook,
) -> None:
    await spoke(book, NUMBER, "en")
    await until_written(book, NUMBER)
    rocars = PaperRocars(callers={"+85291234567": Caller("12345678", "cmn")})
    assert (await caller_hints(NUMBER, book, rocars)).language is Language.ENGLISH


async def test_a_mainland_number_hears_putonghua_first(book: CallBook) -> None:
    assert await caller_hints(MAINLAND, book, PaperRocars()) == CallerHints(
        None, Language.PUTONGHUA
    )


@pytest.mark.parametrize("user", ["anonymous", "", "1000"])
async def test_a_number_that_says_nothing_is_not_looked_up(book: CallBook, user: str) -> None:
    rocars = PaperRocars(fail={"recognise": [AssertionError("asked")]})
    assert await caller_hints(calling_number(user), book, rocars) == CallerHints()


async def test_a_back_end_that_is_away_or_slow_costs_nothing_but_the_hint(book: CallBook) -> None:
    away = PaperRocars(fail={"recognise": [BackEndUnavailable("connection refused")]})
    assert await caller_hints(NUMBER, book, away) == CallerHints()
    slow = PaperRocars(delays={"recognise": 60})
    assert await caller_hints(MAINLAND, book, slow) == CallerHints(None, Language.PUTONGHUA)


@pytest.mark.parametrize("user", ["13800138000", "013800138000"])
async def test_a_number_whose_country_is_guessed_is_nobodys(book: CallBook, user: str) -> None:
    rocars = PaperRocars(callers={"+8613800138000": Caller("12345678", "en")})
    guessed, sure = calling_number(user), calling_number(user, trunk_region="CN")
    assert guessed.e164 == sure.e164 == "+8613800138000"
    assert await caller_hints(guessed, book, rocars) == CallerHints(None, Language.PUTONGHUA)
    assert (await caller_hints(sure, book, rocars)).user_id == "12345678"
