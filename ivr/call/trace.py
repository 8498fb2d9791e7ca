"""Takes a conversation's steps to the records and the metrics."""

from __future__ import annotations

from dataclasses import dataclass, field

from call_flows.call_context import CallNotes
from ivr.dialogue import trace
from ivr.dialogue.outcome import Mode
from ivr.dialogue.trace import MASK, StepKind
from ivr.observe import metrics
from ivr.records.call_book import CallBook
from ivr.records.facts import CallProgress, Step


@dataclass
class CallTrace:
    """The trace of one call (fulfils `ivr.dialogue.trace.Trace`)."""

    book: CallBook
    call_id: str
    notes: CallNotes
    stand_ins: int = 0
    _noted: CallProgress = field(default_factory=CallProgress)

    def step(self, step: trace.Step) -> None:
        if step.kind is StepKind.NOINPUT:
            metrics.noinput_total.labels(field=step.name).inc()
        elif step.kind is StepKind.NOMATCH:
            metrics.nomatch_total.labels(field=step.name).inc()
        if step.detail.get("stand_ins"):
            self.stand_ins += 1
        self.book.step(
            self.call_id,
            Step(
                kind=step.kind.value,
                name=step.name,
                text=step.text,
                value=step.value,
                mode=_mode(step),
                attempt=step.attempt,
                ms=step.ms,
                language=step.language,
                detail=step.detail,
                secret=step.value == MASK,
            ),
        )
        self._note_progress()

    def _note_progress(self) -> None:
        """Write what was learnt into the CDR during the call: for operators who watch it, and in
        case this worker dies."""
        learnt = CallProgress(
            language=self.notes.language,
            driver_user_id=self.notes.user_id,
            ubr=self.notes.ubrs[-1] if self.notes.ubrs else None,
        )
        if learnt != self._noted:
            self._noted = learnt
            self.book.progress(self.call_id, learnt)


def _mode(step: trace.Step) -> str:
    """How the caller answered; empty if they did not."""
    mode = step.detail.get("mode")
    if mode is not None:
        return str(mode)
    return Mode.KEY if step.kind is StepKind.ANSWERED else ""
