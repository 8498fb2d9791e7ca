"""The compiled frame path does what the interpreted one does, whatever happens on a line."""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.sound.frame_path import FRAME_PATH, INTERPRETED, FramePath
from ivr.telephony.sound.frame_path.interpreted import LineFrames
from ivr.telephony.sound.frames import FRAME_BYTES, SILENCE
from tests.support.touch_tones import tone

pytestmark = pytest.mark.unit

_KEYS = "0123456789*#ABCD"
_GET_OR_PUT = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


class Frame(ctypes.Structure):
    """A `pjmedia_frame`."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("buffer", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("timestamp", ctypes.c_uint64),
        ("bit_info", ctypes.c_uint32),
    )


class Port:
    """A stream of the library, made of what the test has come; keeps what is sent."""

    def __init__(self) -> None:
        self.coming: list[bytes] = []
        self.sent: list[bytes] = []
        self.address = 1
        self._functions = _GET_OR_PUT(self._get), _GET_OR_PUT(self._put)
        self.get_at, self.put_at = (
            ctypes.cast(function, ctypes.c_void_p).value or 0 for function in self._functions
        )

    def take(self) -> bytes:
        return self.coming.pop(0) if self.coming else b""

    def give(self, pcm: bytes) -> None:
        self.sent.append(pcm)

    def _get(self, port: int, frame_at: int) -> int:
        frame, pcm = Frame.from_address(frame_at), self.take()
        frame.type, frame.size = (1, len(pcm)) if pcm else (0, 0)
        ctypes.memmove(frame.buffer, pcm, len(pcm))
        return 0

    def _put(self, port: int, frame_at: int) -> int:
        frame = Frame.from_address(frame_at)
        assert frame.type == 1
        self.give(ctypes.string_at(frame.buffer, frame.size))
        return 0


@dataclass
class Notes:
    """All that a line tells those around it, in order."""

    events: list[Any] = field(default_factory=list)

    def hear(self, received: bytes, sent: bytes, tick: int) -> None:
        self.events.append((received, sent, tick))

    def add(self, received: bytes, sent: bytes) -> None:
        self.events.append((received, sent))


class OneLine:
    """A line on one of the paths, and what can happen on it."""

    def __init__(self, path: FramePath) -> None:
        self.path = path
        self.port, self.notes, self.failures = Port(), Notes(), list[Exception]()
        self.frames: LineFrames = path.line_frames(self.notes.events.append)
        self.gathering = path.gathering(lambda *both: self.notes.events.append(both))
        self.pcm = path.pcm_frames(b"", lambda: None)
        self.tick = 0

    def play(self, samples: int, secret: bool) -> None:
        pcm = np.arange(1, samples + 1, dtype="<i2").tobytes()
        self.pcm = self.path.pcm_frames(pcm, lambda: self.notes.events.append("ended"))
        self.frames.play(self.pcm, secret)

    def move(self, coming: bytes | None) -> None:
        self.tick += 1
        if coming is not None:
            self.port.coming.append(coming)
        moved = self.path.move((self.frames,), self.tick, self.tick * 0.02, self.failures)
        self.notes.events.append((moved, self.pcm.at))


def _sound_of(kind: str, number: int) -> bytes | None:
    """20 ms of a kind: nothing, silence, soft or loud noise, a part of a key's tones."""
    match kind:
        case "nothing":
            return None
        case "silence":
            return SILENCE
        case "key":
            at = number % 4
            sound = tone(_KEYS[number % 16], 80)[160 * at : 160 * at + 160]
        case _:
            level = 90 if kind == "soft" else 4000
            sound = np.random.default_rng(number).normal(0, level, 160)
    return np.asarray(np.clip(sound, -32768, 32767)).astype("<i2").tobytes()


