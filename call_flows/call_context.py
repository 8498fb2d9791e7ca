"""What a flow is given for one call: ROCARS, the rules, the ledger and the notes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from backend_client.protocol import Rocars
from backend_client.types import Driver, Receipt
from call_flows.recording_studio import RecordingStudio
from call_flows.rules import FlowRules
from call_flows.training_ground import TrainingGround
from prompts.announcement import Announcement
from speech.languages.language import Language


class Conclusion(StrEnum):
    """What a call came to, as its flow saw it."""

    UNFINISHED = "unfinished"  # the caller left in the middle
    COMPLETED = "completed"  # said goodbye
    HOTLINE = "hotline"  # asked for a person
    GAVE_UP = "gave_up"  # could not be understood
    LOGIN_REFUSED = "login_refused"
    LOGIN_LOCKED = "login_locked"
    BACK_END_AWAY = "back_end_away"
    CLOSED = "closed"  # an announcement of the day closes the service
    ERROR = "error"  # our own fault


@dataclass
class CallNotes:
    """What the record of the call will say. Flows write it as they learn it."""

    language: Language | None = None
    user_id: str | None = None
    login_failures: int = 0
    ubrs: list[str] = field(default_factory=list)
    ubrs_announced: int = 0  # how many of them the caller has heard to the end
    statuses_announced: int = 0  # bundles they have heard the state of
    conclusion: Conclusion = Conclusion.UNFINISHED

    def conclude(self, conclusion: Conclusion) -> None:
        """Settle what the call came to; the first conclusion is the one that stays."""
        if self.conclusion is Conclusion.UNFINISHED:
            self.conclusion = conclusion


class NotWrittenDown(Exception):
    """A request could not be written down, and so was not sent: nothing has been changed."""


@dataclass(frozen=True)
class UnannouncedResult:
    """A request of a former call whose end the driver has not heard.

    Attributes:
        key: its idempotency key.
        ended: "unknown" when ROCARS has not been heard on it yet.
        receipt: of a request that was confirmed.
    """

    key: str
    operation: Literal["bundle", "unbundle"]
    ended: Literal["confirmed", "refused", "unknown"]
    ccrns: tuple[str, ...]
    vehicle: str
    receipt: Receipt | None = None


class Ledger(Protocol):
    """Requests in a driver's name, written down before they are sent and when they are settled."""

    async def sending(self, key: str, driver: Driver, ccrns: tuple[str, ...], vehicle: str) -> None:
        """A request with this idempotency key is about to leave. Raises `NotWrittenDown`."""

    async def undoing(self, key: str, driver: Driver, bundle: Receipt) -> None:
        """The same for a request to unbundle. Raises `NotWrittenDown`."""

    async def confirmed(self, key: str, receipt: Receipt) -> None: ...

    async def refused(self, key: str, reason: str) -> None: ...

    async def unknown(self, key: str, reason: str) -> None:
        """Sent, and nobody knows yet what became of it."""

    def result_announced(self, key: str) -> None:
        """The caller has heard how this request ended."""

    async def unannounced_results(self, driver: Driver) -> tuple[UnannouncedResult, ...]:
        """What this driver has not heard the end of, oldest first. Empty when it cannot be read."""


class TextReceipts(Protocol):
    """Text messages to the telephone this caller calls from."""

    @property
    def ending(self) -> str:
        """The last four digits of its number."""

    async def send(self, receipt: Receipt, language: Language, key: str) -> bool:
        """Send them this bundle. Whether the gateway took it; `key` tells equal messages apart."""


@dataclass(frozen=True)
class CallerHints:
    """What the calling number suggests. It proves nothing.

    Attributes:
        user_id: of the driver it is registered for, or its alias, which ends alike.
        language: last spoken with it, or that of its country.
    """

    user_id: str | None = None
    language: Language | None = None


@dataclass(frozen=True)
class HotlineNow:
    """Whether people answer at the hotline now.

    Attributes:
        has_hours: it is not open day and night.
        opens: when it does, where it is shut and that is known.
    """

    has_hours: bool = False
    shut: bool = False
    opens: datetime | None = None


@dataclass(frozen=True)
class CallContext:
    """One call's share of the service: ROCARS, the rules, the ledger and the notes.

    Attributes:
        training_ground: of a rehearsal, for the course; None on the real line.
        texts: None where they cannot be sent a text message.
        studio: on the recording line only.
        recorded: the call is recorded, which the caller is told before anything else.
        announcements: of the day, to be said at the beginning of this call, in this order.
        hotline_now: looked at when a caller wants a person.
    """

    rocars: Rocars
    rules: FlowRules
    ledger: Ledger
    notes: CallNotes = field(default_factory=CallNotes)
    hints: CallerHints = CallerHints()
    training_ground: TrainingGround | None = None
    texts: TextReceipts | None = None
    studio: RecordingStudio | None = None
    recorded: bool = False
    announcements: tuple[Announcement, ...] = ()
    hotline_now: Callable[[], HotlineNow] = HotlineNow

    @property
    def practice(self) -> bool:
        """Whether it is a rehearsal; ROCARS and ledger do nothing, and the caller is told so."""
        return self.training_ground is not None

    @property
    def known_language(self) -> Language | None:
        """That of a driver who is known, where it is one of ours."""
        spoken = self.hints.language if self.hints.language in self.rules.languages else None
        return spoken if self.hints.user_id else None
