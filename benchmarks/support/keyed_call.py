"""One driver's call of fifteen seconds, with the moments by which it is judged.

The kernel times received packets (`arrivals`), so that a late generator does not make the service
look late.

They choose English, break into the question for the user ID with its first digit, key the other
seven, and listen until the fifteen seconds are over. Every packet they send and receive is a real
one; `RtpClock` sends for all calls from one loop, so that hundreds of them cost little.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks import arrivals
from tests.support.sip_peer import PCMA_SILENCE, Peer, rtp, telephone_event

SIP_NUMBER = "3902"
LANGUAGE_KEY = "3"
USER_ID = "70000001"
LANGUAGE_AT_S = 1.5
USER_ID_FROM_S, USER_ID_TO_S = 4.0, 5.2
"""They break in somewhere between these: in the middle of a word, or in a pause."""
CALL_S = 15.0
FRAME_S = 0.02
SETTLED_S = 0.3
"""After so long without sound the line counts as silent."""
RINGING_S = 5.0
NOTED_GAP_S = 0.1
_NOUGHT = frozenset((0xD5, 0x55))
_EVENT_FRAMES = 5


@dataclass
class Measured:
    """One call. Milliseconds; None where the moment did not come.

    Attributes:
        setup_ms: INVITE → 200.
        sound_ms: 200 → first sound.
        silence_ms: first packet of the key that breaks in → last sound.
        next_prompt_ms: first packet of the last key → first sound of the next question.
        longest_gap_ms: between two RTP packets of the service.
        failure: why the call was not what it should be.
    """

    setup_ms: float | None = None
    sound_ms: float | None = None
    silence_ms: float | None = None
    next_prompt_ms: float | None = None
    longest_gap_ms: float = 0.0
    failure: str = ""
    gaps: list[tuple[float, float]] = field(default_factory=list)
    """See `KeyedCall.gaps`."""


@dataclass(eq=False)
class KeyedCall:
    """A call in progress: what must still be sent, and what was received."""

    peer: Peer
    began: float = 0.0
    answered: float = 0.0
    last_packet: float = 0.0
    longest_gap_s: float = 0.0
    gaps: list[tuple[float, float]] = field(default_factory=list)
    """Those above 100 ms between two packets: when each ended, and its length, in seconds."""
    sounds: list[float] = field(default_factory=list)
    """When packets with sound in them came."""
    _events: deque[tuple[str, int, bool]] = field(default_factory=deque)
    _speech: deque[bytes] = field(default_factory=deque)
    _spoken: asyncio.Event = field(default_factory=asyncio.Event)
    _pressed: dict[int, float] = field(default_factory=dict)
    _keys: int = 0

    def press(self, keys: str) -> None:
        """Keys of 100 ms with 60 ms between them, each ended three times (RFC 4733, 2.5.1.4)."""
        for key in keys:
            number = self._keys = self._keys + 1
            for step in range(1, _EVENT_FRAMES + 1):
                self._events.append((key, number, step == _EVENT_FRAMES))
            self._events.extend([("", number, False)] * 3)

    async def say(self, alaw: bytes) -> None:
        """Send sound in A-law, as whole packets of 20 ms; returns with the last."""
        self._spoken.clear()
        self._speech.extend(alaw[at : at + 160] for at in range(0, len(alaw) - 159, 160))
        await self._spoken.wait()

    def pressed_at(self, number: int) -> float | None:
        """When the first packet of that key went out, counted from 1."""
        return self._pressed.get(number)

    def send_frame(self, now: float) -> None:
        """The 20 ms that are due: a piece of a key, of speech, or silence."""
        peer = self.peer
        key, number, end = self._events.popleft() if self._events else ("", 0, False)
        if not key:
            peer.sequence += 1
            sound = self._speech.popleft() if self._speech else PCMA_SILENCE
            if not self._speech:
                self._spoken.set()
            self._send(rtp(8, peer.sequence, peer.timestamp, sound))
            peer.timestamp += 160
            return
        first = number not in self._pressed
        self._pressed.setdefault(number, now)
        step = round((now - self._pressed[number]) / FRAME_S) + 1
        for _ in range(3 if end else 1):
            peer.sequence += 1
            event = telephone_event(key, end, 160 * step)
            self._send(rtp(101, peer.sequence, peer.timestamp, event, first))
        if end:
            peer.timestamp += 160 * step

    def _send(self, packet: bytes) -> None:
        with contextlib.suppress(OSError):  # nobody listens: that shows in missing packets
            self.peer.media.sendto(packet, self.peer.remote_media)

    def hear(self) -> None:
        """Take the packets that have come; their times are those of the kernel."""
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while True:
                packet, now = arrivals.receive(self.peer.media)
                gap = now - self.last_packet if self.last_packet else 0.0
                self.longest_gap_s = max(self.longest_gap_s, gap)
                if gap > NOTED_GAP_S:
                    self.gaps.append((now, gap))
                self.last_packet = now
                if packet[1] & 0x7F == 8 and not _NOUGHT.issuperset(packet[12:]):
                    self.sounds.append(now)

    def measured(self) -> Measured:
        """The moments, once the call is over."""
        result = Measured(
            setup_ms=(self.answered - self.began) * 1000,
            longest_gap_ms=self.longest_gap_s * 1000,
            gaps=self.gaps,
        )
        if not self.sounds:
            result.failure = "nothing was heard"
            return result
        result.sound_ms = (self.sounds[0] - self.answered) * 1000
        broke_in, last_key = self.pressed_at(2), self.pressed_at(1 + len(USER_ID))
        if (
            broke_in is not None
            and broke_in - max((at for at in self.sounds if at < broke_in), default=0.0)
            < 2 * FRAME_S
        ):  # in a pause of the prompt there is no sound to stop
            result.silence_ms = (_falls_silent(self.sounds, broke_in) - broke_in) * 1000
        if last_key is not None:
            following = [at for at in self.sounds if at > last_key]
            if following:
                result.next_prompt_ms = (following[0] - last_key) * 1000
        if result.next_prompt_ms is None:
            result.failure = "no question followed the user ID"
        return result


def _falls_silent(sounds: list[float], since: float) -> float:
    last = since
    for at in sounds:
        if at >= since:
            if at - last > SETTLED_S:
                break
            last = at
    return last


class RtpClock:
    """Sends every 20 ms for all calls that are up."""

    def __init__(self) -> None:
        self._calls: set[KeyedCall] = set()
        self.longest_delay_s = 0.0
        """The worst delay of the generator itself: gaps below it are not the service's."""

    @contextlib.contextmanager
    def sends_for(self, call: KeyedCall) -> Iterator[None]:
        self._calls.add(call)
        try:
            yield
        finally:
            self._calls.discard(call)

    async def run(self) -> None:
        due = time.monotonic()
        while True:
            now = time.monotonic()
            self.longest_delay_s = max(self.longest_delay_s, now - due)
            for call in tuple(self._calls):
                call.send_frame(now)
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))


