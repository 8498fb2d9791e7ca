"""What is counted of calls, day by day: for whoever counts, reads the counts or draws them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

LENGTH_STEP_S = 30
LONGEST_LENGTH_S = 900


class Measure(StrEnum):
    """What a tally counts, and what its `name` is. Practice calls are in none of them."""

    OUTCOME = "outcome"  # calls, by outcome
    HOUR_CALLS = "hour_calls"  # answered calls, by the hour they came in, "00" to "23"
    HOUR_SECONDS = "hour_seconds"  # seconds of those
    LENGTH = "length"  # answered calls, by length rounded down to 30 s, as "0060"
    ASKED = "asked"  # calls in which a question was put, by question
    ANSWERED = "answered"  # calls in which it was answered
    LEFT = "left"  # calls of which it was the last question, of callers who gave up
    PUT = "put"  # times a question was put
    NOINPUT = "noinput"  # times it met silence
    NOMATCH = "nomatch"  # times the answer did not fit
    MODE = "mode"  # answers, by key or speech


HOURS = (Measure.HOUR_CALLS, Measure.HOUR_SECONDS)


@dataclass(frozen=True)
class Counted:
    """One count, as a chart takes it."""

    day: date
    language: str
    measure: Measure
    name: str
    count: float


@dataclass(frozen=True)
class CountedHour:
    """The answered calls that came in within one hour of one day, "00" to "23"."""

    day: date
    hour: str
    calls: float
    seconds: float
