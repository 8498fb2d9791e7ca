"""What alerts are about, what is said of them, and how."""

from __future__ import annotations

from enum import StrEnum


class AlertKind(StrEnum):
    NO_WORKER = "no_worker"
    FRONT_DOWN = "front_down"
    ROCARS_AWAY = "rocars_away"
    LINES_FULL = "lines_nearly_full"
    OVERLOADED = "overloaded"
    DISK_FULL = "disk_full"
    SELF_TEST = "self_test_failed"
    RECORDINGS = "recordings_missing"
    CERTIFICATE = "certificate_expires"
    CONTAINMENT = "containment_low"
    COMPLETION = "completion_low"
    NODE_SILENT = "node_silent"


class AlertEvent(StrEnum):
    """What a message says of an alert."""

    RAISED = "raised"
    STILL = "still"
    OVER = "over"


class Channel(StrEnum):
    WEBHOOK = "webhook"
    EMAIL = "email"