@contextlib.contextmanager
def calling(server: tuple[str, int], number: str) -> Iterator[KeyedCall]:
    """A caller who is about to dial; they hear all that comes, and are gone afterwards."""
    peer = Peer(server, called=number)
    for end in (peer.sip, peer.media):
        arrivals.note(end)
    call = KeyedCall(peer, began=time.monotonic())
    loop = asyncio.get_running_loop()
    loop.add_reader(peer.media, call.hear)
    try:
        yield call
    finally:
        loop.remove_reader(peer.media)
        peer.close()


async def keyed_call(server: tuple[str, int], clock: RtpClock, number: str) -> Measured:
    """Place the call and report how it went; it never raises because of the service."""
    with calling(server, number) as call:
        try:
            return await _keyed(call, clock)
        except TimeoutError:
            return Measured(failure="no answer")


async def _keyed(call: KeyedCall, clock: RtpClock) -> Measured:
    status, _ = await call.peer.invite(within_s=RINGING_S)
    call.answered = arrivals.last(call.peer.sip)
    if status != 200:
        setup_ms = (call.answered - call.began) * 1000
        return Measured(setup_ms=setup_ms, failure=f"answered {status}")
    with clock.sends_for(call):
        await asyncio.sleep(LANGUAGE_AT_S)
        call.press(LANGUAGE_KEY)
        await asyncio.sleep(random.uniform(USER_ID_FROM_S, USER_ID_TO_S) - LANGUAGE_AT_S)
        call.press(USER_ID[0])
        await asyncio.sleep(0.6)
        call.press(USER_ID[1:])
        await asyncio.sleep(call.answered + CALL_S - time.monotonic())
        status, _ = await call.peer.ask("BYE")
    measured = call.measured()
    if status != 200:
        measured.failure = f"BYE was answered {status}"
    return measured
