"""Each fact of a call as the SQL that remembers it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect, Insert, Update, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.records.facts import (
    BundleFinished,
    BundleSent,
    CallClosed,
    CallOpened,
    CallProgress,
    ResultAnnounced,
    Step,
)
from ivr.records.masking import LONGEST_SPOKEN_TEXT, clean, clean_detail, mask_user_id
from ivr.records.models import Base, BundleRequest, Call, CallStep, RequestCcrn
from ivr.records.outcome import UNSETTLED, BundleRequestState


def _insert(model: type[Base], dialect: Dialect) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(model) if dialect.name == "postgresql" else sqlite.insert(model)


def insert_call(opened: CallOpened, dialect: Dialect) -> Insert:
    """Writes a CDR in progress; harmless if it is there already."""
    return (
        _insert(Call, dialect)
        .values(
            call_id=opened.call_id,
            node=opened.node,
            worker_pid=opened.worker_pid,
            worker_slot=opened.worker_slot,
            sip_call_id=clean(opened.sip_call_id),
            practice=opened.practice,
            source=clean(opened.source),
            caller_kind=opened.caller.kind,
            caller_e164=opened.caller.e164,
            caller_region=opened.caller.region,
            called=clean(opened.called),
            offered_at=opened.offered_at,
        )
        .on_conflict_do_nothing()
    )


def _progress_values(progress: CallProgress) -> dict[str, Any]:
    values = {
        "answered_at": progress.answered_at,
        "codec": clean(progress.codec),
        "language": clean(progress.language, 8),
        "driver": clean(mask_user_id(progress.driver_user_id)),
        "ubr": clean(progress.ubr),
        "login_attempts": progress.login_attempts,
    }
    return {name: value for name, value in values.items() if value is not None}


def update_progress(call_id: str, progress: CallProgress) -> Update | None:
    """Notes what was learnt in a call that is not over; None when nothing was."""
    values = _progress_values(progress)
    if not values:
        return None
    return update(Call).where(Call.call_id == call_id, Call.ended_at.is_(None)).values(**values)


def finish_call(call_id: str, closed: CallClosed) -> Update:
    """Finishes a CDR; touches no row if it was finished before."""
    values: dict[str, Any] = {
        "outcome": closed.outcome,
        "ended_by": closed.ended_by,
        "ended_at": closed.ended_at,
        "sip_code": closed.sip_code,
        "reason": clean(closed.reason),
        "keys": closed.keys,
        "stand_ins": closed.stand_ins,
        **_progress_values(closed.progress),
    }
    if closed.media is not None:
        values |= {
            "packets_sent": closed.media.packets_sent,
            "packets_received": closed.media.packets_received,
            "packets_lost": closed.media.packets_lost,
            "jitter_ms": closed.media.jitter_ms,
        }
    return update(Call).where(Call.call_id == call_id, Call.ended_at.is_(None)).values(**values)


def insert_steps(dialect: Dialect) -> Insert:
    """Writes steps, many at a time (`step_row`); harmless where they are there already."""
    return _insert(CallStep, dialect).on_conflict_do_nothing()


def step_row(call_id: str, sequence: int, step: Step) -> dict[str, Any]:
    return {
        "call_id": call_id,
        "sequence": sequence,
        "at": step.at,
        "kind": clean(str(step.kind), 32),
        "name": clean(step.name),
        "text": clean(step.text, LONGEST_SPOKEN_TEXT),
        "value": clean(step.value),
        "mode": clean(str(step.mode), 16),
        "attempt": step.attempt,
        "ms": step.ms,
        "language": clean(str(step.language), 8),
        "detail": clean_detail(step.detail),
    }


def insert_bundle_request(sent: BundleSent, dialect: Dialect) -> Insert:
    """Writes a request about to be sent; counts one more attempt if it is there unsettled.

    Touches no row if the request was settled before.
    """
    return (
        _insert(BundleRequest, dialect)
        .values(
            idempotency_key=sent.idempotency_key,
            call_id=sent.call_id,
            node=sent.node,
            worker_pid=sent.worker_pid,
            operation=sent.operation,
            driver_user_id=clean(sent.driver_user_id),
            ccrns=[clean(ccrn) for ccrn in sent.ccrns],
            vehicle=clean(sent.vehicle),
            state=BundleRequestState.SENT,
            attempts=1,
            sent_at=sent.sent_at,
            last_sent_at=sent.sent_at,
        )
        .on_conflict_do_update(
            index_elements=[BundleRequest.idempotency_key],
            set_={
                "attempts": BundleRequest.attempts + 1,
                "last_sent_at": sent.sent_at,
                "node": sent.node,
                "worker_pid": sent.worker_pid,
                "state": BundleRequestState.SENT,
            },
            where=BundleRequest.state.in_(UNSETTLED),
        )
    )


def insert_request_ccrns(dialect: Dialect) -> Insert:
    """Makes a request findable by its CCRNs (`ccrn_rows`); harmless where it is already."""
    return _insert(RequestCcrn, dialect).on_conflict_do_nothing()


def ccrn_rows(sent: BundleSent) -> list[dict[str, Any]]:
    return [
        {"ccrn": clean(ccrn), "idempotency_key": sent.idempotency_key}
        for ccrn in dict.fromkeys(sent.ccrns)
    ]


def finish_bundle_request(finished: BundleFinished) -> Update:
    """Settles a request, or marks it unknown; touches no row if it was settled before."""
    settled = finished.state not in UNSETTLED
    return (
        update(BundleRequest)
        .where(
            BundleRequest.idempotency_key == finished.idempotency_key,
            BundleRequest.state.in_(UNSETTLED),
        )
        .values(
            state=finished.state,
            ubr=clean(finished.ubr),
            reason=clean(finished.reason),
            crossing_at=finished.crossing_at,
            crossing_immediately=finished.crossing_immediately,
            finished_at=finished.finished_at if settled else None,
        )
    )


def tell_bundle_request(announced: ResultAnnounced) -> Update:
    """Notes that the caller heard how their request ended; the first time counts."""
    return (
        update(BundleRequest)
        .where(
            BundleRequest.idempotency_key == announced.idempotency_key,
            BundleRequest.told_at.is_(None),
        )
        .values(told_at=announced.told_at)
    )


async def touched(connection: AsyncConnection, statement: Insert | Update) -> bool:
    """Carry it out; whether it changed a row."""
    result = await connection.execute(statement)
    return bool(result.rowcount)
