"""A call we place: the demonstration call, self-tests, testers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from ivr.dialogue.line import KEYS, HungUp
from ivr.telephony.ending import Ending
from ivr.telephony.errors import CallRefused
from ivr.telephony.events import Progressed
from ivr.telephony.library.leg import Leg
from ivr.telephony.library.live_call import LiveCall
from ivr.telephony.line import CallLine
from ivr.telephony.status import OK

KEY_MS = 200
"""How long the library sends each key, fixed when it was compiled."""


@dataclass(frozen=True)
class OutgoingCall:
    """A call from us, from its INVITE to its end."""

    _live: LiveCall

    @property
    def ended(self) -> asyncio.Future[Ending]:
        """Set to the `Ending` when the call is over."""
        return self._live.ended

    @property
    def sip_call_id(self) -> str:
        """Call-ID header of our INVITE."""
        return self._live.sip_call_id

    @property
    def progress(self) -> Sequence[Progressed]:
        """Provisional answers so far: 180 ringing, 183 early media."""
        return tuple(self._live.progress)

    @property
    def line(self) -> CallLine:
        """The line; usable as soon as there is sound, from early media on."""
        return CallLine(self._live)

    async def progressed(self) -> Progressed:
        """Wait for the first provisional answer other than 100. Raises CallRefused."""
        await self._until_or_refused(lambda: bool(self._live.progress) or self._live.answered)
        return self._live.progress[0] if self._live.progress else Progressed(OK, "OK")

    async def answered(self) -> CallLine:
        """Wait until the call is set up and sound can flow; gives the line. Raises CallRefused."""
        live = self._live
        await self._until_or_refused(lambda: live.confirmed and (live.sound or live.on_hold))
        return self.line

    async def press(self, keys: str, gap_ms: int = 80) -> None:
        """Press keys as RFC 4733 events of 200 ms each; returns when the last one is sent.

        Args:
            keys: of `0123456789*#ABCD`.
            gap_ms: pause after each key.

        Raises:
            HungUp: the call is over.
            ValueError: not a key.
        """
        if not set(keys) <= set(KEYS):
            raise ValueError(f"expected keys of {KEYS}")
        for key in keys:
            await self._live.order(partial(_press, key=key))
            await asyncio.sleep((KEY_MS + gap_ms) / 1000)

    async def send_info(self, content_type: str, body: str) -> None:
        """Send a SIP INFO; returns when it is on its way. Raises HungUp, TelephonyError."""
        await self._live.order(lambda leg: leg.requests.info(content_type, body))

    async def hold(self) -> None:
        """Put the other side on hold; returns when it has agreed. Raises HungUp."""
        await self._live.order(lambda leg: leg.requests.hold())
        await self._live.until(lambda: self._live.on_hold)

    async def resume(self) -> None:
        """End the hold; returns when sound flows again. Raises HungUp."""
        await self._live.order(lambda leg: leg.requests.unhold())
        await self._live.until(lambda: not self._live.on_hold)

    async def hang_up(self) -> Ending:
        """CANCEL or BYE; returns when the call is over. Harmless on a call that is over."""
        return await self._live.hang_up()

    async def _until_or_refused(self, condition: Callable[[], bool]) -> None:
        try:
            await self._live.until(condition)
        except HungUp as over:
            ending = self._live.ending
            if ending is None or ending.answered:
                raise
            raise CallRefused(ending.status, ending.reason) from over


def _press(leg: Leg, key: str) -> None:
    leg.requests.press(key)
