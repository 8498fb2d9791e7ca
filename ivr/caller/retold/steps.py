"""Makes from the history of a call the steps of a scenario that repeats it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.caller.retold.history import CallHistory, Deed, Pressed, Prompt, Spoke, Transferred
from ivr.caller.retold.waits import Waits
from ivr.caller.wire.keys import KeyStyle

FACTOR = 2
"""A time limit is this multiple of the measured time, rounded up to half a second."""

LEAST_S = 1.0
"""The shortest limit: measured times vary by tenths of a second on any machine."""

WITHIN_S = 20.0
"""Limit for hearing a prompt, if it came in less than half of this."""

BURST_MS = 400
"""Nobody hears a prompt for less than this and answers it: such keys were pressed ahead."""

LEAVING_MS = 400
"""A prompt that began less than this before the caller hung up was not heard."""

KEY_MS = 240
"""A scripted caller needs so long for one key."""

GOES_ON_MS = 150
"""A prompt heard for longer than this after a key was not ended by that key."""

HASH_AFTER_S = 0.5
"""Wait this much longer than the time in which a # may belong to the previous answer."""

Step = dict[str, Any]


def limit_s(measured_ms: int) -> float:
    """The limit for something that took so long."""
    return max(LEAST_S, math.ceil(measured_ms / 1000 * FACTOR * 2) / 2)


def steps_of(call: CallHistory, waits: Waits) -> list[Step]:
    """The steps of one call to a service that waits so long."""
    return _Steps(call, waits).all()


