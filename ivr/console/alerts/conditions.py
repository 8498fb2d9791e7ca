"""What may be wrong, and whether it is now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ivr.console.alert_settings import AlertSettings
from ivr.console.health import DISK_FULL as DISK_IS_FULL
from ivr.console.health import DRAINING, Health
from ivr.console.health import FRONT_DOWN as FRONT_IS_DOWN
from ivr.console.insight import insight
from ivr.observe.strain import Strain
from ivr.records.alert_kinds import AlertKind
from ivr.records.alerts import Wrong
from ivr.records.hong_kong import hong_kong_day
from ivr.records.measures import Counted
from ivr.records.node_tables import NodeState
from ivr.records.outcome import CallOutcome

NO_WORKER = "node %(node)s: no call worker is ready"
FRONT_DOWN = "node %(node)s: the SIP front is down"
ROCARS_AWAY = "node %(node)s: ROCARS does not answer; callers are told so"
LINES_FULL = "node %(node)s: %(active)d of %(lines)d lines are in use"
OVERLOADED = "node %(node)s is overloaded: new calls are refused"
DISK_FULL = "node %(node)s: the disk of the data folder is full"
SELF_TEST = "node %(node)s: the self-test failed: %(why)s"
RECORDINGS = "node %(node)s: %(missing)d recordings are missing: a machine's voice speaks instead"
CERTIFICATE = "node %(node)s: the certificate %(file)s expires on %(day)s"
UNREADABLE = "node %(node)s: the certificate %(file)s cannot be read: %(why)s"
CONTAINMENT = "containment today is %(share)s, and the bound %(bound)s (%(calls)d calls)"
COMPLETION = "completion today is %(share)s, and the bound %(bound)s (%(calls)d calls)"
NODE_SILENT = "node %(node)s has said nothing of itself since %(since)s"

OF_A_NODE = (
    AlertKind.NO_WORKER,
    AlertKind.FRONT_DOWN,
    AlertKind.ROCARS_AWAY,
    AlertKind.LINES_FULL,
    AlertKind.OVERLOADED,
    AlertKind.DISK_FULL,
    AlertKind.SELF_TEST,
    AlertKind.RECORDINGS,
    AlertKind.CERTIFICATE,
)
"""Judged by that node alone; the others by every node."""


@dataclass(frozen=True)
class Seen:
    """All that is looked at, at one moment.

    Attributes:
        missing: recordings that are not there.
        today: counts of this Hong Kong day.
        nodes: what the nodes have said of themselves.
        certificate: of SIP over TLS, where there is one.
    """

    at: datetime
    node: str
    health: Health
    missing: int
    today: Sequence[Counted]
    nodes: Sequence[NodeState]
    certificate: Path | None


def wrong_now(seen: Seen, rules: AlertSettings) -> list[Wrong]:
    """Everything that is wrong, of this node and of the whole service."""
    return [*_of_node(seen, rules), *_of_calls(seen, rules), *_of_others(seen, rules)]


def _of_node(seen: Seen, rules: AlertSettings) -> Iterable[Wrong]:
    health, node = seen.health, seen.node

    def wrong(kind: AlertKind, text: str, **figures: object) -> Wrong:
        return Wrong(kind, node, text, {"node": node, **figures})

    if FRONT_IS_DOWN in health.problems:
        yield wrong(AlertKind.FRONT_DOWN, FRONT_DOWN)
    if health.lines == 0:
        if DRAINING not in health.problems:  # else somebody wants it so
            yield wrong(AlertKind.NO_WORKER, NO_WORKER)
    elif health.in_use >= rules.lines_share * health.lines:
        figures = {"active": health.in_use, "lines": health.lines}
        yield wrong(AlertKind.LINES_FULL, LINES_FULL, **figures)
    if not health.back_end:
        yield wrong(AlertKind.ROCARS_AWAY, ROCARS_AWAY)
    if health.load.strain >= Strain.OVERLOADED:
        yield wrong(AlertKind.OVERLOADED, OVERLOADED)
    if DISK_IS_FULL in health.problems:
        yield wrong(AlertKind.DISK_FULL, DISK_FULL)
    if health.self_test.passed is False:
        yield wrong(AlertKind.SELF_TEST, SELF_TEST, why=health.self_test.why)
    if seen.missing:
        yield wrong(AlertKind.RECORDINGS, RECORDINGS, missing=seen.missing)
    if seen.certificate is not None:
        yield from _of_certificate(seen, seen.certificate, rules.certificate_days)


def _of_certificate(seen: Seen, path: Path, days: float) -> Iterable[Wrong]:
    figures: dict[str, object] = {"node": seen.node, "file": path.name}
    try:
        ends = expiry(path)
    except ValueError as failure:
        figures["why"] = str(failure)
        yield Wrong(AlertKind.CERTIFICATE, seen.node, UNREADABLE, figures)
        return
    if ends - seen.at < timedelta(days=days):
        figures["day"] = f"{ends:%Y-%m-%d}"
        yield Wrong(AlertKind.CERTIFICATE, seen.node, CERTIFICATE, figures)


def expiry(path: Path) -> datetime:
    """When the first certificate of a PEM file, or one of its chain, expires. Raises ValueError."""
    from cryptography import x509  # ciphers take a while to load

    try:
        chain = x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as failure:
        raise ValueError(failure.strerror) from failure
    return min(certificate.not_valid_after_utc for certificate in chain)


def _of_calls(seen: Seen, rules: AlertSettings) -> Iterable[Wrong]:
    today = hong_kong_day(seen.at)
    counted = insight(seen.today, today, today)
    # Whoever was told that the service is closed says nothing of how well it serves.
    served = counted.answered - counted.outcomes.get(CallOutcome.CLOSED.value, 0)
    if served < rules.calls_at_least:
        return
    to_people = (CallOutcome.HOTLINE.value, CallOutcome.GAVE_UP_HOTLINE.value)
    contained = 1 - sum(counted.outcomes.get(name, 0) for name in to_people) / served
    completed = counted.outcomes.get(CallOutcome.COMPLETED.value, 0) / served
    for kind, text, share, bound in (
        (AlertKind.CONTAINMENT, CONTAINMENT, contained, rules.containment),
        (AlertKind.COMPLETION, COMPLETION, completed, rules.completion),
    ):
        if share < bound:
            figures = {"share": f"{share:.0%}", "bound": f"{bound:.0%}", "calls": int(served)}
            yield Wrong(kind, "", text, figures)


def _of_others(seen: Seen, rules: AlertSettings) -> Iterable[Wrong]:
    """A node that has left in order has no holder any more."""
    for state in seen.nodes:
        silent = (seen.at - state.at).total_seconds()
        if state.node != seen.node and state.holder and silent > rules.node_silent_s:
            figures = {"node": state.node, "since": f"{state.at:%Y-%m-%d %H:%M} UTC"}
            yield Wrong(AlertKind.NODE_SILENT, state.node, NODE_SILENT, figures)
