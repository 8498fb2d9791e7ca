"""The sound of one line, both directions, on the 20 ms frame clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from ivr.telephony.outbox import Post
from ivr.telephony.sound.frame_path import FRAME_PATH, FramePath
from ivr.telephony.sound.listening import Following, Listening, OnFrames
from ivr.telephony.sound.live_speech import LiveSpeech
from ivr.telephony.sound.playback import UtterancePlayback
from ivr.telephony.sound.recording import Recording
from ivr.telephony.sound.tape import Tape


class LineAudio:
    """What a line plays, and who listens to it. Belongs to the event loop, but for the methods that
    say otherwise.

    The pj thread moves `frames` every 20 ms; what is changed here takes effect with the next one.
    """

    def __init__(self, post: Post, path: FramePath = FRAME_PATH) -> None:
        """`post` has something called on the event loop."""
        self._post = post
        self._path = path
        self.frames = path.line_frames(self._tone_came)
        self._playing: UtterancePlayback | LiveSpeech | None = None
        self._listening: tuple[Listening | Following, ...] = ()
        self._tapes: tuple[Tape, ...] = ()
        self._pressed: Callable[[str], None] | None = None
        self._starting = threading.Lock()
        self.tone_keys = 0
        """Keys that were recognised by their tones."""

    def play(self, pcm: bytes, *, secret: bool = False) -> UtterancePlayback:
        """Play from the next frame on, in place of what plays. `secret`: only the other side gets
        it; whoever listens or records gets silence."""
        playback = UtterancePlayback(pcm, self._post, self._path)
        self._instead(playback)
        self.frames.play(playback.frames, secret)
        return playback

    def speak(self, longest_ms: int, *, secret: bool = False) -> LiveSpeech:
        """Send live speech from now on, in place of what plays. `secret`: as for `play`."""
        speech = LiveSpeech(longest_ms)
        self._instead(speech)
        self.frames.play(speech, secret)
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
        self._hand_on()
        return listening

    def follow(self, on_frames: OnFrames) -> Following:
        """Call `on_frames` with received frames."""
        following = Following(self._post, on_frames, self._path)
        self._listening = (*self._listening, following)
        self._hand_on()
        return following

    def take_out_keys(self) -> None:
        """From now on nobody gets the sound of the other side's keys, however the keys come."""
        self.frames.take_out_keys()

    def hear_tones(self, pressed: Callable[[str], None]) -> None:
        """Listen for keys in the sound, and take them out of it; `pressed` is called on the event
        loop with each."""
        self.take_out_keys()
        self._pressed, self.frames.hears_tones = pressed, True

    def key_is_down(self, *, new: bool) -> None:
        """A key came by an event, so its tone in the sound is not another key. Called on the pj
        thread.

        Called repeatedly while the key is down; `new` the first time.
        """
        self._pressed, self.frames.hears_tones = None, False
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
            if self.frames.began:
                tape.begin(None)
            self._tapes = (*self._tapes, tape)
            self._hand_on()

    def hang_up(self) -> None:
        """The call is over."""
        if self._playing is not None:
            self._playing.hang_up()
        self.frames.hand_on_last()
        for listening in self._listening:
            listening.close()
        for tape in self._tapes:
            tape.end()
        self._listening, self._tapes = (), ()
        self._hand_on()

    def held(self) -> None:
        """The call is on hold: no frames are sent, and playback waits where it is. Called on the pj
        thread."""
        self.frames.pause(True)

    def flows(self) -> None:
        """Sound flows from now on (again): frames are sent and received. During a hold frames are
        silent. Called on the pj thread."""
        self.frames.pause(False)
        if self.frames.began:
            return
        with self._starting:
            self.frames.began = True
            for tape in self._tapes:
                tape.begin(time.monotonic())

    def _hand_on(self) -> None:
        self.frames.recordings = self._tapes
        self.frames.listening = tuple(listening.taker for listening in self._listening)

    def _tone_came(self, key: str) -> None:
        pressed = self._pressed
        if pressed is not None:
            self.tone_keys += 1
            self._post(pressed, key)
            self._key_came()

    def _key_came(self) -> None:
        for tape in self._tapes:
            tape.key_came()
        for listening in self._listening:
            if isinstance(listening, Listening) and listening.until_key:
                listening.key_came()
