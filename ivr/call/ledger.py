"""The flows' ledger of bundling requests, kept in the records of the node."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import structlog

from backend_client.types import Driver, EarliestCrossing, Receipt
from call_flows.call_context import NotWrittenDown, UnannouncedResult
from ivr.observe import metrics
from ivr.records.call_book import AlreadySettled, CallBook
from ivr.records.database import RecordsUnavailable
from ivr.records.facts import BundleFinished, BundleSent, now
from ivr.records.models import BundleRequest
from ivr.records.outcome import BundleRequestState

log = structlog.get_logger("ivr.call.ledger")

_ENDED: dict[BundleRequestState, Literal["confirmed", "refused", "unknown"]] = {
    BundleRequestState.CONFIRMED: "confirmed",
    BundleRequestState.REFUSED: "refused",
    BundleRequestState.UNKNOWN: "unknown",
    BundleRequestState.SENT: "unknown",
}


def confirmed_by(key: str, receipt: Receipt) -> BundleFinished:
    """The fact that ROCARS has carried out the request."""
    return BundleFinished(
        key,
        BundleRequestState.CONFIRMED,
        ubr=receipt.ubr,
        crossing_at=receipt.crossing.at,
        crossing_immediately=receipt.crossing.immediately,
    )


def unannounced(request: BundleRequest) -> UnannouncedResult:
    """A request of an earlier call, in the form in which a flow announces it."""
    ccrns = tuple(request.ccrns)
    receipt = None
    if request.ubr and request.crossing_at and request.finished_at:
        receipt = Receipt(
            ubr=request.ubr,
            ccrns=ccrns,
            vehicle=request.vehicle,
            bundled_at=request.finished_at,
            crossing=EarliestCrossing(bool(request.crossing_immediately), request.crossing_at),
        )
    return UnannouncedResult(
        key=request.idempotency_key,
        operation="unbundle" if request.operation == "unbundle" else "bundle",
        ended=_ENDED[request.state],
        ccrns=ccrns,
        vehicle=request.vehicle,
        receipt=receipt,
    )


@dataclass(frozen=True)
class BundleLedger:
    """One call's bundling requests (fulfils `call_flows.call_context.Ledger`)."""

    book: CallBook
    call_id: str
    node: str
    worker_pid: int
    tell_unheard_hours: int

    async def sending(self, key: str, driver: Driver, ccrns: tuple[str, ...], vehicle: str) -> None:
        await self._sent(
            BundleSent(
                idempotency_key=key,
                call_id=self.call_id,
                driver_user_id=driver.user_id,
                ccrns=ccrns,
                vehicle=vehicle,
                node=self.node,
                worker_pid=self.worker_pid,
            )
        )

    async def undoing(self, key: str, driver: Driver, bundle: Receipt) -> None:
        await self._sent(
            BundleSent(
                idempotency_key=key,
                call_id=self.call_id,
                driver_user_id=driver.user_id,
                ccrns=bundle.ccrns,
                vehicle=bundle.vehicle,
                node=self.node,
                worker_pid=self.worker_pid,
                operation="unbundle",
            )
        )

    async def _sent(self, request: BundleSent) -> None:
        try:
            await self.book.bundle_request_sent(request)
        except (RecordsUnavailable, AlreadySettled) as failure:
            metrics.bundles_total.labels(outcome="not_written_down").inc()
            raise NotWrittenDown(str(failure)) from failure

    async def confirmed(self, key: str, receipt: Receipt) -> None:
        await self._finished(confirmed_by(key, receipt))

    async def refused(self, key: str, reason: str) -> None:
        await self._finished(BundleFinished(key, BundleRequestState.REFUSED, reason=reason))

    async def unknown(self, key: str, reason: str) -> None:
        await self._finished(BundleFinished(key, BundleRequestState.UNKNOWN, reason=reason))

    def result_announced(self, key: str) -> None:
        self.book.bundle_outcome_told(self.call_id, key)

    async def unannounced_results(self, driver: Driver) -> tuple[UnannouncedResult, ...]:
        if not self.tell_unheard_hours:
            return ()
        since = now() - timedelta(hours=self.tell_unheard_hours)
        try:
            requests = await self.book.untold_bundle_requests(driver.user_id, since)
        except RecordsUnavailable:
            log.exception("what a driver has not heard of their requests cannot be read")
            return ()
        return tuple(unannounced(request) for request in reversed(requests))

    async def _finished(self, finished: BundleFinished) -> None:
        metrics.bundles_total.labels(outcome=finished.state.value).inc()
        await self.book.bundle_request_finished(self.call_id, finished)
