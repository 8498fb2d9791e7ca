"""The flows' ledger, kept in the records of the node."""

from __future__ import annotations

from dataclasses import dataclass

from backend_client.types import Driver, Receipt
from call_flows.desk import NotWrittenDown
from ivr.observe import metrics
from ivr.records.call_book import AlreadySettled, CallBook
from ivr.records.database import RecordsUnavailable
from ivr.records.facts import BundleFinished, BundleSent
from ivr.records.outcome import BundleRequestState


@dataclass(frozen=True)
class BundleLedger:
    """One call's bundling requests (fulfils `call_flows.desk.Ledger`)."""

    book: CallBook
    call_id: str
    node: str
    worker_pid: int

    async def sending(self, key: str, driver: Driver, ccrns: tuple[str, ...], vehicle: str) -> None:
        request = BundleSent(
            idempotency_key=key,
            call_id=self.call_id,
            driver_user_id=driver.user_id,
            ccrns=ccrns,
            vehicle=vehicle,
            node=self.node,
            worker_pid=self.worker_pid,
        )
        try:
            await self.book.bundle_request_sent(request)
        except (RecordsUnavailable, AlreadySettled) as failure:
            metrics.bundles_total.labels(outcome="not_written_down").inc()
            raise NotWrittenDown(str(failure)) from failure

    async def confirmed(self, key: str, receipt: Receipt) -> None:
        await self._finished(
            BundleFinished(
                key,
                BundleRequestState.CONFIRMED,
                ubr=receipt.ubr,
                crossing_at=receipt.crossing.at,
                crossing_immediately=receipt.crossing.immediately,
            )
        )

    async def refused(self, key: str, reason: str) -> None:
        await self._finished(BundleFinished(key, BundleRequestState.REFUSED, reason=reason))

    async def unknown(self, key: str, reason: str) -> None:
        await self._finished(BundleFinished(key, BundleRequestState.UNKNOWN, reason=reason))

    async def _finished(self, finished: BundleFinished) -> None:
        metrics.bundles_total.labels(outcome=finished.state.value).inc()
        await self.book.bundle_request_finished(self.call_id, finished)
