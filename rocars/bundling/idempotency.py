"""Idempotency keys: an operation requested twice under one key is done once and answered alike.

The key is claimed in the transaction of the operation. The second request waits for the first to
end: if the first succeeded, both get its answer; if it was refused, nothing was kept, and the
second is judged anew (cargo refused now may be free a minute later; a success is never judged
again).

A client that lost the answer can settle the key: either the operation was done, or the key is
annulled, and a request that is still under way finds it so. After that nothing can change any more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.bundling.messages import BundleReceipt
from rocars.clock import Clock
from rocars.refusals import Code, Problem
from rocars.store.database import Database
from rocars.store.tables.bundling import IdempotentAnswer

Operation = Callable[[AsyncSession], Awaitable[BundleReceipt]]
_TRIES = 5
_ANNULLED = "annulled"
"""Stands where the hash of a request does: no request has it."""


class IdempotentRequests:
    def __init__(self, database: Database, clock: Clock, keep_days: int) -> None:
        self._database = database
        self._clock = clock
        self._keep = timedelta(days=keep_days)

    async def do(
        self, driver_id: int, key: str, request: str, operation: Operation
    ) -> BundleReceipt:
        """Do the operation in one transaction with the record of its answer.

        `request` is its name and body as text. Raises what the operation raises, and Problem
        IDEMPOTENCY_KEY_REUSED when the key was used for another request, KEY_ANNULLED when it was
        settled before this request came.
        """
        request_hash = sha256(request.encode()).hexdigest()
        for _ in range(_TRIES):
            try:
                async with self._database.writing() as session:
                    kept = await session.get(IdempotentAnswer, (driver_id, key))
                    if kept is not None:
                        return _replay(kept, request_hash)
                    claim = IdempotentAnswer(
                        driver_id=driver_id,
                        key=key,
                        request_hash=request_hash,
                        answer=None,
                        answered_at=self._clock(),
                    )
                    session.add(claim)
                    await session.flush()
                    answer = await operation(session)
                    claim.answer = answer.model_dump(mode="json")
            except IntegrityError:
                continue  # another was faster with this key, this cargo or this number: look again
            return answer
        raise Problem(Code.UNAVAILABLE)

    async def settle(self, driver_id: int, key: str) -> BundleReceipt | None:
        """What was answered under a key; None when nothing was, and from now on nothing will be."""
        for _ in range(_TRIES):
            try:
                async with self._database.writing() as session:
                    kept = await session.get(IdempotentAnswer, (driver_id, key))
                    if kept is not None:
                        if kept.request_hash == _ANNULLED:
                            return None
                        return BundleReceipt.model_validate(kept.answer)
                    session.add(
                        IdempotentAnswer(
                            driver_id=driver_id,
                            key=key,
                            request_hash=_ANNULLED,
                            answer=None,
                            answered_at=self._clock(),
                        )
                    )
            except IntegrityError:
                continue  # the operation was done at this moment: look again
            return None
        raise Problem(Code.UNAVAILABLE)

    async def sweep(self) -> None:
        async with self._database.writing() as session:
            await session.execute(
                delete(IdempotentAnswer).where(
                    IdempotentAnswer.answered_at < self._clock() - self._keep
                )
            )


def _replay(kept: IdempotentAnswer, request_hash: str) -> BundleReceipt:
    if kept.request_hash == _ANNULLED:
        raise Problem(Code.KEY_ANNULLED)
    if kept.request_hash != request_hash:
        raise Problem(Code.IDEMPOTENCY_KEY_REUSED)
    return BundleReceipt.model_validate(kept.answer)
