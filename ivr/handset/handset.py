"""The handset of one page: what it asks for, and what it is told, over its WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

import structlog
from aiohttp import ClientConnectionResetError, WSCloseCode, WSMsgType, web

from backend_client.errors import RocarsError
from backend_client.transport import ProblemAnswered
from ivr.handset.dialler import Dialler
from ivr.handset.messages import HangUp, PlaceCall, PressKeys, Told, Wish, as_text, wish_in
from ivr.handset.placed_call import PlacedCall
from ivr.handset.sections import HandsetSections
from ivr.handset.trial import Trial
from ivr.observe.seldom import Seldom
from ivr.records.call_book import CallBook
from ivr.telephony.sound.frames import FRAME_BYTES

log = structlog.get_logger("ivr.handset")

ANEW_S = 2.0
"""How often a page is told what there is to try."""


@dataclass(frozen=True)
class Premises:
    """What all handsets share."""

    settings: HandsetSections
    dialler: Dialler
    book: CallBook
    trial: Trial
    seldom: Seldom = field(default_factory=lambda: Seldom(60.0))


class Handset:
    """One page: at most one call at a time, which ends when the page leaves."""

    def __init__(self, socket: web.WebSocketResponse, premises: Premises) -> None:
        self._socket = socket
        self._premises = premises
        self._call: PlacedCall | None = None
        self._calling: asyncio.Task[None] | None = None

    async def attend(self) -> None:
        """Serve the page until it leaves, or sends what no page of ours does."""
        showing = asyncio.create_task(self._show_trial())
        try:
            await self._read()
        finally:
            showing.cancel()
            await self._end_call()

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is WSMsgType.BINARY and len(message.data) == FRAME_BYTES:
                if self._call is not None:
                    self._call.say(message.data)
                continue
            try:
                if message.type is not WSMsgType.TEXT:
                    raise ValueError("expected a frame of sound, or text")
                wish = wish_in(message.data)
            except ValueError:  # not logged: it may hold a PIN
                await self._socket.close(code=WSCloseCode.POLICY_VIOLATION)
                return
            await self._do(wish)

    async def _do(self, wish: Wish) -> None:
        match wish:
            case PlaceCall():
                await self._end_call()
                self._call = PlacedCall(
                    wish,
                    self._premises.dialler,
                    self._premises.book,
                    self._premises.settings.flows.languages,
                    self._tell,
                    self._let_hear,
                )
                self._calling = asyncio.create_task(self._call.run())
                self._calling.add_done_callback(_log_failure)
            case PressKeys(keys=keys):
                if self._call is not None:
                    self._call.press(keys)
            case HangUp():
                if self._call is not None:
                    await self._call.hang_up()

    async def _end_call(self) -> None:
        calling, self._calling = self._calling, None
        if self._call is not None:
            await self._call.hang_up()
            self._call = None
        if calling is not None:
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)

    async def _show_trial(self) -> None:
        while True:
            try:
                await self._tell(await self._premises.trial.now())
            except (RocarsError, ProblemAnswered) as failure:
                why = type(failure).__name__
                if self._premises.seldom.now(why):
                    log.warning("what there is to try is not shown", why=why)
            await asyncio.sleep(ANEW_S)

    async def _tell(self, told: Told) -> None:
        with contextlib.suppress(ClientConnectionResetError):  # the page has left
            if not self._socket.closed:
                await self._socket.send_str(as_text(told))

    async def _let_hear(self, frame: bytes) -> None:
        with contextlib.suppress(ClientConnectionResetError):
            if not self._socket.closed:
                await self._socket.send_bytes(frame)


def _log_failure(calling: asyncio.Task[None]) -> None:
    if not calling.cancelled() and (failure := calling.exception()) is not None:
        log.error("a call of the handset failed", exc_info=failure)
