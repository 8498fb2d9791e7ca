"""The frame path in Python: says what it does, and is used where `c/` was not compiled.

Both do the same, frame by frame (`tests/telephony/test_frame_path.py`). They run on the pj thread;
the event loop changes what they find by plain assignments, so that barge-in takes effect with the
next frame.
"""

from __future__ import annotations

from collections.abc import Callable

from ivr.telephony.sound.frame_path.parts import SoundPort, Speaking, Taker
from ivr.telephony.sound.frames import FRAME_BYTES, FRAME_S, SILENCE
from ivr.telephony.sound.key_sound import KeySound, Pair
from ivr.telephony.sound.tape import Tape

_LATE_S = FRAME_S + 0.040


class PcmFrames:
    """The frames of an utterance.

    Attributes:
        at: bytes handed out so far, in whole frames.
        stopped: set it to have no more handed out.
    """

    def __init__(self, pcm: bytes, ended: Callable[[], object]) -> None:
        """`ended` is called as the last frame is handed out."""
        self.at = 0
        self.stopped = False
        self._pcm = pcm
        self._ended = ended

    def next_frame(self) -> bytes | None:
        """The next 20 ms, the last one filled up with silence; None when over."""
        if self.stopped or self.at >= len(self._pcm):
            return None
        frame = self._pcm[self.at : self.at + FRAME_BYTES]
        self.at += FRAME_BYTES
        if self.at >= len(self._pcm):
            self._ended()
        return frame.ljust(FRAME_BYTES, b"\0")


class Gathering:
    """Gathers frames until there are some to be handed over.

    Attributes:
        frames_at_once: so many are handed over together; the first time after a change there may be
            fewer. All lines hand over at the same tick, since waking the event loop costs most.
        closed: set it to have no more handed over.
    """

    def __init__(self, full: Callable[[bytes, bytes], object]) -> None:
        """`full` is called with what came and what was sent meanwhile."""
        self.frames_at_once = 1
        self.closed = False
        self._full = full
        self._received: list[bytes] = []
        self._sent: list[bytes] = []

    def hear(self, received: bytes, sent: bytes, tick: int, /) -> None:
        """Take a frame of each side."""
        if self.closed:
            return
        self._received.append(received)
        self._sent.append(sent)
        if tick % self.frames_at_once == 0:
            received, sent = b"".join(self._received), b"".join(self._sent)
            self._received, self._sent = [], []
            self._full(received, sent)


class LineFrames:
    """Both directions of one line.

    Attributes:
        listening: get the frames that come; `recordings` likewise.
        began: whether sound has ever flowed; from then on frames that do not come are silent.
        hears_tones: whether the keys of tones in the sound are reported.
        late_frames, longest_gap_s: how evenly frames were sent.
    """

    def __init__(self, tone_came: Callable[[str], object]) -> None:
        """`tone_came` is called with each key that is recognised by its tones."""
        self.listening: tuple[Taker, ...] = ()
        self.recordings: tuple[Tape, ...] = ()
        self.began = False
        self.hears_tones = False
        self.late_frames = 0
        self.longest_gap_s = 0.0
        self._tone_came = tone_came
        self._playing: tuple[Speaking | None, bool] = None, False
        self._sent = SILENCE
        self._tick_at: float | None = None
        self._key_sound: KeySound | None = None
        self._port: SoundPort | None = None

    def play(self, playing: Speaking, secret: bool, /) -> None:
        """Send this from the next frame on. `secret`: whoever listens and records gets silence
        instead."""
        self._playing = playing, secret

    def take_out_keys(self) -> None:
        """From now on nobody gets the sound of the other side's keys."""
        self._key_sound = self._key_sound or KeySound()

    def hand_on_last(self) -> None:
        """No more frames will come: hand on the one that is held back while keys are taken out."""
        key_sound, self._key_sound = self._key_sound, None
        last = key_sound.last() if key_sound is not None else None
        if last is not None:
            self._hand_on(last, 0)

    def pause(self, silent: bool, /) -> None:
        """The time until the next frame is no gap; `silent`: and nothing is sent until then."""
        self._tick_at = None
        if silent:
            self._sent = SILENCE

    def connect(self, port: SoundPort, /) -> None:
        """Exchange sound with this port, until `disconnect`."""
        self._port = port

    def disconnect(self) -> None:
        """Exchange no more sound; the port may go."""
        self._port = None

    def move(self, tick: int, now: float) -> bool:
        """Move 20 ms both ways; True if sound was exchanged."""
        port = self._port
        if port is None:
            if self.began:
                self.frame_received(b"", tick)
            return False
        port.give(self.frame_to_send(now) or SILENCE)
        self.frame_received(port.take(), tick)
        return True

    def frame_to_send(self, now: float, /) -> bytes | None:
        """The next 20 ms to send; None for silence.

        Listeners and recordings get silence for each frame of a secret utterance at the moment the
        frame is made, so that nobody needs to know when it is really sent.
        """
        before, self._tick_at = self._tick_at, now
        if before is not None:
            gap = now - before
            if gap > self.longest_gap_s:
                self.longest_gap_s = gap
            if gap > _LATE_S:
                self.late_frames += 1
        playing, secret = self._playing
        frame = playing.next_frame() if playing is not None else None
        self._sent = (None if secret else frame) or SILENCE
        return frame

    def frame_received(self, frame: bytes, tick: int, /) -> None:
        """20 ms from the other side, empty for silence. `tick` counts the frames of all lines."""
        key_sound, hears_tones = self._key_sound, self.hears_tones
        if not (self.listening or self.recordings or hears_tones):
            if key_sound is not None:
                key_sound.last()
            return
        if len(frame) != FRAME_BYTES:
            frame = SILENCE
        if key_sound is None:
            self._hand_on((frame, self._sent), tick)
            return
        before, key = key_sound.hear(frame, self._sent)
        if before is not None:
            self._hand_on(before, tick)
        if key is not None and hears_tones:
            self._tone_came(key)

    def _hand_on(self, pair: Pair, tick: int) -> None:
        received, sent = pair
        for taker in self.listening:
            taker.hear(received, sent, tick)
        for recording in self.recordings:
            recording.add(received, sent)


def move(lines: tuple[LineFrames, ...], tick: int, now: float, failures: list[Exception], /) -> int:
    """Move 20 ms on all lines; gives on how many sound was exchanged.

    What is raised on one line is put into `failures` and harms no other.
    """
    moved = 0
    for line in lines:
        try:
            moved += line.move(tick, now)
        except Exception as failure:
            failures.append(failure)
    return moved
