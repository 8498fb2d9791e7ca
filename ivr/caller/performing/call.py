"""One scripted call, performed step by step."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from ivr.caller.aloud import BETWEEN
from ivr.caller.hearing.read_out import prompts_in
from ivr.caller.performing.call_ear import CallEar
from ivr.caller.performing.echo import echoes, silenced
from ivr.caller.performing.expecting import (
    AskedAgain,
    CannotBeTried,
    Expecting,
    NotAsExpected,
    Remark,
)
from ivr.caller.performing.results import MASK, CallDone, Outcome, PromptDone, StepDone
from ivr.caller.performing.secrecy import Secrets
from ivr.caller.performing.speaking import CannotSpeak, pcm_of, tones
from ivr.caller.performing.stage import Stage
from ivr.caller.scenario.patience import patient
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
)
from ivr.caller.wire.keys import KeyStyle, info
from ivr.caller.wire.proxy import TICKET, WiredCall
from ivr.caller.wire.relay import Impairment
from ivr.dialogue.line import KEYS, HungUp
from ivr.telephony.errors import CallRefused, DialFailed, TelephonyError
from ivr.telephony.outgoing import OutgoingCall
from speech.recognition.models import ModelMissing
from speech.synthesiser.synthesiser import SynthesisFailed

OnStep = Callable[[StepDone], None]
"""Called with each step when it is done."""


@dataclass
class CallPerformer:
    """Performs one call.

    Attributes:
        variables: values by name; captured values are added.
        secret_names: variables whose values are never shown.
    """

    stage: Stage
    variables: dict[str, str]
    secret_names: frozenset[str]
    recordings: Path | None
    tell: OnStep = lambda step: None
    done: CallDone = field(default_factory=lambda: CallDone(""))
    _call: OutgoingCall | None = None
    _ear: CallEar | None = None
    _wired: WiredCall | None = None
    _style: KeyStyle = KeyStyle.NORMAL
    _began: float = 0.0
    _expects: Expecting | None = None
    _last_said: Say | None = None
    _listening: asyncio.Task[None] | None = None

    _secret_keys: str = ""
    _secret_speech: list[bytes] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self._secrets = Secrets(self.secret_names, self.variables)

    async def perform(self, call: ScriptedCall) -> CallDone:
        """Place the call and take its steps, up to the first that fails."""
        self.done = CallDone(call.name)
        self._began = time.monotonic()
        failed = False
        for step in call.steps:
            if failed:
                now = time.monotonic() - self._began
                written = self._written(step)
                self._note(
                    StepDone(self._title(step), Outcome.NOT_REACHED, now, now, written=written)
                )
            else:
                failed = not await self._step(step)
        await self._leave()
        return self.done

    async def _step(self, step: AnyStep) -> bool:
        began = time.monotonic() - self._began
        outcome, whole = Outcome.PASSED, step
        try:
            whole = self._secrets.marked(step, filled(step, self.variables))
            remark = await self._take(patient(whole, self.stage.patience))
        except (NotAsExpected, CallRefused) as failure:
            outcome, remark = Outcome.FAILED, Remark(str(failure))
        except HungUp:
            outcome, remark = Outcome.FAILED, Remark(f"the call is over{self._heard_instead()}")
        except (
            *(CannotBeTried, UnknownVariable, ValidationError, DialFailed, TelephonyError),
            *(SynthesisFailed, ModelMissing, CannotSpeak, TimeoutError),
        ) as failure:
            outcome, remark = Outcome.BROKEN, Remark(f"{type(failure).__name__}: {failure}")
        limit, latency = remark.latency_limit_s, remark.latency_s
        if outcome is Outcome.PASSED and limit is not None and (latency or 0.0) > limit:
            outcome = Outcome.FAILED
            remark.detail = f"began after {latency:.2f} s, {limit:.2f} s allowed; {remark.detail}"
        self._note(
            StepDone(
                self._title(step),
                outcome,
                began,
                time.monotonic() - self._began,
                self._secrets.masked(remark.detail, whole),
                remark.heard_ms,
                latency,
                limit,
                self._written(step),
            )
        )
        return outcome is Outcome.PASSED

    def _note(self, step: StepDone) -> None:
        self.done.steps.append(step)
        self.tell(step)

    async def _take(self, step: AnyStep) -> Remark:
        match step:
            case Dial():
                return await self._dial(step)
            case Expect():
                return await self._expect(step)
            case ExpectText():
                return await self._expecting.text(step)
            case ExpectSilence():
                return await self._expecting.silence(step.expect_silence)
            case ExpectHangUp():
                return await self._expect_hang_up(step.within)
            case ExpectTransfer():
                return await self._expecting.transfer(step)
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
        return Remark()

    @property
    def _dialled(self) -> OutgoingCall:
        if self._call is None or self._ear is None:
            raise CannotBeTried("the call was not answered")
        return self._call

    # What the caller does

    async def _dial(self, step: Dial) -> Remark:
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
            self.stage.wire.plan(ticket, impairment, self._secrets.masked_message)
        call = await self.stage.dial(step.dial, step.from_number, headers)
        self.done.sip_call_id = call.sip_call_id
        self._began = time.monotonic()
        try:
            async with asyncio.timeout(step.within):
                line = await call.answered()
        except CallRefused as refused:
            self._keep_ladder(call)
            if refused.status == step.refused:
                return Remark(f"refused with {refused.status}, as expected")
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
        self._expects = Expecting(
            self.stage, self._ear, self._wired, self._secrets, time.monotonic()
        )
        if step.refused is not None:
            raise NotAsExpected(f"answered, and a refusal with {step.refused} was expected")
        return Remark(f"answered after {took * 1000:.0f} ms", None, took, step.latency)

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

    async def _press(self, step: Press) -> Remark:
        call, style = self._dialled, self._style
        self._last_said = None
        if not set(step.press) <= set(KEYS):
            raise CannotBeTried("keys are 0 to 9, *, # and A to D")
        if step.secret:
            self._secret_keys += step.press
        if style is KeyStyle.NORMAL:
            await call.press(step.press, step.gap_ms)
        elif style is KeyStyle.IN_BAND:
            await self._play(tones(step.press, step.gap_ms), secret=step.secret)
        else:
            for key in step.press:
                if style.by_events and self._wired is not None:
                    if call.ended.done():
                        raise HungUp("the call is over")
                    await self._wired.relay.press(key, style)
                else:
                    await call.send_info(*info(key, style))
                await asyncio.sleep(step.gap_ms / 1000)
        self._expecting.acted = time.monotonic() - step.gap_ms / 1000
        return Remark()

    async def _say(self, step: Say) -> Remark:
        self._last_said = step
        return await self._speak(step, BETWEEN[0])

    async def _speak(self, step: Say, between: str) -> Remark:
        pcm = await pcm_of(step, self.stage.synthesiser, self.recordings, between)
        if step.secret:
            self._secret_speech.append(pcm)
        self._expecting.speaks_from = time.monotonic()
        await self._play(pcm, secret=step.secret)
        self._expecting.acted = time.monotonic()
        return Remark(f"{len(pcm) / 16000:.1f} s of speech")

    async def _play(self, pcm: bytes, *, secret: bool) -> None:
        await self._dialled.line.play(pcm, secret=secret).finished()

    # What the caller expects

    @property
    def _expecting(self) -> Expecting:
        if self._expects is None:
            raise CannotBeTried("the call was not answered")
        return self._expects

    async def _expect(self, step: Expect) -> Remark:
        """Hear the prompt; if the question is asked again instead, repeat the last spoken
        answer."""
        last_said, self._last_said = self._last_said, None
        if last_said is None:
            return await self._expecting.prompt(step)
        for times in itertools.count(1):
            may_repeat = times < len(BETWEEN)
            try:
                remark = await self._expecting.prompt(
                    step, last_said.again_on if may_repeat else None
                )
            except AskedAgain:
                await self._speak(last_said, BETWEEN[times])
            else:
                break
        if times > 1:
            remark.detail += f"; said {times} times"
        return remark

    async def _expect_hang_up(self, within: float) -> Remark:
        call = self._dialled
        try:
            async with asyncio.timeout(within):
                self.done.ending = await asyncio.shield(call.ended)
        except TimeoutError:
            problem = f"the call goes on after {within:g} s{self._heard_instead()}"
            raise NotAsExpected(problem) from None
        ending = self.done.ending
        return Remark(f"{ending.cause} by the {ending.who}, {ending.status} {ending.reason}")

    def _heard_instead(self) -> str:
        return self._expects.heard_instead() if self._expects is not None else ""

    # The end

    async def _leave(self) -> None:
        if self._call is None:
            return
        self.done.ending = await self._call.hang_up()
        if self._listening is not None:
            await self._listening
        ear = self._ear
        if ear is not None:
            await self._forget_what_came_back(ear)
            self.done.received, self.done.sent = bytes(ear.received), bytes(ear.sent)
            self.done.sound_from_s = ear.zero - self._began
            self.done.prompts = [
                PromptDone(
                    prompt.name,
                    prompt.language or "",
                    self.done.sound_from_s + prompt.begins_ms / 1000,
                    prompt.score,
                )
                for prompt in prompts_in(ear.detected)
            ]
        if self._wired is not None:
            self.done.incoming = self._wired.relay.received
            self.done.outgoing = self._wired.relay.sent
            if self.stage.wire is not None:
                self.stage.wire.forget(self._call.sip_call_id)

    async def _forget_what_came_back(self, ear: CallEar) -> None:
        """Silence secrets that were read out to us, and echoes of those that we sent."""
        for begins_ms, ends_ms in self._secrets.read_out(ear.detected):
            ear.forget_received(begins_ms, ends_ms)
        if self._secret_keys or self._secret_speech:
            places = await asyncio.to_thread(
                echoes, bytes(ear.received), self._secret_keys, self._secret_speech
            )
            silenced(ear.received, places)

    def _title(self, step: AnyStep) -> str:
        """The step with its values filled in; secrets are masked."""
        if getattr(step, "secret", False):
            return f"{step.action} {MASK}"
        title = step.title()
        for name, value in self.variables.items():
            title = title.replace(f"{{{name}}}", MASK if name in self.secret_names else value)
        return self._secrets.masked(title)

    def _written(self, step: AnyStep) -> str:
        """The step as the scenario has it; secrets in it are masked."""
        if getattr(step, "secret", False):
            return f"{step.action} {MASK}"
        return self._secrets.masked(step.title())