Step = Callable[[OneLine], object]
_frames = st.tuples(
    st.sampled_from(["nothing", "silence", "soft", "loud", "key", "key"]), st.integers(0, 63)
).map(lambda drawn: [_sound_of(*drawn)])
_keys = st.integers(0, 15).map(
    lambda key: [_sound_of("key", number) for number in (key, key + 16, key + 32, key + 48)]
)
_moves = (_frames | _keys).map(lambda sounds: lambda line: [line.move(sound) for sound in sounds])
_steps: st.SearchStrategy[Step] = _moves | st.one_of(
    st.tuples(st.integers(0, 700), st.booleans()).map(lambda drawn: lambda line: line.play(*drawn)),
    st.integers(1, 4).map(
        lambda count: lambda line: setattr(line.gathering, "frames_at_once", count)
    ),
    st.sampled_from(
        [
            lambda line: line.frames.connect(line.port),
            lambda line: line.frames.disconnect(),
            lambda line: setattr(line.frames, "began", True),
            lambda line: setattr(line.pcm, "stopped", True),
            lambda line: setattr(line.gathering, "closed", True),
            lambda line: setattr(line.frames, "hears_tones", True),
            lambda line: setattr(line.frames, "hears_tones", False),
            lambda line: line.frames.take_out_keys(),
            lambda line: line.frames.hand_on_last(),
            lambda line: line.frames.pause(True),
            lambda line: line.frames.pause(False),
            lambda line: setattr(line.frames, "listening", (line.gathering, line.notes)),
            lambda line: setattr(line.frames, "listening", ()),
            lambda line: setattr(line.frames, "recordings", (line.notes,)),
            lambda line: setattr(line.frames, "recordings", ()),
        ]
    ),
)


def test_it_is_compiled_where_there_is_a_compiler() -> None:
    assert FRAME_PATH.compiled or shutil.which("cc") is None


@given(st.lists(_steps, max_size=60))
def test_both_paths_do_the_same(steps: list[Step]) -> None:
    compiled, interpreted = OneLine(FRAME_PATH), OneLine(INTERPRETED)
    for line in (compiled, interpreted):
        line.frames.connect(line.port)
        line.frames.take_out_keys()
        line.frames.listening = (line.gathering, line.notes)
        for step in steps:
            step(line)
    assert compiled.notes == interpreted.notes
    assert compiled.port.sent == interpreted.port.sent
    assert compiled.failures == interpreted.failures == []
    assert compiled.frames.late_frames == interpreted.frames.late_frames
    assert compiled.frames.longest_gap_s == pytest.approx(interpreted.frames.longest_gap_s)


@pytest.mark.parametrize("path", [INTERPRETED, FRAME_PATH])
def test_a_fault_on_one_line_harms_no_other(path: FramePath) -> None:
    class Faulty:
        def hear(self, received: bytes, sent: bytes, tick: int) -> None:
            raise LookupError("a listener with a fault")

        def next_frame(self) -> bytes | None:
            raise LookupError("a speaker with a fault")

    bad, good = OneLine(path), OneLine(path)
    for line in (bad, good):
        line.frames.connect(line.port)
        line.play(160, False)
        line.frames.listening = (line.notes,)
    bad.frames.listening = (Faulty(),)
    failures: list[Exception] = []
    path.move((bad.frames, good.frames), 1, 0.02, failures)
    bad.frames.play(Faulty(), False)
    path.move((bad.frames, good.frames), 2, 0.04, failures)
    assert {type(failure) for failure in failures} == {LookupError}
    assert len(good.port.sent) == 2
    assert good.port.sent[0] == np.arange(1, 161, dtype="<i2").tobytes()
    assert [sent for _, sent, _ in good.notes.events[1:]] == good.port.sent


@pytest.mark.parametrize("path", [INTERPRETED, FRAME_PATH])
def test_speech_that_comes_frame_by_frame(path: FramePath) -> None:
    class Speech:
        def __init__(self) -> None:
            self.frames = [bytes([1]) * FRAME_BYTES, None, bytes([2]) * FRAME_BYTES]

        def next_frame(self) -> bytes | None:
            return self.frames.pop(0)

    line = OneLine(path)
    line.frames.connect(line.port)
    line.frames.play(Speech(), False)
    for _ in range(3):
        line.move(None)
    assert line.port.sent == [bytes([1]) * FRAME_BYTES, SILENCE, bytes([2]) * FRAME_BYTES]
