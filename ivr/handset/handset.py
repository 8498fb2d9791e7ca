"""The handset of one page: what it asks for, and what it is told, over its WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog
from aiohttp import ClientConnectionResetError, WSCloseCode, WSMsgType, web

from backend_client.errors import RocarsError
from backend_client.transport import ProblemAnswered
from ground.web.words import Translate
from ivr.caller.retold.from_records import history_from
from ivr.caller.retold.history import CannotBeRetold
from ivr.caller.retold.waits import Waits
from ivr.caller.retold.writing import as_file
from ivr.handset.admission import Known
from ivr.handset.dialler import WITHHELD, Dialler
from ivr.handset.messages import (
    HangUp,
    PlaceCall,
    PressKeys,
    SaveAsTest,
    ScenarioTold,
    Told,
    Wish,
    as_text,
    wish_in,
)
from ivr.handset.placed_call import PlacedCall
from ivr.handset.sections import HandsetSections
from ivr.handset.trial import Trial
from ivr.observe.seldom import Seldom
from ivr.records import audit
from ivr.records.call_book import CallBook
from ivr.records.call_search import CallSearch
from ivr.records.database import Database, RecordsUnavailable
from ivr.studio.draft_calls import HEADER, DraftKey
from ivr.telephony.sound.frames import FRAME_BYTES

log = structlog.get_logger("ivr.handset")

UNREADABLE = "the records cannot be read just now"

ANEW_S = 2.0
"""How often a page is told what there is to try."""


@dataclass(frozen=True)
class Premises:
    """What all handsets share. `trial`: None outside trials."""

    settings: HandsetSections
    dialler: Dialler
    book: CallBook
    records: Database
    trial: Trial | None
    draft_key: DraftKey
    seldom: Seldom = field(default_factory=lambda: Seldom(60.0))


class Handset:
    """One page: at most one call at a time, which ends when the page leaves."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        premises: Premises,
        known: Known | None,
        translate: Translate,
    ) -> None:
        """
        Args:
            known: who is at it; None in a trial, where nobody is asked.
            translate: into the language of the page.
        """
        self._socket = socket
        self._premises = premises
        self._known = known
        self._translate = translate
        self._call: PlacedCall | None = None
        self._calling: asyncio.Task[None] | None = None

    async def attend(self) -> None:
        """Serve the page until it leaves, or sends what no page of ours does."""
        beside = []
        if self._known is None and self._premises.trial is not None:
            beside.append(asyncio.create_task(self._show_trial(self._premises.trial)))
        try:
            await self._read()
        finally:
            for task in beside:
                task.cancel()
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
                headers = self._with_drafts(wish) if wish.drafts else {}
                await self._end_call()
                self._call = PlacedCall(
                    wish,
                    self._premises.dialler,
                    self._premises.book,
                    self._premises.settings.flows.languages,
                    self._write_down,
                    self._tell,
                    self._let_hear,
                    headers,
                )
                self._calling = asyncio.create_task(self._call.run())
                self._calling.add_done_callback(_log_failure)
            case PressKeys(keys=keys):
                if self._call is not None:
                    self._call.press(keys)
            case HangUp():
                if self._call is not None:
                    await self._call.hang_up()
            case SaveAsTest():
                if self._call is not None and self._call.written:
                    await self._tell(await self._scenario(self._call.sip_call_id))

    def _with_drafts(self, wish: PlaceCall) -> Mapping[str, str]:
        """What has a worker play somebody's own drafts; nothing where nobody knows who they are."""
        if self._known is None:
            return {}
        caller = wish.caller or WITHHELD
        return {HEADER: self._premises.draft_key.seal(self._known.name, caller, wish.number)}

    async def _scenario(self, sip_call_id: str) -> ScenarioTold:
        try:
            story = await CallSearch(self._premises.records).story_of(sip_call_id)
            if story is None:
                raise CannotBeRetold("the records do not have it any more")
            settings = self._premises.settings
            waits = Waits.of(settings.dialogue, settings.speech)
            text = await asyncio.to_thread(lambda: as_file(history_from([story]), waits))
        except CannotBeRetold as failure:
            return ScenarioTold("", "", failure.message(self._translate))
        except RecordsUnavailable as failure:
            log.warning("a call of the handset became no test", why=str(failure))
            return ScenarioTold("", "", CannotBeRetold(UNREADABLE).message(self._translate))
        return ScenarioTold(f"{story.call.call_id}.call.yaml", text)

    async def _end_call(self) -> None:
        calling, self._calling = self._calling, None
        if self._call is not None:
            await self._call.hang_up()
            self._call = None
        if calling is not None:
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)

    async def _write_down(self, wish: PlaceCall) -> None:
        """Who calls as whom, before the call is placed. Raises RecordsUnavailable."""
        if self._known is None or wish.number not in self._premises.dialler.numbers:
            return  # none of the service's, and so not dialled
        with audit.deeds_from(address=self._known.address):
            await audit.write(
                self._premises.records,
                self._known.name,
                "test call with drafts" if wish.drafts else "test call",
                wish.number,
                caller=wish.caller or WITHHELD,
            )

    async def _show_trial(self, trial: Trial) -> None:
        while True:
            try:
                await self._tell(await trial.now())
            except (RocarsError, ProblemAnswered) as failure:
                why = type(failure).__name__
                if self._premises.seldom.now(why):
                    log.warning("what there is to try is not shown", why=why)
            await asyncio.sleep(ANEW_S)

    async def _tell(self, message: Told) -> None:
        with contextlib.suppress(ClientConnectionResetError):  # the page has left
            if not self._socket.closed:
                await self._socket.send_str(as_text(message))

    async def _let_hear(self, frame: bytes) -> None:
        with contextlib.suppress(ClientConnectionResetError):
            if not self._socket.closed:
                await self._socket.send_bytes(frame)


def _log_failure(calling: asyncio.Task[None]) -> None:
    if not calling.cancelled() and (failure := calling.exception()) is not None:
        log.error("a call of the handset failed", exc_info=failure)
