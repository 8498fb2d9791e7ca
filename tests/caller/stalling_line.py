"""A line whose sound and whose event loop stand still wherever a test wants them to.

Leg and library are played; call, line, sound, wire and performer are the real ones. Time is virtual
(looptime): a stall of 800 ms costs nothing.
"""

from __future__ import annotations

import asyncio
import io
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pjsua2 as pj
import soundfile

from ivr.caller.hearing.repertoire import Known, Repertoire
from ivr.caller.performing.call import CallPerformer
from ivr.caller.performing.results import CallDone
from ivr.caller.performing.stage import Stage
from ivr.caller.scenario.scenario import ScriptedCall
from ivr.caller.wire.message import Message
from ivr.caller.wire.proxy import TICKET, Wire, WiredCall
from ivr.caller.wire.relay import Impairment, Relay
from ivr.caller.wire.rtp import Packet
from ivr.telephony.ending import Cause, Ending, Who
from ivr.telephony.events import Answered, Confirmed, Ended, SoundFlows
from ivr.telephony.library.call_requests import CallRequests
from ivr.telephony.library.leg import Leg
from ivr.telephony.library.live_call import LiveCall
from ivr.telephony.outgoing import OutgoingCall
from ivr.telephony.sound.frames import FRAME_S, SILENCE
from ivr.telephony.sound.line_audio import LineAudio
from tests.support.posting import to_this_loop

CALL_ID = "stalling"


class Stall(Enum):
    """Who stands still."""

    SOUND = auto()  # the thread that moves the sound; then it makes up for it all at once
    LOOP = auto()  # everything but that thread: frames go, and nobody is told


@dataclass(frozen=True)
class Stalls:
    """`who` stands still for `ms` at these frames of the call, or at every frame."""

    who: Stall
    ms: int
    at: frozenset[int] | None = None

    def after(self, frame: int) -> int:
        """For how many frames, at this one."""
        return self.ms // 20 if self.at is None or frame in self.at else 0


