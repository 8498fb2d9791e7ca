"""The sound of keys in a caller's voice: taken out by what it is, whenever it comes."""

from __future__ import annotations

import asyncio
import itertools
import random
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ivr.telephony.sound.dictation import Dictation
from ivr.telephony.sound.frames import FRAME_BYTES, SILENCE
from ivr.telephony.sound.line_audio import LineAudio
from ivr.telephony.sound.tones import KEYPAD, tone_key
from tests.support.frame_paths import NAMES, PATHS
from tests.support.posting import to_this_loop
from tests.support.touch_tones import Sound, alaw, from_alaw, quiet, tone

pytestmark = pytest.mark.unit

PIN = "864209"
KEYS = [key for row in KEYPAD for key in row]
VOICE = np.random.default_rng(5).normal(0, 1500, 160 * 40)


def over_the_line(*parts: Sound) -> list[bytes]:
    """As frames, after A-law."""
    pcm = from_alaw(alaw(*parts)).astype("<i2").tobytes()
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES)]


@pytest.fixture(params=PATHS, ids=NAMES)
async def audio(request: pytest.FixtureRequest) -> LineAudio:
    audio = LineAudio(to_this_loop(), request.param)
    audio.take_out_keys()
    audio.flows()
    return audio


def key_in(frames: Sequence[bytes]) -> set[str]:
    """Keys that anybody could find in 10 ms of it, wherever they begin."""
    sound = np.frombuffer(b"".join(frames), "<i2").astype(np.float32)
    found = {tone_key(sound[at : at + 160]) for at in range(0, len(sound) - 160, 8)}
    for at in range(0, len(sound) - 80, 8):  # shorter still, alone in silence
        short = np.concatenate([np.zeros(40), sound[at : at + 80], np.zeros(40)])
        found.add(tone_key(short.astype(np.float32)))
    return {key for key in found if key is not None}


async def sound_given(
    audio: LineAudio, frames: Sequence[bytes], events: Sequence[int] = ()
) -> list[bytes]:
    """What a recogniser is given of these frames, with word of a key before some of them."""
    listening = audio.listen(longest_ms=100_000)
    for tick, frame in enumerate(frames):
        for _ in range(list(events).count(tick)):
            audio.key_is_down(new=True)
        audio.frames.frame_received(frame, tick)
    audio.hang_up()
    return [frame async for frame in listening]


@pytest.mark.parametrize("lasts_ms", [20, 45, 160])
@pytest.mark.parametrize("key", KEYS)
async def test_no_frame_of_a_key_is_left_and_no_other_is_lost(key: str, lasts_ms: int) -> None:
    """Wherever in a frame it begins, and in whichever it ends."""
    for phase in range(0, 160, 16):
        audio = LineAudio(to_this_loop())
        audio.take_out_keys()
        before, after = quiet(200 + phase / 8), quiet(200 - phase / 8)
        frames = over_the_line(VOICE, before, tone(key, lasts_ms), after, VOICE)
        given = await sound_given(audio, frames)
        assert len(given) == len(frames)
        first, last = 40 + 10 + phase // 160, 40 + 10 + (phase + lasts_ms * 8 - 1) // 160
        assert set(given[first : last + 1]) == {SILENCE}
        assert given[: first - 1] == frames[: first - 1], "what was said before"
        assert given[last + 5 :] == frames[last + 5 :], "what was said after it"


