"""A program that calls as a driver: dials, listens, and keys or speaks the answers.

It reads from the trace of its own call which question is being asked, and detects the end of the
question on the line, as silence after speech. Its keys are sent over RTP, as from any telephone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ivr.caller.own_trace import own_trace
from ivr.caller.silence import SilenceDetector
from ivr.caller.transcript import Transcript
from ivr.dialogue.line import HungUp
from ivr.dialogue.trace import MASK, StepKind
from ivr.records.call_book import CallBook
from ivr.records.models import CallStep
from ivr.telephony.ending import Ending
from ivr.telephony.line import CallLine
from ivr.telephony.outgoing import OutgoingCall
from ivr.telephony.telephone import Telephone

END_OF_PROMPT_S = 0.6
PATIENCE_S = 7.0
"""A driver who knows the menus barges in on a prompt that is longer than this."""


@dataclass(frozen=True)
class Speech:
    """Something to say: the words, and their sound (mono, s16le, 8000 Hz)."""

    words: str
    pcm: bytes = field(repr=False)


Answers = Mapping[str, Sequence[str | Speech]]
"""The answers to each question by its name: the first time it is asked, the second, ..."""


@dataclass
class DemoCaller:
    """One call by a scripted driver.

    Attributes:
        answers: keys or speech by question. A question with no answer left ends the call, unless
            `leaves_after` is set (keys may have been pressed ahead).
        secrets: questions whose answers are not shown; spoken, they are silence in a recording.
        listens: hear each prompt, to its end if it is short; otherwise barge in at once.
        leaves_after: hang up after this prompt.
        repeats: how often the last answer to a question is given again where it is asked again, as
            people do who were not understood.
    """

    telephone: Telephone
    book: CallBook
    answers: Answers
    transcript: Transcript | None = None
    secrets: frozenset[str] = frozenset({"login.pin", "login.code", "recording.pin"})
    listens: bool = True
    leaves_after: str = ""
    repeats: int = 0
    steps: list[CallStep] = field(default_factory=list)

    async def call(self, uri: str, *, from_user: str, recording: Path | None = None) -> Ending:
        """Dial, answer every question, and return how the call ended.

        Raises CallRefused, DialFailed, CallNotFound.
        """
        dialled = await self.telephone.dial(uri, from_user=from_user)
        line = await dialled.answered()
        recorded = line.record_both_sides(recording) if recording else None
        hearing = SilenceDetector()
        listening = asyncio.ensure_future(_listen(line, hearing))
        try:
            await self._converse(dialled, hearing)
            return await dialled.hang_up()
        finally:
            listening.cancel()
            await dialled.hang_up()  # has no effect unless something went wrong
            if recorded is not None:
                await recorded.closed()

    async def _converse(self, dialled: OutgoingCall, hearing: SilenceDetector) -> None:
        given: dict[str, int] = {}
        async for step in own_trace(self.book, dialled):
            self.steps.append(step)
            if self.transcript is not None:
                self.transcript.step(
                    step.kind, step.name, step.text, step.value, step.ms, step.language
                )
            if self.leaves_after and self.leaves_after in step.name.split("+"):
                return
            if step.kind != StepKind.ASKED:
                continue
            keys = self.answers.get(step.name, ())
            at = given.get(step.name, 0)
            if not keys or at >= len(keys) + self.repeats:
                if self.leaves_after:
                    continue
                return
            given[step.name] = at + 1
            if self.listens:
                hearing.forget()
                await hearing.after_speech(END_OF_PROMPT_S, PATIENCE_S)
            with contextlib.suppress(HungUp):  # the rest of the trace tells how it ended
                await self._answer(dialled, step.name, keys[min(at, len(keys) - 1)])

    async def _answer(self, dialled: OutgoingCall, question: str, answer: str | Speech) -> None:
        secret = question in self.secrets
        if isinstance(answer, Speech):
            if self.transcript is not None:
                self.transcript.driver_says(MASK if secret else answer.words)
            await dialled.line.play(answer.pcm, secret=secret).finished()
            return
        if self.transcript is not None:
            self.transcript.driver_keys(MASK if secret else answer)
        await dialled.press(answer)


async def _listen(line: CallLine, hearing: SilenceDetector) -> None:
    async for frame in line.listen():
        hearing.feed(frame)
