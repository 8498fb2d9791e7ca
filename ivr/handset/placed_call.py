"""One call from a handset: its sound, its keys, and what is told of it while it lasts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping

import structlog

from ivr.caller.own_trace import CallNotFound, own_trace
from ivr.dialogue.line import HungUp
from ivr.dialogue.trace import StepKind
from ivr.handset.dialler import WITHHELD, Dialler, TooManyCalls
from ivr.handset.hints import expects
from ivr.handset.messages import PlaceCall, SipTold, State, StepTold, Told, Written
from ivr.records.call_book import CallBook
from ivr.records.database import RecordsUnavailable
from ivr.records.models import CallStep
from ivr.telephony.errors import CallRefused, DialFailed, TelephonyError
from ivr.telephony.line import CallLine
from ivr.telephony.outgoing import OutgoingCall
from ivr.telephony.sound.frames import FRAME_BYTES
from ivr.telephony.sound.live_speech import LiveSpeech
from speech.languages.language import Language

log = structlog.get_logger("ivr.handset")

SECRET_QUESTIONS = frozenset({"login.pin", "login.code"})
LANGUAGE_QUESTION = "welcome.language"

MOST_WAITING = 64
"""Keys that wait to be sent; a key takes 280 ms."""

UNHEARD_MS = 400
"""Sound that waits for a page that is slow; beyond it the oldest is dropped."""

MICROPHONE_MS = 100
"""Sound of the microphone that waits to be sent; a browser brings it in bursts."""

Tell = Callable[[Told], Awaitable[None]]
Hear = Callable[[bytes], Awaitable[None]]
_NONE: Mapping[str, str] = {}
WriteDown = Callable[[PlaceCall], Awaitable[None]]


class PlacedCall:
    """Placed by `run`; spoken and keyed into by others meanwhile.

    Raises nothing that the page can cause: what goes wrong is told to it.
    """

    def __init__(
        self,
        wish: PlaceCall,
        dialler: Dialler,
        book: CallBook,
        languages: tuple[Language, ...],
        write_down: WriteDown,
        tell: Tell,
        hear: Hear,
        headers: Mapping[str, str] = _NONE,
    ) -> None:
        """
        Args:
            languages: in the order of their keys.
            write_down: called before the call is placed, which it is not where that raises
                RecordsUnavailable.
            hear: takes 20 ms of PCM at a time.
            headers: of the INVITE, besides those of every call.

        Attributes:
            written: it is over, and all of it is in the records.
        """
        self.written = False
        self._headers = headers
        self._wish = wish
        self._dialler = dialler
        self._book = book
        self._languages = languages
        self._write_down = write_down
        self._tell = tell
        self._hear = hear
        self._call: OutgoingCall | None = None
        self._speech: LiveSpeech | None = None
        self._keys: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self._given_up = False
        self._messages_told = 0

    async def run(self) -> None:
        """The whole call, and the last that is written of it."""
        beside: list[asyncio.Task[None]] = []
        try:
            with self._dialler.one_of_them():
                await self._write_down(self._wish)
                await self._tell(State("calling"))
                caller = self._wish.caller or WITHHELD
                call = await self._dialler.dial(self._wish.number, caller, self._headers)
                self._call = call
                if self._given_up:
                    await self.hang_up()
                showing = asyncio.create_task(self._show_trace(call))
                beside = [showing, asyncio.create_task(self._show_ladder(call))]
                answered = await self._from_ringing_to_the_end(call)
            if answered:
                await showing
            await self._tell_ladder(call)
            if answered:
                self.written = True
                await self._tell(Written())
        except TooManyCalls:
            await self._tell(State("not_placed", "too_many"))
        except RecordsUnavailable as failure:
            log.error("a call of the handset was not placed: nobody can note it", why=str(failure))
            await self._tell(State("not_placed", "no_records"))
        except DialFailed as failure:
            log.warning("a call of the handset was not placed", why=str(failure))
            await self._tell(State("not_placed", "not_dialled"))
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self.hang_up()
            if self._call is not None:
                self._dialler.forget(self._call.sip_call_id)

    @property
    def sip_call_id(self) -> str:
        """Empty before its INVITE."""
        return self._call.sip_call_id if self._call is not None else ""

    def say(self, frame: bytes) -> None:
        """20 ms of the microphone; of no effect before the call is answered."""
        if self._speech is not None and len(frame) == FRAME_BYTES:
            self._speech.say(frame)

    def press(self, keys: str) -> None:
        """Have keys sent in their turn; those beyond `MOST_WAITING` are dropped."""
        with contextlib.suppress(asyncio.QueueFull):
            for key in keys:
                self._keys.put_nowait(key)

    async def hang_up(self) -> None:
        """CANCEL or BYE."""
        self._given_up = True
        if self._call is not None:
            with contextlib.suppress(HungUp, TelephonyError):
                await self._call.hang_up()

    async def _from_ringing_to_the_end(self, call: OutgoingCall) -> bool:
        """Whether it was answered."""
        answered = False
        with contextlib.suppress(CallRefused, HungUp):
            await call.progressed()
            await self._tell(State("ringing"))
            line = await call.answered()
            answered = True
            self._speech = line.speak(MICROPHONE_MS)
            await self._tell(State("talking"))
            keys = asyncio.create_task(self._send_keys(call))
            try:
                await self._pass_on(line)
            finally:
                self._speech = None
                keys.cancel()
        ending = await asyncio.shield(call.ended)
        await self._tell(State("over", str(ending.cause), ending.status))
        return answered

    async def _pass_on(self, line: CallLine) -> None:
        async for frame in line.listen(longest_ms=UNHEARD_MS):
            await self._hear(frame)

    async def _send_keys(self, call: OutgoingCall) -> None:
        with contextlib.suppress(HungUp, TelephonyError):
            while True:
                await call.press(await self._keys.get())

    async def _show_trace(self, call: OutgoingCall) -> None:
        language = self._wish.language
        try:
            async for step in own_trace(self._book, call):
                await self._tell(_told(step))
                asked = step.kind == StepKind.ASKED and step.name == LANGUAGE_QUESTION
                if asked and language in self._languages:
                    self.press(str(self._languages.index(language) + 1))
                    language = None  # asked again, the person answers
        except (CallNotFound, RecordsUnavailable) as failure:
            log.warning("what is said in a call of the handset is not shown", why=str(failure))

    async def _show_ladder(self, call: OutgoingCall) -> None:
        with contextlib.suppress(CallRefused, HungUp):
            await call.progressed()
        wired = self._dialler.wired(call.sip_call_id)
        while wired is not None:
            changed = wired.changed
            await self._tell_ladder(call)
            await changed.wait()

    async def _tell_ladder(self, call: OutgoingCall) -> None:
        """What has passed since it was told last."""
        wired = self._dialler.wired(call.sip_call_id)
        while wired is not None and self._messages_told < len(wired.ladder):
            message = wired.ladder[self._messages_told]
            self._messages_told += 1
            after_ms = round((message.at - wired.ladder[0].at) * 1000)
            await self._tell(SipTold(after_ms, message.to_service, message.title, message.text))


def _told(step: CallStep) -> StepTold:
    return StepTold(
        step=step.kind,
        name=step.name,
        text=step.text,
        value=step.value,
        mode=step.mode,
        ms=step.ms,
        language=step.language,
        confidence=step.detail.get("confidence"),
        secret=step.name in SECRET_QUESTIONS,
        expects=expects(step),
    )