@pytest.mark.parametrize("late_ms", [-800, -400, -100, 0, 100, 300, 800])
async def test_whenever_word_of_the_keys_comes(audio: LineAudio, late_ms: int) -> None:
    """The tones come so much later than their events, or so much before them."""
    keys = [part for key in PIN for part in (tone(key, 120), quiet(80))]
    frames = over_the_line(VOICE, quiet(100), *keys, VOICE)
    begin = 45
    events = [max(0, begin + number * 10 - late_ms // 20) for number in range(len(PIN))]
    given = await sound_given(audio, frames, events)
    assert key_in(frames) >= set(PIN)
    assert key_in(given[40:-40]) == set()
    assert given[:40] == frames[:40]
    assert given[-38:] == frames[-38:]


async def test_frames_that_come_late_and_in_bursts(audio: LineAudio, tmp_path: Path) -> None:
    """The ticks are counted on while nothing comes; then all comes at once, or with holes in it."""
    chance = random.Random(7)
    recording = audio.record(tmp_path / "call.wav")
    listening = audio.listen(longest_ms=100_000)
    keys = [part for key in PIN for part in (tone(key, 160), quiet(60))]
    frames = over_the_line(VOICE, quiet(60), *keys, VOICE)
    came: list[bytes] = []
    ticks = itertools.count()
    for number, frame in enumerate(frames):
        if number % 5 == 0 and chance.random() < 0.5:
            for _ in range(chance.randint(5, 40)):  # nothing comes for 100 to 800 ms
                audio.frames.frame_received(b"", next(ticks))
                came.append(SILENCE)
            audio.key_is_down(new=chance.random() < 0.5)
        audio.frames.frame_received(frame, next(ticks))
        came.append(frame)
    audio.hang_up()
    given = [frame async for frame in listening]
    assert len(given) == len(came)
    assert key_in(given) - key_in(over_the_line(VOICE)) == set()
    spoken = [frame for frame in frames[:40] + frames[-39:] if frame != SILENCE]
    assert set(spoken) <= set(given)
    await recording.closed()
    with wave.open(str(tmp_path / "call.wav")) as wav:
        both = np.frombuffer(wav.readframes(wav.getnframes()), "<i2").reshape(-1, 2)
    assert both[-len(b"".join(given)) // 2 :, 0].tobytes() == b"".join(given), "recorded alike"


async def test_keys_as_tones_are_keys_and_no_sound(audio: LineAudio) -> None:
    pressed: list[str] = []
    audio.hear_tones(pressed.append)
    keys = [part for key in PIN for part in (tone(key, 80), quiet(60))]
    given = await sound_given(audio, over_the_line(VOICE, quiet(60), *keys))
    await asyncio.sleep(0)
    assert "".join(pressed) == PIN
    assert key_in(given[40:]) == set()


async def test_what_was_sent_stays_beside_what_was_received(audio: LineAudio) -> None:
    """Both are handed on a frame later, so an echo is looked for in the right place."""
    listening = audio.listen(longest_ms=10_000)
    audio.play(b"".join(np.full(160, value, "<i2").tobytes() for value in range(1, 21)))
    for tick in range(1, 21):
        audio.frames.frame_to_send(tick * 0.02)
        audio.frames.frame_received(np.full(160, tick, "<i2").tobytes(), tick)
    audio.hang_up()
    pairs = [pair async for pair in listening.with_what_was_sent()]
    assert len(pairs) == 20, "the last one too"
    assert all(received == sent for received, sent in pairs)


async def test_nothing_old_is_handed_on_to_a_new_listener(audio: LineAudio) -> None:
    first = audio.listen(longest_ms=1000)
    audio.frames.frame_received(np.full(160, 1, "<i2").tobytes(), 1)
    first.close()
    audio.frames.listening = ()
    audio.frames.frame_received(np.full(160, 2, "<i2").tobytes(), 2)
    second = audio.listen(longest_ms=1000)
    audio.frames.frame_received(np.full(160, 3, "<i2").tobytes(), 3)
    audio.hang_up()
    assert [frame[:1] async for frame in second] == [b"\x03"]


@pytest.mark.parametrize("by_tone", [False, True])
@pytest.mark.parametrize("stalled", [0, 5, 40])
async def test_a_dictation_ends_where_the_key_came(
    audio: LineAudio, by_tone: bool, stalled: int
) -> None:
    """However long the event loop stands still after it."""
    if by_tone:
        audio.hear_tones(lambda key: None)
    dictation = Dictation(audio.listen(60_000, until_key=True))
    ticks = itertools.count()
    for frame in over_the_line(VOICE)[:40]:
        audio.frames.frame_received(frame, next(ticks))
    if by_tone:
        for frame in over_the_line(tone("#", 100)):
            audio.frames.frame_received(frame, next(ticks))
    else:
        audio.key_is_down(new=True)
    for _ in range(stalled):
        audio.frames.frame_received(np.full(160, 3000, "<i2").tobytes(), next(ticks))
    spoken = await dictation.stop()
    expected = b"".join(over_the_line(VOICE)[:40])
    assert (
        spoken.rstrip(b"\0")[:-FRAME_BYTES] == expected[: len(spoken.rstrip(b"\0")) - FRAME_BYTES]
    )
    assert len(expected) - 2 * FRAME_BYTES <= len(spoken) <= len(expected) + 2 * FRAME_BYTES


async def test_a_key_that_is_still_held_ends_no_dictation(audio: LineAudio) -> None:
    dictation = Dictation(audio.listen(60_000, until_key=True))
    for tick in range(10):
        audio.key_is_down(new=False)
        audio.frames.frame_received(np.full(160, tick, "<i2").tobytes(), tick)
    assert len(await dictation.stop()) == 9 * FRAME_BYTES
