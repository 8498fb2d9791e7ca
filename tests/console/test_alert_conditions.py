"""What is told to people, and what is not worth it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ground.sentence import Sentence
from ivr.console.alert_settings import AlertSettings
from ivr.console.alerts.conditions import Seen, wrong_now
from ivr.console.health import DISK_FULL, DRAINING, FRONT_DOWN, Health
from ivr.console.self_test import SelfTestOutcome
from ivr.observe.strain import Strain, Verdict
from ivr.records.alert_kinds import AlertKind
from ivr.records.hong_kong import hong_kong_day
from ivr.records.measures import Counted, Measure
from ivr.records.node_tables import NodeState

pytestmark = pytest.mark.unit

AT = datetime(2026, 11, 30, 4, tzinfo=UTC)
TODAY = hong_kong_day(AT)
RULES = AlertSettings(containment=0.6, completion=0.5, calls_at_least=10)


def health(**changes) -> Health:
    well: dict[str, Any] = {"lines": 10, "in_use": 3, "back_end": True, "speech": ("en",)}
    well |= {"self_test": SelfTestOutcome(), "problems": ()}
    return Health(**(well | changes))


def seen(**changes) -> Seen:
    well: dict[str, Any] = {"at": AT, "node": "hk1", "health": health(), "missing": 0}
    well |= {"today": [], "nodes": [], "certificate": None}
    return Seen(**(well | changes))


def kinds(found: Seen) -> list[AlertKind]:
    return [wrong.kind for wrong in wrong_now(found, RULES)]


def day_of(**outcomes: int) -> list[Counted]:
    """Counts of today: calls by outcome, all of them answered at noon."""
    calls = sum(outcomes.values())
    counts = [Counted(TODAY, "en", Measure.HOUR_CALLS, "12", calls)]
    return counts + [
        Counted(TODAY, "en", Measure.OUTCOME, name, count) for name, count in outcomes.items()
    ]


def test_a_node_that_is_well_is_nothing_to_tell() -> None:
    assert kinds(seen(today=day_of(completed=9, hotline=1))) == []


@pytest.mark.parametrize(
    ("unwell", "kind"),
    [
        ({"lines": 0}, AlertKind.NO_WORKER),
        ({"problems": (Sentence(FRONT_DOWN),)}, AlertKind.FRONT_DOWN),
        ({"back_end": False}, AlertKind.ROCARS_AWAY),
        ({"in_use": 9}, AlertKind.LINES_FULL),
        ({"load": Verdict(Strain.OVERLOADED)}, AlertKind.OVERLOADED),
        ({"problems": (Sentence(DISK_FULL),)}, AlertKind.DISK_FULL),
        ({"self_test": SelfTestOutcome(False, "no 200", 1)}, AlertKind.SELF_TEST),
    ],
)
def test_what_is_wrong_with_a_node(unwell: dict[str, object], kind: AlertKind) -> None:
    (wrong,) = wrong_now(seen(health=health(**unwell)), RULES)
    assert (wrong.kind, wrong.subject) == (kind, "hk1")
    assert "hk1" in wrong.text % wrong.figures


def test_a_node_that_somebody_drains_is_no_alert() -> None:
    assert kinds(seen(health=health(lines=0, problems=(Sentence(DRAINING),)))) == []


def test_recordings_that_are_missing_are_counted() -> None:
    (wrong,) = wrong_now(seen(missing=3), RULES)
    assert wrong.text % wrong.figures == (
        "node hk1: 3 recordings are missing: a machine's voice speaks instead"
    )


@pytest.mark.parametrize(
    ("today", "found"),
    [
        (day_of(completed=5, hotline=4, gave_up_hotline=1), [AlertKind.CONTAINMENT]),
        (day_of(completed=4, caller_hung_up=6), [AlertKind.COMPLETION]),
        (day_of(hotline=9), []),  # too few to say anything
        (day_of(completed=6, hotline=4, closed=90), []),  # who was told that it is closed
    ],
)
def test_shares_below_their_bounds(today: list[Counted], found: list[AlertKind]) -> None:
    assert kinds(seen(today=today)) == found


def test_a_node_that_is_silent_is_told_by_the_others() -> None:
    def state(node: str, silent_s: int, holder: str = "x") -> NodeState:
        return NodeState(node=node, at=AT - timedelta(seconds=silent_s), holder=holder)

    nodes = [state("hk1", 999), state("hk2", 61), state("hk3", 59), state("hk4", 999, "")]
    (wrong,) = wrong_now(seen(nodes=nodes), RULES)
    assert (wrong.kind, wrong.subject) == (AlertKind.NODE_SILENT, "hk2")


def certificate(path: Path, days: float) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ivr.example")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(AT - timedelta(days=90))
        .not_valid_after(AT + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(("days", "found"), [(15, []), (13, [AlertKind.CERTIFICATE])])
def test_a_certificate_that_expires(tmp_path: Path, days: float, found: list[AlertKind]) -> None:
    assert kinds(seen(certificate=certificate(tmp_path / "ivr.pem", days))) == found


def test_a_certificate_that_cannot_be_read(tmp_path: Path) -> None:
    (wrong,) = wrong_now(seen(certificate=tmp_path / "gone.pem"), RULES)
    assert "gone.pem cannot be read: No such file" in wrong.text % wrong.figures


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"email_to": ["a@b"]}, "needs email_from"),
        ({"smtp_user": "ivr"}, "not sent in clear"),
        ({"webhook_url": "ftp://a"}, "pattern"),
    ],
)
def test_settings_that_nobody_would_be_told_by(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        AlertSettings.model_validate(wrong)
