"""What the event loop knows about one call while it lasts."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from ivr.dialogue.line import HungUp, KeyPress, KeySent
from ivr.telephony.ending import Cause, Ending
from ivr.telephony.events import (
    Answered,
    CallEvent,
    Confirmed,
    Ended,
    OnHold,
    Pressed,
    Progressed,
    Referred,
    SoundFlows,
)
from ivr.telephony.library.leg import Leg
from ivr.telephony.outbox import Post
from ivr.telephony.sound.line_audio import LineAudio

RunOnThread = Callable[[Callable[[], None]], Awaitable[None]]
"""Has something done on the pj thread. Raises EndpointFailed, TelephonyError."""


class LiveCall:
    """Takes the events of a leg and sends it requests. Belongs to the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, post: Post, run: RunOnThread) -> None:
        """`post` has something called on the event loop, `run` on the pj thread."""
        self.audio = LineAudio(post)
        self.leg: Leg | None = None
        self.sip_call_id = ""
        """Call-ID of a call we placed."""
        self.progress: list[Progressed] = []
        self.keys: deque[KeyPress] = deque()
        self.ending: Ending | None = None
        self.on_hold = False
        self.confirmed = False
        self.answered = False
        self.sound = False
        self.referred: int | None = None
        """The final status of the transfer that we asked for: that of the call to the new party."""
        self._clock = loop.time
        self._run = run
        self._changed = asyncio.Event()
        self.ended: asyncio.Future[Ending] = loop.create_future()
        """Set to the `Ending` when the call is over. Shield it when waiting with a time-out."""

    def happened(self, event: CallEvent) -> None:
        """Take one event of the leg; they come in order."""
        match event:
            case Progressed():
                self.progress.append(event)
            case Answered():
                self.answered = True
            case Confirmed():
                self.confirmed = True
            case SoundFlows():
                self.sound, self.on_hold = True, False
            case OnHold():
                self.on_hold = True
            case Pressed(key, at, sent):
                self.keys.append(KeyPress(key, at, sent))
            case Referred(status):
                self.referred = status
            case Ended(ending):
                self.ending = ending
                self.keys.clear()
                self.audio.hang_up()
                if not self.ended.done():
                    self.ended.set_result(ending)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def hear_tones(self) -> None:
        """No events were agreed for the other side's keys: listen for their tones in the sound."""
        self.audio.hear_tones(lambda key: self.happened(Pressed(key, self._clock(), KeySent.TONE)))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds. Raises HungUp once the call is over."""
        while True:
            self.must_live()
            if condition():
                return
            await self._changed.wait()

    async def until_ended(self) -> Ending:
        """Wait for the end of the call; the wait may be cancelled."""
        return await asyncio.shield(self.ended)

    def must_live(self) -> None:
        """Raises HungUp if the call is over."""
        if self.ending is not None:
            raise HungUp(f"the call is over: {self.ending.cause}")

    async def order(self, do: Callable[[Leg], None]) -> None:
        """Have something done with the leg on the pj thread. Raises HungUp, TelephonyError."""
        self.must_live()
        leg = self.leg
        if leg is None:
            raise HungUp("the call never began")
        await self._run(lambda: do(leg))

    async def hang_up(self) -> Ending:
        """End the call; returns when it is over. Harmless on an ended call."""
        if self.ending is None:
            await self.order(lambda leg: leg.end(Cause.HUNG_UP))
        return await self.until_ended()
