"""A record that could not be written becomes a line in the log, so that it is not gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Protocol

import structlog

from ivr.records.facts import (
    BundleFinished,
    BundleSent,
    CallClosed,
    CallOpened,
    CallProgress,
    ResultAnnounced,
    Step,
)
from ivr.records.masking import MASK, clean_detail, last_four, mask_user_id

log = structlog.get_logger("ivr.records")

Fact = CallOpened | CallProgress | CallClosed | Step | BundleSent | BundleFinished | ResultAnnounced


class RecordsMonitor(Protocol):
    """Is told how the records fare; `ivr.observe.metrics` counts it."""

    def lost(self, record: str) -> None:
        """One record of this kind is in the log and not in the database."""

    def degraded(self, degraded: bool) -> None:
        """The database fails (or works again)."""


def record_name(fact: Fact) -> str:
    """``call_opened``, ``step``, ...: the record's name in the log and in the metrics."""
    name = type(fact).__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def as_logged(fact: Fact) -> dict[str, Any]:
    """The fact with personal data masked: a log is read by more people than the audit table."""
    fields = asdict(fact)
    if isinstance(fact, CallOpened):
        fields["caller"]["e164"] = last_four(fact.caller.e164)
    if "driver_user_id" in fields:
        fields["driver_user_id"] = mask_user_id(fields["driver_user_id"])
    if isinstance(fact, CallClosed):
        fields["progress"]["driver_user_id"] = mask_user_id(fact.progress.driver_user_id)
    if isinstance(fact, BundleSent):
        fields["vehicle"] = MASK + fact.vehicle[-2:]
    if isinstance(fact, Step) and fact.secret:
        fields |= {"value": MASK, "text": "", "detail": {}}
    return {name: _plain(value) for name, value in fields.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return clean_detail(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return [str(entry) for entry in value] if isinstance(value, tuple) else str(value)


def log_lost(call_id: str, fact: Fact, why: str, monitor: RecordsMonitor) -> None:
    """Write the record to the log at error level and count it. Never raises."""
    name = record_name(fact)
    try:
        log.error(
            "record_not_written", call_id=call_id, record=name, why=why, content=as_logged(fact)
        )
    finally:
        monitor.lost(name)
