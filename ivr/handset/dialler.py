"""What places the calls: one telephone and one wire for all pages, and so many calls at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ivr.caller.wire.message import address_of
from ivr.caller.wire.proxy import Wire, WiredCall
from ivr.telephony.errors import DialFailed
from ivr.telephony.outgoing import OutgoingCall
from ivr.telephony.settings import TelephonySettings
from ivr.telephony.telephone import Telephone

WITHHELD = "anonymous"
"""User part of From for a caller who does not show their number (RFC 3323, 4.1)."""

LINE_FREE_S = 10.0
"""A line whose call was just ended is busy until the library has done with it."""


class TooManyCalls(Exception):
    """As many calls as may be placed at once are in progress."""


class Dialler:
    """Dials the numbers of one service, and no others."""

    def __init__(
        self, server: str, numbers: tuple[str, ...], settings: TelephonySettings, most: int
    ) -> None:
        """
        Args:
            server: SIP URI of the service, without a number.
            numbers: what may be dialled.
            settings: of the telephone.
            most: calls at once.
        """
        self.numbers = numbers
        self._most = most
        self._in_progress = 0
        self._telephone = Telephone(settings)
        self._wire = Wire(address_of(server))
        self._dialling = asyncio.Lock()

    async def open(self) -> None:
        """Take ports. Raises TelephonyError, OSError."""
        await self._wire.open()
        await self._telephone.start()

    async def close(self) -> None:
        """End every call."""
        await self._telephone.stop()
        self._wire.close()

    @contextmanager
    def one_of_them(self) -> Iterator[None]:
        """Counts a call while it is in progress. Raises TooManyCalls."""
        if self._in_progress >= self._most:
            raise TooManyCalls
        self._in_progress += 1
        try:
            yield
        finally:
            self._in_progress -= 1

    async def dial(self, number: str, caller: str, headers: Mapping[str, str]) -> OutgoingCall:
        """Send the INVITE. Raises DialFailed, also for a number that is not the service's.

        Args:
            caller: user part of From.
            headers: further ones of the INVITE.
        """
        if number not in self.numbers:
            raise DialFailed("this number is none of the service's")
        try:
            async with self._dialling, asyncio.timeout(LINE_FREE_S):
                while self._telephone.active_calls >= self._telephone.capacity:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)  # the library tells nobody when a line is free
                return await self._telephone.dial(
                    self._wire.uri(number), from_user=caller, headers=headers
                )
        except TimeoutError:
            raise DialFailed("no line was free in time") from None

    def wired(self, sip_call_id: str) -> WiredCall | None:
        """The call on the wire, with its ladder; None before its INVITE has passed."""
        try:
            return self._wire.call(sip_call_id)
        except KeyError:
            return None

    def forget(self, sip_call_id: str) -> None:
        """Nobody looks at its ladder any more."""
        self._wire.forget(sip_call_id)
