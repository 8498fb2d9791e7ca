"""What a recording of a call gets of its caller, wherever the line or the event loop stalls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from ivr.call.call_tape import LONGEST_BACKLOG, CallTape
from ivr.call.caller_gate import NOISY_FRAMES, QUIET_FRAMES
from ivr.telephony.sound.frames import SILENCE

pytestmark = pytest.mark.unit

HUSH = np.full(160, 8, "<i2").tobytes()
"""What A-law has for silence."""


def voice(seed: int, frames: int = 25) -> list[bytes]:
    """Half a second in which no frame is like another, nor any quiet."""
    noise = np.random.default_rng(seed).normal(0, 3000, (frames, 160))
    return [row.astype("<i2").tobytes() for row in np.clip(noise, -20000, 20000)]


LANGUAGE, AHEAD, PIN, MENU = (voice(seed) for seed in range(4))


def kept(tape: CallTape) -> list[bytes]:
    caller, _ = tape.take(LONGEST_BACKLOG)
    return [caller[at : at + 320] for at in range(0, len(caller), 320)]


def feed(tape: CallTape, frames: Iterable[bytes]) -> None:
    for frame in frames:
        tape.add(frame, SILENCE)


def with_stall(frames: list[bytes], at: int, ms: int) -> Iterator[bytes]:
    """The line gives nothing for so long, before the frame with this number."""
    yield from frames[:at]
    yield from [SILENCE] * (ms // 20)
    yield from frames[at:]


def test_only_what_answers_a_question_that_is_no_secret_is_kept() -> None:
    tape = CallTape()
    feed(tape, AHEAD)
    tape.asks(secret=False)
    feed(tape, LANGUAGE)
    tape.answered()
    feed(tape, AHEAD)
    tape.asks(secret=True)
    feed(tape, PIN)
    tape.answered()
    tape.asks(secret=False)
    feed(tape, [HUSH] * QUIET_FRAMES)
    feed(tape, MENU)
    frames = kept(tape)
    assert frames[25:50] == LANGUAGE
    assert frames[-25:] == MENU
    assert set(frames[:25]) | set(frames[50:-25]) == {SILENCE}


@pytest.mark.parametrize("ms", [100, 300, 800])
def test_wherever_the_line_stalls_within_a_secret(ms: int) -> None:
    """The event loop has taken the secret for answered when the rest of it comes, and the next
    question is put: by a key, or by a recogniser that did not wait for the end."""
    for stall in range(len(PIN)):
        for answered in range(len(PIN)):
            tape = CallTape()
            tape.asks(secret=True)
            for number, frame in enumerate(with_stall(PIN, stall, ms)):
                if number == answered:
                    tape.answered()
                    tape.asks(secret=False)
                tape.add(frame, SILENCE)
            feed(tape, [HUSH] * QUIET_FRAMES + MENU)
            frames = kept(tape)
            assert not set(PIN) & set(frames)
            assert frames[-25:] == MENU


@pytest.mark.parametrize("late_ms", [0, 100, 300, 800])
def test_what_is_said_while_keying_ahead_is_not_kept(late_ms: int) -> None:
    """A caller keys their PIN before it is asked for, and says it too: the sound may come later."""
    tape = CallTape()
    tape.asks(secret=False)
    for _ in range(4):
        tape.key_came()
    feed(tape, [SILENCE] * (late_ms // 20) + PIN)
    tape.answered()
    assert set(kept(tape)) == {SILENCE}


def test_on_a_noisy_line_the_caller_is_kept_after_a_while() -> None:
    tape = CallTape()
    tape.asks(secret=True)
    tape.answered()
    tape.asks(secret=False)
    noise = voice(9, NOISY_FRAMES + 50)
    feed(tape, noise)
    frames = kept(tape)
    assert set(frames[: NOISY_FRAMES - 1]) == {SILENCE}
    assert frames[-49:] == noise[-49:]


def test_a_recording_whose_disk_stands_still_takes_no_more() -> None:
    tape = CallTape()
    feed(tape, [HUSH] * LONGEST_BACKLOG)
    assert not tape.spoilt
    feed(tape, [HUSH])
    assert tape.spoilt
    assert tape.waiting == LONGEST_BACKLOG
