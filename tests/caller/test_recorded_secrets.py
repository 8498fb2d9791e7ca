"""What the demonstration call says of its secrets is not in its WAV, wherever the line stalls."""

from __future__ import annotations

import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from ivr.caller.driver import DemoCaller, Speech
from ivr.telephony.sound.frames import SILENCE
from tests.caller.stalling_line import Stall, StallingLine, Stalls, frames_of
from tests.support.fakes.book import PaperBook

pytestmark = [pytest.mark.unit, pytest.mark.looptime(noop_cycles=2)]

QUESTIONS = ("login.user_id", "login.pin", "login.code", "main_menu", "login.pin", "ccrn")
SECRET = ("login.pin", "login.code")


def voice(seed: int) -> bytes:
    """A third of a second in which no frame is like another, nor any silent."""
    noise = np.random.default_rng(seed).normal(0, 3000, 2650)
    return np.clip(noise, -20000, 20000).astype("<i2").tobytes()


async def recorded(line: StallingLine, path: Path) -> tuple[list[bytes], list[bytes]]:
    """The frames of both sides in the WAV of a call in which everything is said aloud."""
    answers: dict[str, list[Speech]] = {}
    for number, name in enumerate(QUESTIONS):
        answers.setdefault(name, []).append(Speech(name, voice(number)))

    async def dial(*_: object, **__: object) -> object:
        return line.answered()

    driver = DemoCaller(
        cast(Any, SimpleNamespace(dial=dial)),
        cast(Any, PaperBook(QUESTIONS)),
        answers,
        listens=False,
    )
    await driver.call("sip:3902", from_user="1", recording=path)
    await line.clock
    with wave.open(str(path)) as wav:
        both = np.frombuffer(wav.readframes(wav.getnframes()), "<i2").reshape(-1, 2)
    left, right = (list(frames_of(both[:, side].tobytes())) for side in (0, 1))
    return left, right


@pytest.mark.parametrize("ms", [100, 300, 800])
@pytest.mark.parametrize("who", Stall)
async def test_wherever_the_line_stalls(who: Stall, ms: int, tmp_path: Path) -> None:
    """Stalled at every seventh frame, so before, within and after each secret; seven times over."""
    secret = {
        frame
        for number, name in enumerate(QUESTIONS)
        for frame in frames_of(voice(number))
        if name in SECRET
    }
    frames = [np.full(160, 100 + number % 999, "<i2").tobytes() for number in range(9000)]
    for first in range(7):
        at = frozenset(range(first, 9000, 7))
        line = StallingLine(Stalls(who, ms, at), frames)
        left, right = await recorded(line, tmp_path / f"{first}.wav")
        assert len(secret & set(line.frames)) == len(secret), "the secrets were said"
        expected = [SILENCE if frame in secret else frame for frame in line.frames]
        while left[0] == SILENCE:  # the time it took to open the file
            del left[0], right[0]
        begins = frames.index(left[0])
        assert begins <= 60, "recorded from the beginning"
        assert right == expected[begins : begins + len(right)]
        assert left == frames[begins : begins + len(left)]
        assert set(expected[begins + len(right) :]) <= {SILENCE}
