"""A call that has come in and is not yet answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ivr.telephony.ending import Ending
from ivr.telephony.invite import Invite
from ivr.telephony.library.live_call import LiveCall
from ivr.telephony.line import CallLine
from ivr.telephony.status import OK, RINGING, SERVICE_UNAVAILABLE, SESSION_PROGRESS


@dataclass(frozen=True)
class IncomingCall:
    """An INVITE and what can be done with it (RFC 3261, 13.3).

    Attributes:
        invite: who calls, what was dialled, from where, which codecs were offered.
    """

    invite: Invite
    _live: LiveCall

    @property
    def ended(self) -> asyncio.Future[Ending]:
        """Set to the `Ending` when the call is over; a CANCEL ends it too."""
        return self._live.ended

    async def ring(self) -> None:
        """180 Ringing. Raises HungUp if the caller has given up."""
        await self._live.order(lambda leg: leg.requests.respond(RINGING))

    async def early_media(self) -> CallLine:
        """183 with audio: the caller hears what is played before the call is answered.

        Raises:
            HungUp: the caller has given up.
        """
        return await self._respond(SESSION_PROGRESS)

    async def answer(self) -> CallLine:
        """200 OK; returns when sound can flow. Raises HungUp if the caller has given up."""
        return await self._respond(OK)

    async def reject(
        self, status: int = SERVICE_UNAVAILABLE, reason: str = "", retry_after_s: int | None = None
    ) -> Ending:
        """Refuse with a final status of 300 to 699; harmless on a call that is over.

        Args:
            status: SIP status code.
            reason: reason phrase, otherwise the usual one.
            retry_after_s: Retry-After header, in seconds; for 503 (RFC 3261, 20.33).
        """
        if not 300 <= status <= 699:
            raise ValueError(f"expected a final status of 300 to 699, got {status}")
        headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
        if self._live.ending is None:
            await self._live.order(lambda leg: leg.refuse(status, headers, reason))
        return await self._live.until_ended()

    async def hang_up(self) -> Ending:
        """End the call in whatever state it is; harmless on a call that is over."""
        return await self._live.hang_up()

    async def _respond(self, status: int) -> CallLine:
        await self._live.order(lambda leg: leg.requests.respond(status))
        await self._live.until(lambda: self._live.sound or self._live.on_hold)
        return CallLine(self._live)
