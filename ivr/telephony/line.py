"""An answered call as the dialogue knows it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.dialogue.line import KeyPress, Line, Transfer
from ivr.telephony.ending import Ending
from ivr.telephony.errors import TelephonyError
from ivr.telephony.library.live_call import LiveCall
from ivr.telephony.sound.dictation import Dictation
from ivr.telephony.sound.listening import Following, Listening, OnFrames
from ivr.telephony.sound.live_speech import LiveSpeech
from ivr.telephony.sound.playback import UtterancePlayback
from ivr.telephony.sound.recording import Recording
from ivr.telephony.sound.tape import Tape
from ivr.telephony.status import SUCCESS


class CallLine:
    """Fulfils `ivr.dialogue.line.Line` on a live call; can also listen, record and wait for the
    end."""

    def __init__(self, live: LiveCall) -> None:
        self._live = live

    @property
    def ended(self) -> asyncio.Future[Ending]:
        """Set to the `Ending` when the call is over. Shield it when waiting with a time-out."""
        return self._live.ended

    @property
    def on_hold(self) -> bool:
        """Whether one side has put the call on hold; what plays waits meanwhile."""
        return self._live.on_hold

    def play(self, pcm: bytes, *, secret: bool = False) -> UtterancePlayback:
        """Start playing PCM (mono, s16le, 8000 Hz), replacing what plays.

        Args:
            secret: those who listen to this line, and its recordings, are given silence instead.

        Raises:
            HungUp: the call is over.
            ValueError: not whole samples.
        """
        self._live.must_live()
        return self._live.audio.play(pcm, secret=secret)

    def speak(self, longest_ms: int = 200, *, secret: bool = False) -> LiveSpeech:
        """Send speech frame by frame while it is being spoken, replacing what plays.

        Args:
            longest_ms: sound that may wait to be sent; beyond it the oldest is left out.
            secret: as for `play`.

        Raises:
            HungUp: the call is over.
        """
        self._live.must_live()
        return self._live.audio.speak(longest_ms, secret=secret)

    async def key(self) -> KeyPress:
        """The next key, in the order pressed. Raises HungUp once the call is over."""
        keys = self._live.keys
        await self._live.until(lambda: bool(keys))
        return keys.popleft()

    def flush_keys(self) -> int:
        """Forget the keys that wait; returns how many."""
        count = len(self._live.keys)
        self._live.keys.clear()
        return count

    def listen(self, longest_ms: int = 5000, frames_at_once: int = 1) -> Listening:
        """The other side's voice from now on, as 20 ms frames of PCM.

        Args:
            longest_ms: sound that may wait to be read; beyond it the oldest is dropped.
            frames_at_once: so many are handed over together.

        Raises:
            HungUp: the call is over.
        """
        self._live.must_live()
        return self._live.audio.listen(longest_ms, frames_at_once)

    def follow(self, on_frames: OnFrames) -> Following:
        """Call `on_frames` with the other side's voice from now on. Raises HungUp."""
        self._live.must_live()
        return self._live.audio.follow(on_frames)

    def dictate(self) -> Dictation:
        """Keep the other side's voice from now on, until a key comes. Raises HungUp."""
        self._live.must_live()
        return Dictation(self._live.audio.listen(60_000, frames_at_once=10, until_key=True))

    def record_both_sides(self, path: Path) -> Recording:
        """Record to a stereo WAV from now on: left the other side, right what we play.

        The recording ends with the call; `await recording.closed()` waits for the file.

        Raises:
            HungUp: the call is over.
            OSError: the file cannot be created.
        """
        self._live.must_live()
        return self._live.audio.record(path)

    def keep(self, tape: Tape) -> None:
        """Hand both sides to this tape until the call is over, without the sound of keys. Raises
        HungUp."""
        self._live.must_live()
        self._live.audio.take_out_keys()
        self._live.audio.keep(tape)

    async def transfer(self, uri: str, timeout_s: float) -> Transfer:
        """Have the other side connect its caller with `uri` (blind transfer, RFC 5589, 6).

        Raises:
            HungUp: the call is over; many telephones end it as soon as they are connected.
        """
        live = self._live
        live.referred = None
        try:
            await live.order(lambda leg: leg.requests.refer(uri))
            async with asyncio.timeout(timeout_s):
                await live.until(lambda: live.referred is not None)
        except TelephonyError:
            return Transfer.REFUSED
        except TimeoutError:
            return Transfer.TIMED_OUT
        status = live.referred or 0
        return Transfer.CONNECTED if status in SUCCESS else Transfer.REFUSED

    async def until_hung_up(self) -> None:
        """Return once the call is over; at once if it already is."""
        await self._live.until_ended()

    async def hang_up(self) -> None:
        """End the call; returns when it is over. Harmless on an ended call."""
        await self._live.hang_up()


if TYPE_CHECKING:
    _fulfils: type[Line] = CallLine
