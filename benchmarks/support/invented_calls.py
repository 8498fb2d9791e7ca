"""Records of months of calls, for what is measured over them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from rich.progress import track
from sqlalchemy import insert

from ivr.records.audit_tables import AuditEntry
from ivr.records.calling_number import NumberKind
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.models import BundleRequest, Call, CallStep, RequestCcrn
from ivr.records.outcome import BundleRequestState, CallOutcome, EndedBy

DAYS = 180
AT_ONCE = 2000
IN_PROGRESS = 60
RARE_ENTRIES = 5
SAID = {
    "welcome.language": "For English, press 3.",
    "login.user_id": "Please key your user I D of 8 digits.",
    "login.pin": "Your telephone PIN, 6 digits.",
    "login.code": "Please press the button on your security token, and key the 6 digits it shows.",
    "main_menu": "Main menu. To bundle cargo and vehicle, press 1.",
    "ccrn": "Please key the customs cargo reference number, then press hash.",
    "ccrn.more": "That cargo can be bundled. For another one, press 2. If that is all, press 1.",
    "vehicle.which": "For AB 1234, press 1. For another vehicle, press 2.",
    "bundle.one_cargo": "Cargo 1234 567 890 123, vehicle AB 1234. If that is right, press 1.",
}
KEYED = {
    "welcome.language": "3",
    "login.user_id": "******678",
    "login.pin": "******",
    "login.code": "******",
    "main_menu": "1",
    "ccrn": "1234567890123",
    "ccrn.more": "1",
    "vehicle.which": "1",
    "bundle.one_cargo": "1",
}
QUESTIONS = tuple(SAID)
OUTCOMES = (
    *(CallOutcome.COMPLETED,) * 14,
    *(CallOutcome.CALLER_HUNG_UP,) * 3,
    *(CallOutcome.HOTLINE, CallOutcome.GAVE_UP_HOTLINE, CallOutcome.LOGIN_REFUSED),
)


def invented(count: int) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]]:
    """Invented calls, oldest first, with their steps and bundle requests; the last ones are in
    progress."""
    dice = random.Random(7)
    newest, ended = now(), count - IN_PROGRESS
    for number in range(count):
        over = number < ended
        at = newest - timedelta(days=DAYS) * (1 - number / ended)
        if not over:
            at = newest - timedelta(seconds=(count - number) * 1.5)
        # As `new_call_id` makes them: sorted by time.
        call_id = f"{int(at.timestamp() * 1000):012x}{number:024x}"
        call_id = (
            f"{call_id[:8]}-{call_id[8:12]}-7{call_id[13:16]}-8{call_id[17:20]}-{call_id[20:32]}"
        )
        seconds = dice.uniform(20, 150)
        outcome = dice.choice(OUTCOMES)
        ubr = f"{number:010d}" if outcome is CallOutcome.COMPLETED and over else None
        language = dice.choice(("yue", "yue", "yue", "cmn", "en"))
        call = {
            "call_id": call_id,
            "node": "hk1",
            "worker_pid": 1,
            "worker_slot": number % 23,
            "sip_call_id": f"{number}@carrier",
            "source": "192.0.2.1:5060;udp",
            "caller_kind": NumberKind.KNOWN,
            "caller_e164": f"+85291{number % 1_000_000:06d}",
            "caller_region": "HK",
            "called": "3902",
            "offered_at": at,
            "answered_at": at + timedelta(seconds=0.1),
            "ended_at": at + timedelta(seconds=seconds) if over else None,
            "outcome": outcome if over else None,
            "ended_by": EndedBy.CALLER if over else None,
            "language": language,
            "ubr": ubr,
            "practice": False,
        }
        asked = QUESTIONS[: dice.randrange(2, len(QUESTIONS))] if ubr is None else QUESTIONS
        steps: list[dict[str, Any]] = [
            {
                "call_id": call_id,
                "sequence": 2 * place + answer,
                "at": at + timedelta(seconds=place * 3),
                "kind": "answered" if answer else "asked",
                "name": name,
                "text": "" if answer else SAID[name],
                "value": KEYED[name] if answer else "",
                "mode": "key" if answer else "",
                "attempt": 1,
                "ms": 0 if answer else 2500,
                "language": language,
                "detail": {},
            }
            for place, name in enumerate(asked)
            for answer in (0, 1)
        ]
        request = {
            "idempotency_key": f"key-{number}",
            "call_id": call_id,
            "node": "hk1",
            "worker_pid": 1,
            "operation": "bundle",
            "driver_user_id": f"{number % 20_000:08d}",
            "ccrns": [f"{number:013d}"],
            "vehicle": f"AB{number % 9999}",
            "state": BundleRequestState.CONFIRMED,
            "attempts": 1,
            "sent_at": at,
            "last_sent_at": at,
            "ubr": ubr,
        }
        yield call, steps, request if ubr else {}


async def fill(records: Database, count: int) -> None:
    """Write the calls, and count them as the housekeeping would have."""
    batch: list[tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]] = []

    async def write() -> None:
        requests = [request for _, _, request in batch if request]
        async with records.writing() as session:
            await session.execute(insert(Call), [call for call, _, _ in batch])
            await session.execute(
                insert(CallStep), [step for _, steps, _ in batch for step in steps]
            )
            if requests:
                await session.execute(insert(BundleRequest), requests)
                await session.execute(
                    insert(RequestCcrn),
                    [
                        {"ccrn": request["ccrns"][0], "idempotency_key": request["idempotency_key"]}
                        for request in requests
                    ],
                )
        batch.clear()

    for invented_call in track(
        invented(count), description="Writing calls", total=count, transient=True
    ):
        batch.append(invented_call)
        if len(batch) == AT_ONCE:
            await write()
    if batch:
        await write()


async def fill_audit(records: Database, count: int) -> None:
    """Write entries of the audit log, those of a person who did little among the oldest. Their
    hashes are none: nobody checks them here."""
    first = now() - timedelta(days=DAYS)
    for begins in track(
        range(0, count, AT_ONCE), description="Writing the audit log", transient=True
    ):
        rows = [
            {
                "at": first + timedelta(days=DAYS) * number / count,
                "who": "seldom" if number < RARE_ENTRIES else f"person{number % 40}",
                "action": "call looked at",
                "subject": f"call {number}",
                "detail": {"address": "192.0.2.7"},
                "previous": "",
                "hash": f"{number:064x}",
            }
            for number in range(begins, min(begins + AT_ONCE, count))
        ]
        async with records.writing() as session:
            await session.execute(insert(AuditEntry), rows)
