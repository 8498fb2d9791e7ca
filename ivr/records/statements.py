"""Each fact of a call as the SQL that remembers it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, cast

from sqlalchemy import BindParameter, Dialect, Insert, Table, Update, bindparam, func, update
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

_CALLS = cast(Table, Call.__table__)
_LEARNT = ("answered_at", "codec", "language", "driver", "ubr", "login_attempts")
_MEDIA = ("packets_sent", "packets_received", "packets_lost", "jitter_ms")
_ENDING = ("outcome", "ended_by", "ended_at", "sip_code", "reason", "keys", "stand_ins")


def _new(name: str) -> BindParameter[Any]:
    return bindparam(f"new_{name}", type_=_CALLS.c[name].type)


def _change(*replaced: str, learnt: tuple[str, ...]) -> Update:
    """A change of a CDR that is not finished; what was not learnt (None) stays as it is."""
    changes = {name: _new(name) for name in replaced}
    kept = {name: func.coalesce(_new(name), _CALLS.c[name]) for name in learnt}
    of_call = (_CALLS.c.call_id == bindparam("of_call"), _CALLS.c.ended_at.is_(None))
    return update(_CALLS).where(*of_call).values(**changes, **kept)


UPDATE_PROGRESS = _change(learnt=_LEARNT)
"""Notes what was learnt in calls that are not over (`progress_rows`). Made once: making statements
takes longer than having them carried out."""
FINISH_CALL = _change(*_ENDING, learnt=(*_MEDIA, *_LEARNT))
"""Finishes a CDR (`finished_row`); touches no row if it was finished before."""


@cache
def _insert(model: type[Base], dialect: str) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(model) if dialect == "postgresql" else sqlite.insert(model)


@cache
def _insert_missing(model: type[Base], dialect: str) -> Insert:
    return _insert(model, dialect).on_conflict_do_nothing()


def insert_calls(dialect: Dialect) -> Insert:
    """Writes CDRs in progress, many at a time (`call_row`); harmless where they are already."""
    return _insert_missing(Call, dialect.name)


def call_row(opened: CallOpened) -> dict[str, Any]:
    return {
        "call_id": opened.call_id,
        "node": opened.node,
        "worker_pid": opened.worker_pid,
        "worker_slot": opened.worker_slot,
        "sip_call_id": clean(opened.sip_call_id),
        "practice": opened.practice,
        "source": clean(opened.source),
        "caller_kind": opened.caller.kind,
        "caller_e164": opened.caller.e164,
        "caller_region": opened.caller.region,
        "called": clean(opened.called),
        "offered_at": opened.offered_at,
    }


def _learnt(progress: CallProgress) -> dict[str, Any]:
    return {
        "new_answered_at": progress.answered_at,
        "new_codec": clean(progress.codec),
        "new_language": clean(progress.language, 8),
        "new_driver": clean(mask_user_id(progress.driver_user_id)),
        "new_ubr": clean(progress.ubr),
        "new_login_attempts": progress.login_attempts,
    }


def progress_rows(progress: Iterable[tuple[str, CallProgress]]) -> list[dict[str, Any]]:
    """One row for each call, of which several facts may have been learnt one after the other."""
    rows: dict[str, dict[str, Any]] = {}
    for call_id, fact in progress:
        row = rows.setdefault(call_id, {"of_call": call_id, **_learnt(CallProgress())})
        row |= {name: value for name, value in _learnt(fact).items() if value is not None}
    return list(rows.values())


def finished_row(call_id: str, closed: CallClosed) -> dict[str, Any]:
    media = closed.media
    return {
        "of_call": call_id,
        "new_outcome": closed.outcome,
        "new_ended_by": closed.ended_by,
        "new_ended_at": closed.ended_at,
        "new_sip_code": closed.sip_code,
        "new_reason": clean(closed.reason),
        "new_keys": closed.keys,
        "new_stand_ins": closed.stand_ins,
        **{f"new_{name}": media and getattr(media, name) for name in _MEDIA},
        **_learnt(closed.progress),
    }


def insert_steps(dialect: Dialect) -> Insert:
    """Writes steps, many at a time (`step_row`); harmless where they are there already."""
    return _insert_missing(CallStep, dialect.name)


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
        _insert(BundleRequest, dialect.name)
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
    return _insert_missing(RequestCcrn, dialect.name)


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


async def touched(
    connection: AsyncConnection, statement: Insert | Update, row: dict[str, Any] | None = None
) -> bool:
    """Carry it out, with this row; whether it changed one."""
    result = await connection.execute(statement, row)
    return bool(result.rowcount)
