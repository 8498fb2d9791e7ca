"""Settles requests that were left open, so that each one ends, whichever process died.

A request is in the records before it is sent. If its worker, ROCARS or the network failed before
the answer was recorded, ROCARS is asked here how the request ended. Asking settles it: what ROCARS
has not done by then it never will, however late the request may still arrive. So a request can be
settled any number of times, by several nodes at once, always with the same result.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from datetime import timedelta

import setproctitle
import structlog

from backend_client.client import RocarsClient
from backend_client.errors import BackEndUnavailable, UnknownDriver
from backend_client.protocol import Rocars
from ground.database.changes import Changes
from ivr.call.ledger import confirmed_by
from ivr.node.children import LEAVE_S, end_within
from ivr.node.shared import SharedState
from ivr.observe import metrics
from ivr.records.call_book import CallBook
from ivr.records.database import RecordsUnavailable
from ivr.records.facts import BundleFinished, now
from ivr.records.models import BundleRequest
from ivr.records.outcome import BundleRequestState

log = structlog.get_logger("ivr.node.recovery")

EVERY_S = 2.0
LONGEST_PAUSE_S = 60.0
"""Longest pause between two rounds while ROCARS or the records are unavailable."""

LOOK_ANYWAY_S = 10.0
"""The records are read so often although they have not changed: a request has become old enough."""

MARGIN_S = 5.0
"""Added to the time for which a live call may still wait for its answer."""


def run_recovery(shared: SharedState) -> int:
    """Settle requests until SIGTERM. Runs in a forked child; returns its exit status."""
    setproctitle.setproctitle("rocars-ivr: recovery")
    return asyncio.run(_recover(shared))


async def _recover(shared: SharedState) -> int:
    settings = shared.settings
    stop_requested = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop_requested.set)
    book = CallBook(settings.records_url, settings.records, metrics.MeteredRecords())
    book.start()
    rocars = RocarsClient(shared.rocars, lambda operation, outcome, seconds: None)
    patience_s = max(settings.pool.recovery_after_s, shared.rocars.budget_s + MARGIN_S)
    changes = Changes(settings.records_url)
    recovery = Recovery(book, rocars, patience_s, if_due=changes.seen_by(LOOK_ANYWAY_S))
    working = asyncio.ensure_future(recovery.run())
    await stop_requested.wait()
    end_within(LEAVE_S)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await rocars.close()
    await book.shut()
    changes.close()
    return 0


class Recovery:
    """Settles requests that have been open for longer than any call waits.

    Args:
        patience_s: age from which a request is settled, in seconds. It must be above the time a
            call may wait for its own answer, or a living call would see its request annulled.
        if_due: says before each round whether there can be anything to do; after one that failed
            there is.
    """

    def __init__(
        self,
        book: CallBook,
        rocars: Rocars,
        patience_s: float,
        *,
        if_due: Callable[[], bool] = lambda: True,
    ) -> None:
        self._if_due = if_due
        self._book = book
        self._rocars = rocars
        self._patience = timedelta(seconds=patience_s)

    async def run(self) -> None:
        """Go on until cancelled, more and more slowly while ROCARS or the records are
        unavailable."""
        pause_s, failed = EVERY_S, False
        while True:
            try:
                if self._if_due() or failed:
                    await self.round()
                pause_s, failed = EVERY_S, False
            except (BackEndUnavailable, RecordsUnavailable) as failure:
                pause_s, failed = min(pause_s * 2, LONGEST_PAUSE_S), True
                log.warning("open requests wait", why=str(failure), next_look_s=pause_s)
            await asyncio.sleep(pause_s)

    async def round(self) -> int:
        """Settle the requests that are due, oldest first; returns how many.

        Raises BackEndUnavailable and RecordsUnavailable: the rest is settled in a later round.
        """
        due = await self._book.unsettled_bundle_requests(now() - self._patience)
        self._show(due)
        for number, request in enumerate(due, start=1):
            await self._settle(request)
            self._show(due[number:])
        return len(due)

    async def _settle(self, request: BundleRequest) -> None:
        key = request.idempotency_key
        try:
            receipt = await self._rocars.settle(request.driver_user_id, key)
        except UnknownDriver:
            receipt = None
        finished = (
            BundleFinished(key, BundleRequestState.REFUSED, reason="never_done")
            if receipt is None
            else confirmed_by(key, receipt)
        )
        if await self._book.bundle_request_finished(request.call_id, finished):
            metrics.requests_recovered_total.labels(outcome=finished.state.value).inc()
            log.warning(
                "request settled after its call",
                request=key,
                operation=request.operation,
                outcome=finished.state.value,
                call_id=request.call_id,
            )

    @staticmethod
    def _show(open_requests: Sequence[BundleRequest]) -> None:
        metrics.requests_open.set(len(open_requests))