@dataclass
class _Steps:
    """The steps of one call, while they are made."""

    call: CallHistory
    waits: Waits
    _steps: list[Step] = field(default_factory=list)
    _next: int = 0
    _expected: Prompt | None = None
    """The last expected prompt, if nothing was done since."""
    _done: Deed | None = None
    _acted: bool = False

    def all(self) -> list[Step]:
        self._dial()
        for deed in self.call.deeds:
            prompts = self._until(deed.at_ms)
            if self._goes_on(deed, prompts):
                assert isinstance(deed, Pressed)
                self._steps[-1]["press"] += deed.keys
            else:
                self._expect(prompts)
                self._do(deed)
            self._done, self._expected, self._acted = deed, None, True
        if isinstance(self._done, Transferred) and self._done.connected:
            self._steps.append({"hang_up": True})  # a scripted caller declines, and stays
            return self._steps
        if not self.call.by_caller:
            self._expect(self._until(math.inf))
            self._expect_hang_up()
            return self._steps
        prompts = self._until(self.call.ended_ms - LEAVING_MS)
        if prompts and not (prompts[-1].whole or prompts[-1].first):
            prompts = prompts[:-1]  # on a slow machine it has ended before it is detected
        self._expect(prompts)
        if self._acted and self._done is not None:
            self._stay(self._done)
        self._steps.append({"hang_up": True})
        return self._steps

    def _stay(self, done: Deed) -> None:
        """Stay as long as the caller did, so that what was done last has its effect."""
        busy_ms = len(done.keys) * KEY_MS if isinstance(done, Pressed) else 0
        stayed_ms = self.call.ended_ms - done.at_ms - busy_ms
        if stayed_ms > LEAVING_MS:
            self._steps.append({"wait": min(WITHIN_S, round(stayed_ms / 1000, 1))})

    def _dial(self) -> None:
        dial: Step = {"dial": self.call.dialled, "from": self.call.from_number}
        if self.call.style is not KeyStyle.NORMAL:
            dial["keys"] = str(self.call.style)
        dial["latency"] = limit_s(self.call.answered_ms)
        self._steps.append(dial)

    def _until(self, at_ms: float) -> Sequence[Prompt]:
        """The prompts that began before then and are not yet expected to their end."""
        prompts = self.call.prompts
        upto = self._next
        while upto < len(prompts) and prompts[upto].begins_ms < at_ms:
            upto += 1
        found = prompts[self._next : upto]
        self._next = upto
        if found and found[-1].whole and found[-1].heard_to_ms > at_ms + GOES_ON_MS:
            # It goes on in spite of the key, so it is expected once more, to its end.
            self._next -= 1
        return found

    def _goes_on(self, deed: Deed, prompts: Sequence[Prompt]) -> bool:
        """Whether the keys continue those before: the caller heard no prompt in between."""
        return (
            isinstance(deed, Pressed)
            and isinstance(self._done, Pressed)
            and not self._done.then_pause
            and not self._must_wait(deed.keys)
            and not any(
                prompt.awaited or prompt.whole or deed.at_ms - prompt.begins_ms >= BURST_MS
                for prompt in prompts
            )
        )

    def _do(self, deed: Deed) -> None:
        match deed:
            case Pressed(keys):
                if self._must_wait(keys):
                    self._steps.append({"wait": self.waits.terminator_grace_s + HASH_AFTER_S})
                self._steps.append({"press": keys})
            case Spoke():
                say: Step = {"say": deed.words, "language": deed.language}
                if deed.spelled:
                    say["spelled"] = True
                if deed.question:
                    say["again_on"] = deed.question
                self._steps.append(say)
            case Transferred(to):
                self._steps.append({"expect_transfer": to, "within": WITHIN_S})

    def _must_wait(self, keys: str) -> bool:
        """Whether a # that is pressed at once would belong to the previous answer."""
        done = self._done
        return keys.startswith("#") and (
            isinstance(done, Spoke) or (isinstance(done, Pressed) and not done.keys.endswith("#"))
        )

    def _expect(self, prompts: Sequence[Prompt]) -> None:
        prompts = _worth_expecting(prompts)
        for number, prompt in enumerate(prompts):
            last = number == len(prompts) - 1
            whole = prompt.whole and not (last and self._is_to_come_again(prompt))
            step: Step = {"expect": prompt.name}
            if not prompt.any_order:
                step["language"] = prompt.language
            if whole and prompt.slots and not prompt.any_order:
                step["slots"] = dict(prompt.slots)
            if whole and prompt.capture:
                step["capture"] = dict(prompt.capture)
            if not whole:
                step["whole"] = False
            before = self._expected
            if prompt.follows and before is not None and before.whole and not prompt.any_order:
                step["next"] = True
            if self._acted and prompt.latency_ms is not None and not prompt.any_order:
                step["latency"] = limit_s(prompt.latency_ms) + self._end_of_speech_s()
            within = limit_s(prompt.heard_to_ms - self._last_ms())
            if within > WITHIN_S:
                step["within"] = within
            self._steps.append(step)
            self._expected, self._acted = prompt, False

    def _end_of_speech_s(self) -> float:
        """How long the service may take to know that we have finished what we did last."""
        return self.waits.end_of_speech_s if isinstance(self._done, Spoke) else 0.0

    def _expect_hang_up(self) -> None:
        step: Step = {"expect_hang_up": True}
        within = limit_s(self.call.ended_ms - self._last_ms())
        if within > WITHIN_S:
            step["within"] = within
        self._steps.append(step)

    def _last_ms(self) -> int:
        """When the last expected prompt ended; else, when something was done."""
        if self._expected is not None:
            return self._expected.heard_to_ms
        return self._done.at_ms if self._done is not None else 0

    def _is_to_come_again(self, prompt: Prompt) -> bool:
        return self._next < len(self.call.prompts) and self.call.prompts[self._next] is prompt


def _worth_expecting(prompts: Sequence[Prompt]) -> list[Prompt]:
    """Without prompts that were cut off by keys pressed ahead; only one of those that come in any
    order."""
    kept: list[Prompt] = []
    for prompt in prompts:
        heard_ms = prompt.heard_to_ms - prompt.begins_ms
        if not (prompt.whole or prompt.awaited or heard_ms >= BURST_MS):
            continue
        if prompt.any_order and kept and kept[-1].any_order:
            continue
        kept.append(prompt)
    return kept
