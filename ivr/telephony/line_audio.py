"""The sound of one line, both directions, on the 20 ms frame clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from ivr.telephony.frames import FRAME_BYTES, FRAME_S, SILENCE
from ivr.telephony.listening import Following, Heard, Listening
from ivr.telephony.outbox import Post
from ivr.telephony.playback import UtterancePlayback
from ivr.telephony.recording import Recording
from ivr.telephony.tones import ToneKeys

_LATE_S = FRAME_S + 0.040
_KEY_IN_SOUND = 12
"""Frames after word of a key in which its tones may still be in the sound: the jitter buffer gives
it out later than the library tells of the key."""


class LineAudio:
    """What a line plays, and who listens to it.

    The pj thread calls `frame_to_send` and `frame_received` every 20 ms; the event loop
    changes what they find by plain assignments, so that barge-in takes effect with the next frame.
    """

    def __init__(self, post: Post) -> None:
        """`post` has something called on the event loop."""
        self._post = post
        self._playing: UtterancePlayback | None = None
        self._listening: tuple[Listening | Following, ...] = ()
        self._recordings: tuple[Recording, ...] = ()
        self._tones: ToneKeys | None = None
        self._pressed: Callable[[str], None] | None = None
        self._sent = SILENCE
        self._tick_at: float | None = None
        self._beat = self._hushed_until = 0
        self.began = False
        """Whether sound ever flowed."""
        self._starting = threading.Lock()
        self.late_frames = 0
        self.longest_gap_s = 0.0
        self.tone_keys = 0
        """Keys heard as tones."""

    def play(self, pcm: bytes) -> UtterancePlayback:
        """Play from the next frame on, in place of what plays."""
        playback = UtterancePlayback(pcm, self._post)
        before, self._playing = self._playing, playback
        if before is not None:
            before.stop()
        return playback

    def listen(self, longest_ms: int, frames_at_once: int = 1) -> Listening:
        """Hand received frames to a new listener."""
        listening = Listening(self._post, longest_ms, frames_at_once)
        self._listening = (*self._listening, listening)
        return listening

    def follow(self, heard: Heard) -> Following:
        """Tell a function of received frames."""
        following = Following(self._post, heard)
        self._listening = (*self._listening, following)
        return following

    def hear_tones(self, pressed: Callable[[str], None]) -> None:
        """Listen for keys in the sound; `pressed` is called on the event loop with each."""
        self._pressed = pressed
        self._tones = ToneKeys()

    def key_is_down(self) -> None:
        """Keys come another way: what sounds like one is none, and no word either.

        Told again and again while a key is down. Some telephones and gateways leave the tones in
        the sound, where a recogniser would make words of them.
        """
        self._tones = None
        self._hushed_until = self._beat + _KEY_IN_SOUND

    def record(self, path: Path) -> Recording:
        """Record both sides from now on. Raises OSError."""
        recording = Recording(path)
        with self._starting:
            if self.began:
                recording.begin(time.monotonic())
            self._recordings = (*self._recordings, recording)
        return recording

    def hang_up(self) -> None:
        """The call is over."""
        if self._playing is not None:
            self._playing.hang_up()
        for listening in self._listening:
            listening.close()
        for recording in self._recordings:
            recording.end()
        self._listening = self._recordings = ()
        self._tones = None

    def held(self) -> None:
        """No frames are sent on hold: what plays waits where it is."""
        self._tick_at = None
        self._sent = SILENCE

    def flows(self) -> None:
        """Frames are sent (again), and received from now on; during a hold silent ones."""
        self._tick_at = None
        if self.began:
            return
        with self._starting:
            self.began = True
            for recording in self._recordings:
                recording.begin(time.monotonic())

    def frame_to_send(self, now: float) -> bytes | None:
        """The next 20 ms to play; None for silence. Called by the frame clock only."""
        before, self._tick_at = self._tick_at, now
        if before is not None:
            gap = now - before
            if gap > self.longest_gap_s:
                self.longest_gap_s = gap
            if gap > _LATE_S:
                self.late_frames += 1
        playing = self._playing
        frame = playing.next_frame() if playing is not None else None
        self._sent = frame or SILENCE
        return frame

    def frame_received(self, frame: bytes, beat: int) -> None:
        """20 ms from the other side, empty for silence. Called by the frame clock only.

        `beat` counts the frames of all lines.
        """
        self._beat = beat
        if not (self._listening or self._recordings or self._tones):
            return
        if len(frame) != FRAME_BYTES:
            frame = SILENCE
        voice = SILENCE if beat < self._hushed_until else frame
        tones, pressed = self._tones, self._pressed
        if tones is not None and pressed is not None:
            key = tones.hear(frame)
            if key is not None:
                self.tone_keys += 1
                self._post(pressed, key)
            if tones.sounding:  # or a recogniser would make words of it
                voice = SILENCE
        for listening in self._listening:
            listening.hear(voice, self._sent, beat)
        for recording in self._recordings:
            recording.add(frame, self._sent)
