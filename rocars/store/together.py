"""What comes at the same time is written in one transaction: a disk that is asked once for twenty
answers twenty as soon as one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy.exc import IntegrityError

ItemT = TypeVar("ItemT")
OutcomeT = TypeVar("OutcomeT")


@dataclass(frozen=True)
class _Waiting(Generic[ItemT, OutcomeT]):
    item: ItemT
    outcome: asyncio.Future[OutcomeT]


class WrittenTogether(Generic[ItemT, OutcomeT]):
    """Takes one connection of the database at most, however many wait. To be used in its event
    loop."""

    def __init__(
        self,
        write: Callable[[Sequence[ItemT]], Awaitable[Sequence[OutcomeT]]],
        *,
        most: int,
        weight: Callable[[ItemT], int] = lambda _: 1,
    ) -> None:
        """
        Args:
            write: writes these in one transaction, in their order; an outcome for each.
            most: a transaction takes no further item once it has this weight.
        """
        self._write = write
        self._most = most
        self._weight = weight
        self._waiting: deque[_Waiting[ItemT, OutcomeT]] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def written(self, item: ItemT) -> OutcomeT:
        """Write it with those that wait too; returns once it is committed.

        Whoever is cancelled meanwhile does not know whether it was. Raises what `write` raises; an
        IntegrityError is that of this item alone.
        """
        waiting: _Waiting[ItemT, OutcomeT] = _Waiting(
            item, asyncio.get_running_loop().create_future()
        )
        self._waiting.append(waiting)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await waiting.outcome

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await self._write_these(self._next())
        finally:
            self._writing = None

    def _next(self) -> list[_Waiting[ItemT, OutcomeT]]:
        these: list[_Waiting[ItemT, OutcomeT]] = []
        weight = 0
        while self._waiting and weight < self._most:
            these.append(self._waiting.popleft())
            weight += self._weight(these[-1].item)
        return these

    async def _write_these(self, these: list[_Waiting[ItemT, OutcomeT]]) -> None:
        try:
            outcomes = await self._write([waiting.item for waiting in these])
        except IntegrityError as conflict:
            if len(these) == 1:
                _fail(these, conflict)
                return
            for waiting in these:  # nobody fails for what another sent
                await self._write_these([waiting])
        except Exception as failure:
            _fail(these, failure)
        else:
            for waiting, outcome in zip(these, outcomes, strict=True):
                if not waiting.outcome.done():  # whoever waited may have left
                    waiting.outcome.set_result(outcome)


def _fail(these: list[_Waiting[ItemT, OutcomeT]], failure: Exception) -> None:
    for waiting in these:
        if not waiting.outcome.done():
            waiting.outcome.set_exception(failure)
