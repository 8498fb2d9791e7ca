"""Items that come at the same time are written in one transaction, and fail each for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy.exc import IntegrityError

from rocars.store.together import WrittenTogether

pytestmark = pytest.mark.unit


@dataclass
class Book:
    """Where items are written; one called `twice` is refused, as a constraint would."""

    transactions: list[list[str]] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, items: Sequence[str]) -> list[str]:
        await self.open.wait()
        if "twice" in items:
            raise IntegrityError("INSERT", None, ValueError("twice"))
        if "away" in items:
            raise OSError("the database is away")
        self.transactions.append(list(items))
        return [item.upper() for item in items]


def written(book: Book, *items: str, most: int = 100) -> list[asyncio.Task[str]]:
    together: WrittenTogether[str, str] = WrittenTogether(book.write, most=most, weight=len)
    return [asyncio.create_task(together.written(item)) for item in items]


async def test_those_that_wait_are_written_together_in_their_order() -> None:
    book = Book()
    together: WrittenTogether[str, str] = WrittenTogether(book.write, most=100)
    first = asyncio.create_task(together.written("a"))
    await asyncio.sleep(0)  # its transaction has begun
    await asyncio.sleep(0)
    later = [asyncio.create_task(together.written(item)) for item in "bcd"]
    await asyncio.sleep(0)
    book.open.set()
    assert await asyncio.gather(first, *later) == ["A", "B", "C", "D"]
    assert book.transactions == [["a"], ["b", "c", "d"]]
    assert await together.written("e") == "E"


async def test_a_transaction_takes_so_much_and_no_more() -> None:
    book = Book()
    book.open.set()
    await asyncio.gather(*written(book, "aaa", "bb", "c", "d", most=4))
    assert book.transactions == [["aaa", "bb"], ["c", "d"]]


async def test_what_conflicts_fails_alone() -> None:
    book = Book()
    book.open.set()
    outcomes = await asyncio.gather(*written(book, "a", "twice", "b"), return_exceptions=True)
    assert [outcomes[0], outcomes[2]] == ["A", "B"]
    assert isinstance(outcomes[1], IntegrityError)
    assert book.transactions == [["a"], ["b"]]


async def test_without_the_database_all_of_them_fail_and_the_next_does_not() -> None:
    book = Book()
    book.open.set()
    together: WrittenTogether[str, str] = WrittenTogether(book.write, most=100)
    failed = await asyncio.gather(
        together.written("a"), together.written("away"), return_exceptions=True
    )
    assert [type(failure) for failure in failed] == [OSError, OSError]
    assert await together.written("b") == "B"


async def test_one_who_leaves_takes_nobody_along() -> None:
    book = Book()
    leaving, staying = written(book, "a", "b")
    await asyncio.sleep(0)
    leaving.cancel()
    book.open.set()
    assert await staying == "B"
    assert leaving.cancelled()
