"""The results of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ivr.caller.wire.proxy import Passed
from ivr.caller.wire.rtp import StreamCount
from ivr.telephony.ending import Ending

MASK = "•"


class Outcome(StrEnum):
    """The result of a step, a call or a run."""

    PASSED = "passed"
    FAILED = "failed"  # what was heard is not what was expected
    BROKEN = "broken"  # it could not be performed
    NOT_REACHED = "not reached"


@dataclass(frozen=True)
class StepDone:
    """One step.

    Attributes:
        title: the step in a line; secrets masked.
        begins_s, ends_s: on the call's clock, which begins with its INVITE.
        detail: what was heard or done, and how sure it is; of a failure, what was heard instead.
        heard_ms: from where to where on the received sound, if the step is about that.
        latency_s, latency_limit_s: from our last key or word to the prompt's beginning.
        written: the step in a line as the scenario has it, variables and all.
    """

    title: str
    outcome: Outcome
    begins_s: float
    ends_s: float
    detail: str = ""
    heard_ms: tuple[int, int] | None = None
    latency_s: float | None = None
    latency_limit_s: float | None = None
    written: str = ""


@dataclass(frozen=True)
class PromptDone:
    """A prompt that was heard, expected or not.

    Attributes:
        language: empty for a recording that is not of our catalogue.
        begins_s: on the call's clock.
        score: that of its worst recording; 1 is the same waveform.
    """

    name: str
    language: str
    begins_s: float
    score: float


@dataclass
class CallDone:
    """One call.

    Attributes:
        sip_call_id: its Call-ID, by which the records of the service know it; empty if it was not
            placed.
        sound_from_s: on the call's clock, where `received` and `sent` begin.
        received, sent: mono s16le PCM at 8000 Hz; secrets in them are silenced.
        prompts: all that were heard, in order.
        ladder: SIP messages; `ladder_from` is the monotonic second of the INVITE.
        no_ladder: why there is none.
    """

    name: str
    steps: list[StepDone] = field(default_factory=list)
    prompts: list[PromptDone] = field(default_factory=list)
    sip_call_id: str = ""
    ending: Ending | None = None
    sound_from_s: float = 0.0
    received: bytes = field(default=b"", repr=False)
    sent: bytes = field(default=b"", repr=False)
    ladder: list[Passed] = field(default_factory=list, repr=False)
    ladder_from: float = 0.0
    no_ladder: str = ""
    incoming: StreamCount | None = None
    outgoing: StreamCount | None = None

    @property
    def outcome(self) -> Outcome:
        return _worst([step.outcome for step in self.steps])


@dataclass
class RunDone:
    """One run of a scenario: one row of its examples."""

    path: Path
    name: str
    row: str
    about: str = ""
    calls: list[CallDone] = field(default_factory=list)
    seconds: float = 0.0
    earlier: list[str] = field(default_factory=list)
    """Why each try before this one failed."""
    broken: str = ""
    """Why the run could not be performed at all."""

    @property
    def title(self) -> str:
        return f"{self.name} [{self.row}]" if self.row else self.name

    @property
    def tries(self) -> int:
        """The number of the try that counts."""
        return len(self.earlier) + 1

    @property
    def outcome(self) -> Outcome:
        if self.broken:
            return Outcome.BROKEN
        return _worst([call.outcome for call in self.calls])

    @property
    def why(self) -> str:
        """For a run that did not pass: the step that failed, and what was heard instead."""
        if self.broken:
            return self.broken
        for call in self.calls:
            for step in call.steps:
                if step.outcome in (Outcome.FAILED, Outcome.BROKEN):
                    where = f"{call.name}: " if call.name else ""
                    return f"{where}{step.title}: {step.detail}"
        return ""


def _worst(outcomes: list[Outcome]) -> Outcome:
    for outcome in (Outcome.BROKEN, Outcome.FAILED, Outcome.NOT_REACHED):
        if outcome in outcomes:
            return outcome
    return Outcome.PASSED
