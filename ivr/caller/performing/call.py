"""One scripted call, performed step by step."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from ivr.caller.hearing.prompt_ear import PromptHeard, Wanted, find, names_of
from ivr.caller.performing.call_ear import CallEar
from ivr.caller.performing.results import MASK, CallDone, Outcome, StepDone
from ivr.caller.performing.speaking import CannotSpeak, pcm_of, tones
from ivr.caller.performing.stage import Stage
from ivr.caller.performing.words import WordEar
from ivr.caller.scenario.scenario import ScriptedCall, UnknownVariable, filled
from ivr.caller.scenario.steps import (
    AnyStep,
    Dial,
    Expect,
    ExpectHangUp,
    ExpectSilence,
    ExpectText,
    ExpectTransfer,
    HangUp,
    Hold,
    Press,
    Say,
    SendInfo,
    Wait,
    language_of,
)
from ivr.caller.wire.keys import KeyStyle, info
from ivr.caller.wire.proxy import TICKET, WiredCall
from ivr.caller.wire.relay import Impairment
from ivr.dialogue.line import HungUp
from ivr.telephony.errors import CallRefused, DialFailed, TelephonyError
from ivr.telephony.outgoing import OutgoingCall
from speech.recognition.models import ModelMissing
from speech.synthesiser.synthesiser import SynthesisFailed

Told = Callable[[StepDone], None]
"""Called with each step as soon as it is done."""


class NotAsExpected(Exception):
    """A step failed; the text says what was heard instead."""


class CannotBeTried(Exception):
    """A step cannot be performed at all."""


@dataclass
class _Remark:
    told: str = ""
    heard_ms: tuple[int, int] | None = None
    latency_s: float | None = None
    latency_limit_s: float | None = None


@dataclass
class CallPerformer:
    """Performs one call.

    Attributes:
        variables: by name; what is captured is added.
        secret_names: those whose values are shown nowhere.
    """

    stage: Stage
    variables: dict[str, str]
    secret_names: frozenset[str]
    recordings: Path | None
    tell: Told = lambda step: None
    done: CallDone = field(default_factory=lambda: CallDone(""))
    _call: OutgoingCall | None = None
    _ear: CallEar | None = None
    _wired: WiredCall | None = None
    _style: KeyStyle = KeyStyle.NORMAL
    _began: float = 0.0
    _acted: float = 0.0
    _through: int = 0
    _unrecognised_from: int = 0
    _listening: asyncio.Task[None] | None = None

    async def perform(self, call: ScriptedCall) -> CallDone:
        """Place the call and take its steps; after the first that fails none is taken."""
        self.done = CallDone(call.name)
        self._began = time.monotonic()
        failed = False
        for step in call.steps:
            if failed:
                now = time.monotonic() - self._began
                self._note(StepDone(self._title(step), Outcome.NOT_REACHED, now, now))
            else:
                failed = not await self._step(step)
        await self._leave()
        return self.done

    async def _step(self, step: AnyStep) -> bool:
        began = time.monotonic() - self._began
        remark = _Remark()
        outcome = Outcome.PASSED
        try:
            remark = await self._take(filled(step, self.variables))
        except (NotAsExpected, CallRefused) as failure:
            outcome, remark = Outcome.FAILED, _Remark(str(failure))
        except HungUp:
            outcome, remark = Outcome.FAILED, _Remark(f"the call is over{self._heard_instead()}")
        except (
            *(CannotBeTried, UnknownVariable, ValidationError, DialFailed, TelephonyError),
            *(SynthesisFailed, ModelMissing, CannotSpeak, TimeoutError),
        ) as failure:
            outcome, remark = Outcome.BROKEN, _Remark(f"{type(failure).__name__}: {failure}")
        limit, latency = remark.latency_limit_s, remark.latency_s
        if outcome is Outcome.PASSED and limit is not None and (latency or 0.0) > limit:
            outcome = Outcome.FAILED
            remark.told = f"began after {latency:.2f} s, {limit:.2f} s allowed; {remark.told}"
        self._note(
            StepDone(
                self._title(step),
                outcome,
                began,
                time.monotonic() - self._began,
                self._masked(remark.told),
                remark.heard_ms,
                latency,
                limit,
            )
        )
        return outcome is Outcome.PASSED

    def _note(self, step: StepDone) -> None:
        self.done.steps.append(step)
        self.tell(step)

    async def _take(self, step: AnyStep) -> _Remark:
        match step:
            case Dial():
                return await self._dial(step)
            case Expect():
                return await self._expect(step)
            case ExpectText():
                return await self._expect_text(step)
            case ExpectSilence():
                return await self._expect_silence(step.expect_silence)
            case ExpectHangUp():
                return await self._expect_hang_up(step.within)
            case ExpectTransfer():
                return await self._expect_transfer(step)
            case Press():
                return await self._press(step)
            case Say():
                return await self._say(step)
            case Wait():
                await asyncio.sleep(step.wait)
            case Hold():
                await self._dialled.hold()
                await asyncio.sleep(step.hold)
                await self._dialled.resume()
            case SendInfo():
                await self._dialled.send_info(step.send_info, step.body)
            case HangUp():
                self.done.ending = await self._dialled.hang_up()
        return _Remark()

    @property
    def _dialled(self) -> OutgoingCall:
        if self._call is None or self._ear is None:
            raise CannotBeTried("the call was not answered")
        return self._call

    # What the caller does

    async def _dial(self, step: Dial) -> _Remark:
        try:
            self._style = KeyStyle(step.keys)
        except ValueError:
            known = ", ".join(KeyStyle)
            raise CannotBeTried(
                f"keys are sent in one of the ways {known}, not {step.keys}"
            ) from None
        loss = float(step.loss)
        bent = self._style.by_events or self._style is KeyStyle.IN_BAND or loss > 0
        if bent and self.stage.wire is None:
            raise CannotBeTried(f"keys {self._style}, loss {loss}: only on the wire, over UDP")
        ticket = secrets.token_hex(8)
        headers = {}
        if self.stage.wire is not None:
            headers[TICKET] = ticket
            impairment = Impairment(loss, events=self._style is not KeyStyle.IN_BAND)
            self.stage.wire.plan(ticket, impairment)
        call = await self.stage.dial(step.dial, step.from_number, headers)
        self._began = self._acted = time.monotonic()
        try:
            async with asyncio.timeout(step.within):
                line = await call.answered()
        except CallRefused as refused:
            self._keep_ladder(call)
            if refused.status == step.refused:
                return _Remark(f"refused with {refused.status}, as expected")
            raise
        except TimeoutError:
            self._keep_ladder(call)
            await call.hang_up()
            raise NotAsExpected(f"no answer within {step.within:g} s") from None
        self._keep_ladder(call)
        took = time.monotonic() - self._began
        self._call, self._ear = call, CallEar(self.stage.repertoire(self.recordings))
        relay = self._wired.relay if self._wired is not None else None
        self._listening = asyncio.ensure_future(self._ear.listen(line, relay))
        self._acted = time.monotonic()
        if step.refused is not None:
            raise NotAsExpected(f"answered, and a refusal with {step.refused} was expected")
        return _Remark(f"answered after {took * 1000:.0f} ms", None, took, step.latency)

    def _keep_ladder(self, call: OutgoingCall) -> None:
        self.done.ladder_from = self._began
        if self.stage.wire is None:
            self.done.no_ladder = "the call did not go through the wire: there is no SIP ladder"
            return
        try:
            self._wired = self.stage.wire.call(call.sip_call_id)
        except KeyError:
            self.done.no_ladder = "no message of this call passed the wire"
            return
        self.done.ladder = self._wired.ladder

    async def _press(self, step: Press) -> _Remark:
        call, style = self._dialled, self._style
        if not set(step.press) <= set("0123456789*#ABCD"):
            raise CannotBeTried("keys are 0 to 9, *, # and A to D")
        if style is KeyStyle.NORMAL:
            await call.press(step.press, step.gap_ms)
        elif style is KeyStyle.IN_BAND:
            await self._play(tones(step.press, step.gap_ms), secret=self._is_secret(step))
        else:
            for key in step.press:
                if style.by_events and self._wired is not None:
                    if call.ended.done():
                        raise HungUp("the call is over")
                    await self._wired.relay.press(key, style)
                else:
                    await call.send_info(*info(key, style))
                await asyncio.sleep(step.gap_ms / 1000)
        self._acted = time.monotonic() - step.gap_ms / 1000
        return _Remark()

    async def _say(self, step: Say) -> _Remark:
        pcm = await pcm_of(step, self.stage.synthesiser, self.recordings)
        await self._play(pcm, secret=self._is_secret(step))
        self._acted = time.monotonic()
        return _Remark(f"{len(pcm) / 16000:.1f} s of speech")

    async def _play(self, pcm: bytes, *, secret: bool) -> None:
        ear = self._ear
        assert ear is not None
        from_ms = ear.now_ms
        await self._dialled.line.play(pcm).finished()
        if secret:
            await asyncio.sleep(0.1)  # frames that are still under way
            ear.forget_sent(max(0, from_ms - 100), ear.now_ms)

    def _is_secret(self, step: Press | Say) -> bool:
        return step.secret or any(
            value and value in getattr(step, step.action) for value in self._secret_values
        )

    # What he expects

    async def _expect(self, step: Expect) -> _Remark:
        self._dialled  # noqa: B018 - raises when the call was never answered
        ear = self._ear
        assert ear is not None
        wanted = Wanted(step.expect, step.slots, language_of(step.language))
        deadline = time.monotonic() + step.within
        while True:
            found = find(wanted, ear.so_far, self._through)
            if found is None and not step.whole:
                found = ear.beginning(wanted)
            if found is not None:
                return self._heard(step, found, ear)
            if ear.over:
                raise NotAsExpected(f"the call ended{self._heard_instead()}")
            if time.monotonic() >= deadline:
                raise NotAsExpected(f"not heard within {step.within:g} s{self._heard_instead()}")
            await ear.more(deadline - time.monotonic())

    def _heard(self, step: Expect, found: PromptHeard, ear: CallEar) -> _Remark:
        before = ear.heard[self._through : found.first]
        if step.next and before:
            raise NotAsExpected(f"before it came {', '.join(names_of(before))}")
        self._through = found.through
        self._unrecognised_from = ear.now_ms
        for variable, slot in step.capture.items():
            self.variables[variable] = found.slots[slot]
        told = [f"score {found.score:.3f}"]
        if found.runner_up is not None:
            told.append(f"next {found.runner_up[0]} {found.runner_up[1]:.3f}")
        told.append(f"known {max(0, found.known_at_ms - found.ends_ms)} ms after its end")
        told += [f"{slot}: {value}" for slot, value in found.slots.items()]
        if before:
            told.append(f"after {', '.join(names_of(before))}")
        latency = ear.zero + found.begins_ms / 1000 - self._acted
        return _Remark(
            "; ".join(told), (found.begins_ms, found.ends_ms), max(0.0, latency), step.latency
        )

    def _heard_instead(self) -> str:
        if self._ear is None:
            return ""
        rest = names_of(self._ear.heard[self._through :])
        if rest:
            return f"; heard instead: {', '.join(rest)}"
        if self._ear.last_sound_ms < 0:
            return "; there was no sound at all"
        return "; heard nothing that is known"

    async def _expect_text(self, step: ExpectText) -> _Remark:
        self._dialled  # noqa: B018 - raises when the call was never answered
        ear = self._ear
        assert ear is not None
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
            if words.heard:
                self._unrecognised_from = at
                latency = ear.zero + begins / 1000 - self._acted
                return _Remark(f"recognised “{words.text}”", (begins, at), max(0.0, latency))
            if ear.over or time.monotonic() >= deadline:
                raise NotAsExpected(f"recognised “{words.text}”")
            await ear.more(deadline - time.monotonic())

    async def _expect_silence(self, seconds: float) -> _Remark:
        self._dialled  # noqa: B018 - raises when the call was never answered
        ear = self._ear
        assert ear is not None
        from_ms = ear.now_ms
        while ear.now_ms < from_ms + seconds * 1000:
            if ear.last_sound_ms > from_ms:
                raise NotAsExpected(f"sound after {(ear.last_sound_ms - from_ms) / 1000:.1f} s")
            if ear.over:
                raise HungUp("the call is over")
            await ear.more(1.0)
        return _Remark("", (from_ms, ear.now_ms))

    async def _expect_hang_up(self, within: float) -> _Remark:
        call = self._dialled
        try:
            async with asyncio.timeout(within):
                self.done.ending = await asyncio.shield(call.ended)
        except TimeoutError:
            told = f"the call goes on after {within:g} s{self._heard_instead()}"
            raise NotAsExpected(told) from None
        ending = self.done.ending
        return _Remark(f"{ending.cause} by the {ending.who}, {ending.status} {ending.reason}")

    async def _expect_transfer(self, step: ExpectTransfer) -> _Remark:
        self._dialled  # noqa: B018 - raises when the call was never answered
        wired = self._wired
        if wired is None:
            raise CannotBeTried("a transfer is seen only on the wire, over UDP")
        deadline = time.monotonic() + step.within
        while not wired.transfer_to:
            left = deadline - time.monotonic()
            if left <= 0:
                raise NotAsExpected(f"no transfer within {step.within:g} s{self._heard_instead()}")
            changed = wired.changed
            try:
                async with asyncio.timeout(left):
                    await changed.wait()
            except TimeoutError:
                continue
        if step.expect_transfer not in wired.transfer_to:
            raise NotAsExpected(f"transferred to {wired.transfer_to}")
        return _Remark(f"transferred to {wired.transfer_to}")

    # The end

    async def _leave(self) -> None:
        if self._call is None:
            return
        self.done.ending = await self._call.hang_up()
        if self._listening is not None:
            await self._listening
        ear = self._ear
        if ear is not None:
            self.done.received, self.done.sent = bytes(ear.received), bytes(ear.sent)
            self.done.sound_from_s = ear.zero - self._began
        if self._wired is not None:
            self.done.incoming = self._wired.relay.received
            self.done.outgoing = self._wired.relay.sent
            self._wired.relay.close()

    @property
    def _secret_values(self) -> list[str]:
        return [self.variables[name] for name in self.secret_names if self.variables.get(name)]

    def _title(self, step: AnyStep) -> str:
        """What is done, with the values there are; secrets masked."""
        if getattr(step, "secret", False):
            return f"{step.action} {MASK}"
        title = step.title()
        shown: Mapping[str, str] = self.variables
        for name, value in shown.items():
            title = title.replace(f"{{{name}}}", MASK if name in self.secret_names else value)
        return self._masked(title)

    def _masked(self, text: str) -> str:
        for value in self._secret_values:
            text = text.replace(value, MASK)
        return text
