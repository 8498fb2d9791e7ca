"""What happens in a call, as the records take it. All instants are aware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ivr.records.call_id import new_call_id
from ivr.records.calling_number import CallingNumber
from ivr.records.outcome import BundleRequestState, CallOutcome, EndedBy


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class CallOpened:
    """A call was offered to a worker.

    Attributes:
        sip_call_id: Call-ID header of its INVITE.
        source: address and port the INVITE came from.
        called: user part of the request URI.
        practice: a call to the practice line, where nothing is bundled.
    """

    node: str
    worker_pid: int
    worker_slot: int
    sip_call_id: str
    source: str
    caller: CallingNumber
    called: str
    practice: bool = False
    offered_at: datetime = field(default_factory=now)
    call_id: str = field(default_factory=new_call_id)


@dataclass(frozen=True)
class CallProgress:
    """Something was learnt in a call; what is None stays as it was.

    `driver_user_id` may be given in clear: only its last three characters are kept.
    """

    answered_at: datetime | None = None
    codec: str | None = None
    language: str | None = None
    driver_user_id: str | None = None
    ubr: str | None = None
    login_attempts: int | None = None


@dataclass(frozen=True)
class MediaStats:
    """RTP of one call (RFC 3550 section 6.4); jitter in milliseconds."""

    packets_sent: int = 0
    packets_received: int = 0
    packets_lost: int = 0
    jitter_ms: float = 0.0


@dataclass(frozen=True)
class CallClosed:
    """A call is over.

    Attributes:
        sip_code: final response to the INVITE (200 when answered).
        reason: more than the outcome says, for people; never a secret.
        keys: key presses received.
        stand_ins: prompts that could not be played from a recording.
    """

    outcome: CallOutcome
    ended_by: EndedBy
    ended_at: datetime = field(default_factory=now)
    sip_code: int | None = None
    reason: str | None = None
    progress: CallProgress = field(default_factory=CallProgress)
    media: MediaStats | None = None
    keys: int = 0
    stand_ins: int = 0


@dataclass(frozen=True)
class Step:
    """One step of a conversation.

    Attributes:
        kind: said, asked, answered, noinput, nomatch, back_end, refused, ...
        name: prompt, field or operation it happened to.
        text: the words, for what was said.
        value: what the caller answered, masked already where it is secret or personal.
        mode: key or speech; empty where there was no answer.
        attempt: which asking of the question; 0 where none.
        ms: how long it took; of an answer, from the beginning of its question to its first key or
            word, below nought if that came before.
        language: ISO 639-3 code the caller was hearing.
        secret: the step is about a PIN or one-time code; digits in it are refused.
    """

    kind: str
    name: str
    text: str = ""
    value: str = ""
    mode: str = ""
    attempt: int = 0
    ms: int = 0
    language: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    secret: bool = False
    at: datetime = field(default_factory=now)


@dataclass(frozen=True)
class BundleSent:
    """A request that is about to be sent to ROCARS.

    `operation` is ``bundle`` or ``unbundle``; the full user ID and vehicle are kept, since this
    is the audit of what was done in the driver's name and recovery must find them again.
    """

    idempotency_key: str
    call_id: str
    driver_user_id: str
    ccrns: tuple[str, ...]
    vehicle: str
    node: str
    worker_pid: int
    operation: str = "bundle"
    sent_at: datetime = field(default_factory=now)


@dataclass(frozen=True)
class ResultAnnounced:
    """A caller has heard how their request ended; it need not be told again."""

    idempotency_key: str
    told_at: datetime = field(default_factory=now)


@dataclass(frozen=True)
class BundleFinished:
    """How a request ended, or that nobody knows yet (`UNKNOWN`, which may be settled later).

    `reason` is the class name of a refusal, or what kept the answer from us.
    """

    idempotency_key: str
    state: BundleRequestState
    ubr: str | None = None
    reason: str | None = None
    crossing_at: datetime | None = None
    crossing_immediately: bool | None = None
    finished_at: datetime = field(default_factory=now)
