"""What a scripted caller expects to hear, and the failure when something else comes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from ivr.caller.hearing.prompt_ear import PromptHeard, find
from ivr.caller.hearing.read_out import names_of
from ivr.caller.hearing.wanted import Wanted
from ivr.caller.performing.call_ear import CallEar
from ivr.caller.performing.secrecy import Secrets
from ivr.caller.performing.stage import Stage
from ivr.caller.performing.words import WordEar
from ivr.caller.scenario.steps import Expect, ExpectText, ExpectTransfer, language_of
from ivr.caller.wire.proxy import WiredCall
from ivr.dialogue.line import HungUp

_NOTHING_CAME_S = 0.5
"""If no packet came for so long, none is on its way, however late this program runs."""


class NotAsExpected(Exception):
    """A step failed; the text says what was heard instead."""


class AskedAgain(Exception):
    """An utterance was not understood: the prompt that asks for it was heard once more."""


class CannotBeTried(Exception):
    """A step cannot be performed at all."""


@dataclass
class Remark:
    """What to report about a step; see `StepDone`."""

    detail: str = ""
    heard_ms: tuple[int, int] | None = None
    latency_s: float | None = None
    latency_limit_s: float | None = None


@dataclass
class Expecting:
    """The recognised sound of an answered call, and how much of it was expected so far.

    Attributes:
        secrets: has all variables; captured values are added.
        acted: monotonic second of our last key or word.
        speaks_from: monotonic second at which our last words began.
    """

    stage: Stage
    ear: CallEar
    wired: WiredCall | None
    secrets: Secrets
    acted: float
    speaks_from: float = 0.0
    _through: int = 0
    _unrecognised_from: int = 0

    async def prompt(self, step: Expect, asked_again: str | None = None) -> Remark:
        """Wait for a prompt. Raises NotAsExpected, and AskedAgain if `asked_again` comes
        instead: that prompt, begun after our last words did."""
        ear = self.ear
        wanted = Wanted(step.expect, step.slots, language_of(step.language))
        deadline = time.monotonic() + step.within
        in_time = False
        while True:
            found = find(wanted, ear.so_far, self._through)
            if found is None and not step.whole:
                found = ear.beginning(wanted)
            if found is not None:
                return self._met(step, found, ear)
            question = self._asked(asked_again) if asked_again else None
            if question is not None:
                self._through = question.through
                raise AskedAgain(asked_again)
            if ear.over:
                raise NotAsExpected(f"the call ended{self.heard_instead()}")
            if time.monotonic() >= deadline and not in_time:
                await ear.understand(ear.now_ms)  # what has come counts, though recognised late
                in_time = True
                continue
            if in_time:
                raise NotAsExpected(f"not heard within {step.within:g} s{self.heard_instead()}")
            await ear.more(deadline - time.monotonic())

    def _asked(self, name: str) -> PromptHeard | None:
        """The prompt that asks again. A question that we spoke over, and that was heard to its end
        all the same, is the one that we answered."""
        found = find(Wanted(name), self.ear.so_far, self._through)
        while found is not None and self.ear.zero + found.begins_ms / 1000 < self.speaks_from:
            found = find(Wanted(name), self.ear.so_far, found.through)
        return found

    def _met(self, step: Expect, found: PromptHeard, ear: CallEar) -> Remark:
        before = ear.detected[self._through : found.first]
        if step.next and before:
            raise NotAsExpected(f"before it came {', '.join(names_of(before))}")
        self._through = found.through
        self._unrecognised_from = found.known_at_ms
        for variable, slot in step.capture.items():
            self.secrets.variables[variable] = found.slots[slot]
        details = [f"score {found.score:.3f}"]
        if found.runner_up is not None:
            details.append(f"next {found.runner_up[0]} {found.runner_up[1]:.3f}")
        details.append(f"known {max(0, found.known_at_ms - found.ends_ms)} ms after its end")
        details += [f"{slot}: {value}" for slot, value in found.slots.items()]
        if before:
            details.append(f"after {', '.join(names_of(before))}")
        latency = ear.zero + found.begins_ms / 1000 - self.acted
        return Remark(
            "; ".join(details), (found.begins_ms, found.ends_ms), max(0.0, latency), step.latency
        )

    def heard_instead(self) -> str:
        rest = names_of(self.ear.detected[self._through :])
        if rest:
            return f"; heard instead: {', '.join(rest)}"
        if self.ear.last_sound_ms < 0:
            return "; there was no sound at all"
        return "; heard nothing that is known"

    async def text(self, step: ExpectText) -> Remark:
        ear = self.ear
        language = language_of(step.language)
        assert language is not None
        words = WordEar(self.stage.model(language), step.expect_text)
        at = begins = self._unrecognised_from
        deadline = time.monotonic() + step.within
        while True:
            until = ear.now_ms
            if until > at:
                await asyncio.to_thread(words.hear, bytes(ear.received[at * 16 : until * 16]))
                at = until
            if words.matched:
                self._unrecognised_from = at
                self._forget_secret(words.text, begins, at)
                latency = ear.zero + begins / 1000 - self.acted
                return Remark(f"recognised “{words.text}”", (begins, at), max(0.0, latency))
            if ear.over or time.monotonic() >= deadline:
                self._forget_secret(words.text, begins, at)
                raise NotAsExpected(f"recognised “{words.text}”")
            await ear.more(deadline - time.monotonic())

    def _forget_secret(self, words: str, begins_ms: int, ends_ms: int) -> None:
        """Silence the place where a secret was read out to us."""
        if self.secrets.masked(words) != words:
            self.ear.forget_received(begins_ms, ends_ms)

    async def silence(self, seconds: float) -> Remark:
        ear = self.ear
        from_ms, until = ear.now_ms, time.monotonic() + seconds
        while ear.now_ms < from_ms + seconds * 1000:
            # A side that sends nothing while it is silent (RFC 3551, 4.1) is completely silent.
            if time.monotonic() > until + _NOTHING_CAME_S and not ear.came_within(_NOTHING_CAME_S):
                break
            if ear.last_sound_ms > from_ms:
                raise NotAsExpected(f"sound after {(ear.last_sound_ms - from_ms) / 1000:.1f} s")
            if ear.over:
                raise HungUp("the call is over")
            await ear.more(1.0)
        return Remark("", (from_ms, ear.now_ms))

    async def transfer(self, step: ExpectTransfer) -> Remark:
        wired = self.wired
        if wired is None:
            raise CannotBeTried("a transfer is seen only on the wire, over UDP")
        deadline = time.monotonic() + step.within
        while not wired.transfer_to:
            left = deadline - time.monotonic()
            if left <= 0:
                raise NotAsExpected(f"no transfer within {step.within:g} s{self.heard_instead()}")
            changed = wired.changed
            try:
                async with asyncio.timeout(left):
                    await changed.wait()
            except TimeoutError:
                continue
        if step.expect_transfer not in wired.transfer_to:
            raise NotAsExpected(f"transferred to {wired.transfer_to}")
        return Remark(f"transferred to {wired.transfer_to}")