class AtOnce(ThreadPoolExecutor):
    """Does what threads are asked to do at once: virtual time waits for no thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as failure:
            done.set_exception(failure)
        return done


class PlayedLeg(Leg):
    """A leg without a library under it; what it is asked to send is told."""

    def __init__(self, live: LiveCall, sent: Callable[[str, str], None]) -> None:
        self.dead, self._ours = False, None
        self._live = live
        call = SimpleNamespace(
            dialDtmf=lambda key: sent("event", key),
            sendRequest=lambda asked: sent(asked.txOption.contentType, asked.txOption.msgBody),
        )
        self._requests = CallRequests(pj, call)

    def end(self, *_: object, **__: object) -> None:
        if not self.dead:
            self.dead = True
            self._live.happened(Ended(Ending(Who.US, Cause.HUNG_UP, 200, "OK", True, 1.0)))


class _Transport:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []

    def sendto(self, data: bytes, _: object) -> None:
        packet = Packet.read(data)
        assert packet is not None
        self.packets.append(packet)

    def get_extra_info(self, _: str) -> tuple[str, int]:
        return "127.0.0.1", 1

    def is_closing(self) -> bool:
        """Nothing waits in it."""
        return True

    def close(self) -> None:
        pass


@dataclass
class StallingLine:
    """One call, placed by us, on such a line.

    Attributes:
        heard: what comes from the other side, frame by frame; then silence.
        hung_up_at: frame at which the other side hangs up.
        frames: what really went to the other side, frame by frame.
        told: keys and INFOs that went.
    """

    stalls: Stalls
    received: Sequence[bytes] = ()
    hung_up_at: int = -1
    frames: list[bytes] = field(default_factory=list)
    infos: list[tuple[str, str]] = field(default_factory=list)

    def answered(self) -> OutgoingCall:
        """The call, set up; its sound flows from now on."""
        loop = asyncio.get_running_loop()
        self.live = LiveCall(
            loop,
            to_this_loop(),
            lambda work: _done(loop, work),
        )
        self.live.leg = PlayedLeg(self.live, self.leg_sends)
        self.live.sip_call_id = CALL_ID
        self.live.audio.flows()
        for event in (Answered(), Confirmed(), SoundFlows()):
            self.live.happened(event)
        self.clock = asyncio.ensure_future(self._run(self.live.audio))
        return OutgoingCall(self.live)

    def leg_sends(self, kind: str, body: str) -> None:
        """A key as an event, or an INFO."""
        self.infos.append((kind, body))

    async def _run(self, audio: LineAudio) -> None:
        while self.live.ending is None:
            await asyncio.sleep(FRAME_S)
            late = self.stalls.after(len(self.frames))
            if late and self.stalls.who is Stall.SOUND:
                await asyncio.sleep(late * FRAME_S)
            for _ in range(1 + late):
                self.tick(audio)

    def tick(self, audio: LineAudio) -> None:
        """20 ms of sound, both ways."""
        number = len(self.frames)
        if number == self.hung_up_at:
            cast(PlayedLeg, self.live.leg).end()
        frame = audio.frames.frame_to_send(asyncio.get_running_loop().time()) or SILENCE
        self.frames.append(frame)
        audio.frames.frame_received(self.coming(number), number)

    def coming(self, number: int) -> bytes:
        """What the other side sends as this frame."""
        return self.received[number] if number < len(self.received) else SILENCE


@dataclass
class StallingCall(StallingLine):
    """A scripted call on such a line, through a wire.

    Attributes:
        recordings: what may be heard.
        far: what the wire sends to the service.
        threads: where the ear thinks.
    """

    recordings: Sequence[Known] = ()
    far: _Transport = field(default_factory=_Transport)
    threads: ThreadPoolExecutor = field(default_factory=AtOnce)

    async def perform(
        self, steps: list[dict[str, Any]], variables: dict[str, str], folder: Path
    ) -> CallDone:
        """Place the call; the variable `pin` is secret."""
        asyncio.get_running_loop().set_default_executor(self.threads)
        self.wire = Wire(("127.0.0.1", 9))
        self.relay = Relay("127.0.0.1", Impairment(), random.Random(1))
        self.relay._far.transport = cast(Any, self.far)
        self.relay._service = ("127.0.0.1", 9)
        stage = SimpleNamespace(
            wire=self.wire,
            dial=self._dial,
            repertoire=lambda folder: Repertoire(self.recordings),
            synthesiser=None,
            patience=1.0,
        )
        performer = CallPerformer(cast(Stage, stage), variables, frozenset({"pin"}), folder)
        done = await performer.perform(ScriptedCall.model_validate({"steps": steps}))
        await self.clock
        return done

    async def _dial(self, number: str, _: str, headers: Mapping[str, str]) -> OutgoingCall:
        shown = self.wire._planned.pop(headers[TICKET])[1]
        self.wire._calls[CALL_ID] = WiredCall(self.relay, shown)
        self._message("INVITE", f"sip:{number}", "application/sdp", "v=0\r\n")
        return self.answered()

    def leg_sends(self, kind: str, body: str) -> None:
        super().leg_sends(kind, body)
        if kind != "event":
            self._message("INFO", "sip:3902", kind, body)

    def _message(self, method: str, uri: str, kind: str, body: str) -> None:
        headers = (f"Call-ID: {CALL_ID}", f"CSeq: 1 {method}", f"Content-Type: {kind}")
        self.wire._note(Message(f"{method} {uri} SIP/2.0", headers, body), True)

    def tick(self, audio: LineAudio) -> None:
        super().tick(audio)
        number = len(self.frames) - 1
        self.relay._from_telephone(_packet(number, self.frames[number]))
        self.relay._from_service(_packet(number, self.coming(number)))


def _alaw() -> npt.NDArray[np.uint8]:
    """What each 16-bit sample is over the line, by its value as an unsigned one."""
    raw = io.BytesIO()
    every = np.arange(65536, dtype=np.uint16).astype(np.int16)
    soundfile.write(raw, every, 8000, format="RAW", subtype="ALAW")
    return np.frombuffer(raw.getvalue(), np.uint8)


_ALAW = _alaw()


def _packet(number: int, frame: bytes) -> bytes:
    payload = _ALAW[np.frombuffer(frame, "<u2")].tobytes()
    return Packet(8, number == 0, number, 160 * number, 7, payload).data()


def _done(loop: asyncio.AbstractEventLoop, work: Callable[[], None]) -> asyncio.Future[None]:
    future: asyncio.Future[None] = loop.create_future()
    work()
    future.set_result(None)
    return future


def frames_of(pcm: bytes) -> Iterator[bytes]:
    """Pieces of 20 ms; the last one is filled up with silence."""
    for at in range(0, len(pcm), len(SILENCE)):
        yield pcm[at : at + len(SILENCE)].ljust(len(SILENCE), b"\0")
