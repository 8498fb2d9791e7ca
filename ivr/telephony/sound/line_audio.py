"""The sound of one line, both directions, on the 20 ms frame clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from ivr.telephony.outbox import Post
from ivr.telephony.sound.frames import FRAME_BYTES, FRAME_S, SILENCE
from ivr.telephony.sound.key_sound import KeySound, Pair
from ivr.telephony.sound.listening import Following, Listening, OnFrames
from ivr.telephony.sound.live_speech import LiveSpeech
from ivr.telephony.sound.playback import UtterancePlayback
from ivr.telephony.sound.recording import Recording
from ivr.telephony.sound.tape import Tape

_LATE_S = FRAME_S + 0.040


class LineAudio:
    """What a line plays, and who listens to it.

    The pj thread calls `frame_to_send` and `frame_received` every 20 ms; the event loop
    changes what they find by plain assignments, so that barge-in takes effect with the next frame.
    """

    def __init__(self, post: Post) -> None:
        """`post` has something called on the event loop."""
        self._post = post
        self._playing: UtterancePlayback | LiveSpeech | None = None
        self._listening: tuple[Listening | Following, ...] = ()
        self._tapes: tuple[Tape, ...] = ()
        self._key_sound: KeySound | None = None
        self._pressed: Callable[[str], None] | None = None
        self._sent = SILENCE
        self._tick_at: float | None = None
        self.began = False
        """Whether sound has ever flowed."""
        self._starting = threading.Lock()
        self.late_frames = 0
        self.longest_gap_s = 0.0
        self.tone_keys = 0
        """Keys that were recognised by their tones."""

    def play(self, pcm: bytes, *, secret: bool = False) -> UtterancePlayback:
        """Play from the next frame on, in place of what plays."""
        playback = UtterancePlayback(pcm, self._post, secret=secret)
        self._instead(playback)
        return playback

    def speak(self, longest_ms: int, *, secret: bool = False) -> LiveSpeech:
        """Send live speech from now on, in place of what plays."""
        speech = LiveSpeech(longest_ms, secret=secret)
        self._instead(speech)
        return speech

    def _instead(self, playing: UtterancePlayback | LiveSpeech) -> None:
        before, self._playing = self._playing, playing
        if before is not None:
            before.stop()

    def listen(
        self, longest_ms: int, frames_at_once: int = 1, *, until_key: bool = False
    ) -> Listening:
        """Hand received frames to a new listener."""
        listening = Listening(self._post, longest_ms, frames_at_once, until_key=until_key)
        self._listening = (*self._listening, listening)
        return listening

    def follow(self, on_frames: OnFrames) -> Following:
        """Call `on_frames` with received frames."""
        following = Following(self._post, on_frames)
        self._listening = (*self._listening, following)
        return following

    def take_out_keys(self) -> None:
        """From now on nobody gets the sound of the other side's keys, however the keys come."""
        self._key_sound = self._key_sound or KeySound()

    def hear_tones(self, pressed: Callable[[str], None]) -> None:
        """Listen for keys in the sound, and take them out of it; `pressed` is called on the event
        loop with each."""
        self.take_out_keys()
        self._pressed = pressed

    def key_is_down(self, *, new: bool) -> None:
        """A key came by an event, so its tone in the sound is not another key. Called on the pj
        thread.

        Called repeatedly while the key is down; `new` the first time.
        """
        self._pressed = None
        if new:
            self._key_came()

    def record(self, path: Path) -> Recording:
        """Record both sides from now on. Raises OSError."""
        recording = Recording(path)
        self.keep(recording)
        return recording

    def keep(self, tape: Tape) -> None:
        """Hand both sides to this tape from now on."""
        with self._starting:
            if self.began:
                tape.begin(None)
            self._tapes = (*self._tapes, tape)

    def hang_up(self) -> None:
        """The call is over."""
        if self._playing is not None:
            self._playing.hang_up()
        self._hand_on_the_last()
        for listening in self._listening:
            listening.close()
        for tape in self._tapes:
            tape.end()
        self._listening, self._tapes = (), ()
        self._key_sound = None

    def held(self) -> None:
        """The call is on hold: no frames are sent, and playback waits where it is."""
        self._tick_at = None
        self._sent = SILENCE

    def flows(self) -> None:
        """Sound flows from now on (again): frames are sent and received. During a hold frames are
        silent."""
        self._tick_at = None
        if self.began:
            return
        with self._starting:
            self.began = True
            for tape in self._tapes:
                tape.begin(time.monotonic())

    def frame_to_send(self, now: float) -> bytes | None:
        """The next 20 ms to play; None for silence. Called by the frame clock only.

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
        playing = self._playing
        frame = playing.next_frame() if playing is not None else None
        audible = None if playing is not None and playing.secret else frame
        self._sent = audible or SILENCE
        return frame

    def frame_received(self, frame: bytes, tick: int) -> None:
        """20 ms from the other side, empty for silence. Called by the frame clock only.

        `tick` counts the frames of all lines.
        """
        key_sound, pressed = self._key_sound, self._pressed
        if not (self._listening or self._tapes or pressed):
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
        if key is not None and pressed is not None:
            self.tone_keys += 1
            self._post(pressed, key)
            self._key_came()

    def _hand_on(self, pair: Pair, tick: int) -> None:
        received, sent = pair
        for listening in self._listening:
            listening.hear(received, sent, tick)
        for tape in self._tapes:
            tape.add(received, sent)

    def _hand_on_the_last(self) -> None:
        """The call is over: hand over the frame that was held back, since none comes after it."""
        last = self._key_sound.last() if self._key_sound is not None else None
        if last is not None:
            self._hand_on(last, 0)

    def _key_came(self) -> None:
        for tape in self._tapes:
            tape.key_came()
        for listening in self._listening:
            if isinstance(listening, Listening) and listening.until_key:
                listening.key_came()
