"""Playing, listening and recording on a frame clock turned by hand."""

from __future__ import annotations

import asyncio
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from ivr.dialogue.line import HungUp
from ivr.telephony.sound.frames import FRAME_BYTES, SILENCE
from ivr.telephony.sound.line_audio import LineAudio
from tests.support.frame_paths import NAMES, PATHS
from tests.support.posting import to_this_loop

pytestmark = pytest.mark.unit


def sound(frames: int, value: int = 1) -> bytes:
    return np.full(frames * 160, value, "<i2").tobytes()


@pytest.fixture(params=PATHS, ids=NAMES)
async def audio(request: pytest.FixtureRequest) -> LineAudio:
    return LineAudio(to_this_loop(), request.param)


async def test_an_utterance_is_handed_over_frame_by_frame(audio: LineAudio) -> None:
    playback = audio.play(sound(2) + sound(1)[:160])
    frames = [audio.frames.frame_to_send(time.monotonic()) for _ in range(4)]
    assert frames[:2] == [sound(1), sound(1)]
    assert frames[2] == sound(1)[:160] + bytes(160)
    assert frames[3] is None
    assert await playback.finished() is True
    assert playback.played_ms == 50


async def test_the_end_is_told_with_the_last_frame(audio: LineAudio) -> None:
    playback = audio.play(sound(2))
    audio.frames.frame_to_send(time.monotonic())
    waiting = asyncio.ensure_future(playback.finished())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    audio.frames.frame_to_send(time.monotonic())
    assert await waiting is True


async def test_stopped_is_silent_at_once_and_keeps_how_much_was_heard(audio: LineAudio) -> None:
    playback = audio.play(sound(10))
    audio.frames.frame_to_send(time.monotonic())
    playback.stop()
    assert audio.frames.frame_to_send(time.monotonic()) is None
    assert await playback.finished() is False
    assert playback.played_ms == 20
    playback.stop()


async def test_a_stop_after_the_end_changes_nothing(audio: LineAudio) -> None:
    playback = audio.play(sound(1))
    audio.frames.frame_to_send(time.monotonic())
    assert await playback.finished() is True
    playback.stop()
    assert await playback.finished() is True


async def test_the_next_utterance_replaces_the_one_that_plays(audio: LineAudio) -> None:
    first = audio.play(sound(10, 1))
    audio.frames.frame_to_send(time.monotonic())
    second = audio.play(sound(1, 2))
    assert audio.frames.frame_to_send(time.monotonic()) == sound(1, 2)
    assert await first.finished() is False
    assert await second.finished() is True


async def test_nothing_to_say_and_half_a_sample(audio: LineAudio) -> None:
    playback = audio.play(b"")
    assert await playback.finished() is True
    assert audio.frames.frame_to_send(time.monotonic()) is None
    with pytest.raises(ValueError, match="odd number"):
        audio.play(b"abc")


async def test_a_hang_up_wakes_who_waits(audio: LineAudio) -> None:
    playback = audio.play(sound(10))
    waiting = asyncio.ensure_future(playback.finished())
    await asyncio.sleep(0)
    audio.hang_up()
    with pytest.raises(HungUp):
        await waiting


async def test_a_slow_listener_loses_the_oldest_and_knows_it(audio: LineAudio) -> None:
    listening = audio.listen(longest_ms=60)
    for value in range(1, 6):
        audio.frames.frame_received(sound(1, value), 1)
    assert listening.dropped == 2
    audio.hang_up()
    assert [frame async for frame in listening] == [sound(1, value) for value in (3, 4, 5)]


async def test_a_listener_may_be_woken_for_several_frames_at_once(audio: LineAudio) -> None:
    listening = audio.listen(longest_ms=1000, frames_at_once=3)
    waiting = asyncio.ensure_future(anext(listening))
    for value in (1, 2):
        await asyncio.sleep(0.01)
        audio.frames.frame_received(sound(1, value), 1)
    await asyncio.sleep(0.01)
    assert not waiting.done()
    audio.frames.frame_received(sound(1, 3), 1)
    assert await waiting == sound(1, 1)
    audio.hang_up()
    assert [frame async for frame in listening] == [sound(1, 2), sound(1, 3)]


async def test_who_follows_a_line_is_told_of_some_frames_at_a_time(audio: LineAudio) -> None:
    followed: list[tuple[bytes, bytes]] = []
    following = audio.follow(lambda received, sent: followed.append((received, sent)))
    following.frames_at_once = 2
    audio.play(sound(4, 7))
    for value in (1, 2, 3):
        audio.frames.frame_to_send(time.monotonic())
        audio.frames.frame_received(sound(1, value), value)
    await asyncio.sleep(0.01)
    assert followed == [(sound(1, 1) + sound(1, 2), sound(2, 7))]
    audio.frames.frame_received(sound(1, 4), 4)
    following.close()
    await asyncio.sleep(0.01)
    assert len(followed) == 1, "nothing is told once it is closed, not even what is on its way"


