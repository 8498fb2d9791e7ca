"""What the API answers. Times are ISO 8601 with their zone, lengths seconds."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from ivr.records.outcome import BundleRequestState, CallOutcome, EndedBy
from ivr.records.prompt_tables import Source, VersionState


class Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(Message):
    """Why a request is refused (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Prompt(Message):
    """One recording of the script, as callers hear it today.

    `source` is how it was made, null where nothing can be heard; `waiting` whether a draft or a
    reviewed version waits.
    """

    number: int
    name: str
    words: str
    source: str | None
    seconds: float | None
    stale: bool = Field(description="Live, but made for words that the release has no more.")
    live_version: int | None = Field(description="Serial number; null: what came with it.")
    waiting: bool


class Prompts(Message):
    language: str
    prompts: list[Prompt]


class Version(Message):
    """One version of one recording. `serial` counts those of a recording from 1."""

    language: str
    name: str
    serial: int
    state: VersionState
    source: Source
    words: str
    seconds: float
    made_by: str
    made_at: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None
    live_from: datetime | None
    was_live_at: datetime | None


class Versions(Message):
    versions: list[Version]


class ReleaseName(Message):
    release: int
    name: str
    made_by: str
    made_at: datetime


class Releases(Message):
    """The newest first."""

    releases: list[ReleaseName]


class Release(ReleaseName):
    """A release with its versions, by language and name."""

    versions: list[Version]


class ChangedRelease(Release):
    """A release after its versions went live or were rolled back."""

    audible: bool = Field(
        description="Callers of this node hear it from the next sentence on, those of other nodes "
        "within a second. False: the records have it, and this node cannot play it yet."
    )


class BundleRequest(Message):
    """What a call asked of ROCARS."""

    operation: str
    state: BundleRequestState
    ccrns: list[str]
    vehicle: str
    ubr: str | None
    sent_at: datetime


class Call(Message):
    """One call. The caller's number is masked but for its last four digits, the driver's user ID as
    the records have it."""

    call: str
    node: str
    offered_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: CallOutcome | None
    ended_by: EndedBy | None
    language: str | None
    caller: str
    dialled: str
    driver: str | None
    ubr: str | None
    keys: int | None
    practice: bool
    requests: list[BundleRequest]


class Calls(Message):
    """The newest first."""

    calls: list[Call]
    next: str | None = Field(description="`before` of the next page; null: this is the last.")


class Question(Message):
    """One question of the flows. `asked`, `answered` and `left` are calls, the others times."""

    name: str
    asked: int
    answered: int
    left: int
    put: int
    noinput: int
    nomatch: int


class BusyHour(Message):
    """`lines`: fewest with which one call in a hundred finds none free (Erlang B)."""

    day: date
    hour: int
    calls: int
    erlangs: float
    lines: int


class Figures(Message):
    """What the calls of some Hong Kong days say, practice calls left out. Shares are of answered
    calls, null where there are none."""

    first: date
    last: date
    language: str | None
    calls: int
    answered: int
    containment: float | None
    completed: float | None
    mean_seconds: float | None
    outcomes: dict[str, int]
    by_day: dict[date, dict[str, int]]
    calls_by_hour: dict[str, int]
    questions: list[Question]
    busy_hour: BusyHour | None