async def test_all_who_follow_are_told_at_the_same_beat(audio: LineAudio) -> None:
    """Whenever they began, so that the event loop wakes once for all lines."""
    followed: list[str] = []
    first = audio.follow(lambda received, sent: followed.append("first"))
    first.frames_at_once = 4
    for tick in (1, 2, 3):
        audio.frames.frame_received(sound(1), tick)
    second = audio.follow(lambda received, sent: followed.append(f"second {len(received)}"))
    second.frames_at_once = 4
    audio.frames.frame_received(sound(1), 4)
    await asyncio.sleep(0.01)
    assert followed == ["first", f"second {FRAME_BYTES}"]


async def test_a_listener_is_woken_and_hears_silence_too(audio: LineAudio) -> None:
    listening = audio.listen(longest_ms=1000)
    waiting = asyncio.ensure_future(anext(listening))
    await asyncio.sleep(0.01)
    audio.frames.frame_received(b"", 1)
    assert await waiting == SILENCE
    listening.close()
    audio.frames.frame_received(sound(1), 1)
    with pytest.raises(StopAsyncIteration):
        await anext(listening)


async def test_both_sides_are_recorded_aligned(audio: LineAudio, tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    audio.flows()
    recording = audio.record(path)
    audio.play(sound(40, 7))
    for value in range(1, 61):
        audio.frames.frame_to_send(time.monotonic())
        audio.frames.frame_received(sound(1, value), 1)
    audio.play(sound(2, 9), secret=True)
    for value in (61, 62):
        assert audio.frames.frame_to_send(time.monotonic()) == sound(1, 9)
        audio.frames.frame_received(sound(1, value), 1)
    audio.hang_up()
    audio.frames.frame_received(sound(1, 98), 1)
    await recording.closed()

    with wave.open(str(path)) as wav:
        both = np.frombuffer(wav.readframes(wav.getnframes()), "<i2").reshape(-1, 160, 2)
    assert both[:, 0, 0].tolist() == [*range(1, 63)]
    assert both[:, 159, 1].tolist() == [7] * 40 + [0] * 22
    assert recording.lost_frames == 0


async def test_the_time_before_the_first_frame_is_silence(audio: LineAudio, tmp_path: Path) -> None:
    recording = audio.record(tmp_path / "call.wav")
    audio.frames.frame_received(sound(1, 5), 1)  # nothing before the clock starts
    await asyncio.sleep(0.1)
    audio.flows()
    audio.frames.frame_received(sound(1, 6), 1)
    await recording.closed()
    with wave.open(str(tmp_path / "call.wav")) as wav:
        left = np.frombuffer(wav.readframes(wav.getnframes()), "<i2")[::2]
    assert 4 * 160 <= len(left) - 160 <= 9 * 160
    assert not left[:-160].any()
    assert left[-160:].tolist() == [6] * 160


async def test_a_recording_that_cannot_be_written_is_said_and_harms_no_call(
    audio: LineAudio, tmp_path: Path
) -> None:
    with pytest.raises(OSError, match="No such file"):
        audio.record(tmp_path / "missing" / "call.wav")
    audio.flows()
    recording = audio.record(Path("/dev/full"))
    for _ in range(100):
        audio.frames.frame_received(sound(1), 1)
    await recording.closed()
    assert recording.lost_frames == 100


class NotingTape:
    """Notes what it is given, in order."""

    def __init__(self) -> None:
        self.given: list[object] = []

    def begin(self, now: float | None) -> None:
        self.given.append("begin")

    def add(self, received: bytes, sent: bytes) -> None:
        self.given.append((received, sent))

    def key_came(self) -> None:
        self.given.append("key")

    def end(self) -> None:
        self.given.append("end")


async def test_a_tape_gets_both_sides_and_word_of_each_key(audio: LineAudio) -> None:
    tape = NotingTape()
    audio.keep(tape)
    audio.flows()
    audio.play(sound(1, 7))
    audio.frames.frame_to_send(time.monotonic())
    audio.frames.frame_received(sound(1, 5), 1)
    audio.key_is_down(new=True)
    audio.key_is_down(new=False)
    audio.play(sound(1, 8), secret=True)
    audio.frames.frame_to_send(time.monotonic())
    audio.frames.frame_received(sound(1, 6), 2)
    audio.hang_up()
    both = (sound(1, 5), sound(1, 7)), (sound(1, 6), SILENCE)
    assert tape.given == ["begin", both[0], "key", both[1], "end"]


async def test_late_frames_are_counted_but_not_a_hold(audio: LineAudio) -> None:
    audio.frames.frame_to_send(time.monotonic())
    await asyncio.sleep(0.07)
    audio.frames.frame_to_send(time.monotonic())
    assert audio.frames.late_frames == 1
    audio.held()
    await asyncio.sleep(0.5)
    audio.flows()
    audio.frames.frame_to_send(time.monotonic())
    assert audio.frames.late_frames == 1
    assert audio.frames.longest_gap_s < 0.5
    assert len(SILENCE) == FRAME_BYTES
