"""Secrets of scripted calls, on lines that stand still at every point of them.

What went over the line is compared with what the report shows, frame by frame: not one frame of a
secret is there, and every other one is.
"""

from __future__ import annotations

import asyncio
import base64
import io
import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import soundfile

from ivr.caller.performing.results import CallDone, Outcome, RunDone
from ivr.caller.performing.speaking import pcm_of, tones
from ivr.caller.reporting.junit import junit_xml
from ivr.caller.reporting.page import page
from ivr.caller.scenario.steps import Say
from ivr.telephony.sound.frames import SILENCE
from tests.caller.stalling_line import Stall, StallingCall, Stalls, frames_of

pytestmark = [pytest.mark.unit, pytest.mark.looptime(noop_cycles=2)]

PIN, PLAIN = "864209", "753"
STALLS = [Stalls(who, ms) for who in Stall for ms in (100, 300, 800)]
OTHER_KEYS = ("normal", "no-marker", "end-only", "lost-start", "lost-end", "info", "info-relay")
CALLS = [
    *(("in-band", stalls) for stalls in STALLS),
    *((keys, Stalls(who, 300)) for keys in OTHER_KEYS for who in Stall),
    *(("long", Stalls(who, 300, frozenset(range(0, 9000, 40)))) for who in Stall),
]


def steps_of(keys: str) -> list[dict[str, Any]]:
    return [
        {"dial": "3902", "keys": keys},
        {"press": PLAIN},
        {"press": "{pin}"},
        {"say": "secret.wav", "secret": True},
        {"say": "open.wav"},
        {"press": "{pin[0:3]}"},
        {"press": "{pin[3:6]}"},
        {"press": PLAIN},
        {"wait": 0.4},
        {"hang_up": True},
    ]


def voice(seed: int) -> bytes:
    """Half a second of noise, never silent: no frame is like another."""
    noise = np.random.default_rng(seed).normal(0, 3000, 4000)
    return np.clip(noise, -20000, 20000).astype("<i2").tobytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    for number, name in enumerate(("secret", "open")):
        pcm = np.frombuffer(voice(number), "<i2")
        soundfile.write(folder / f"{name}.wav", pcm, 8000, subtype="PCM_16")
    return folder


@pytest.fixture(autouse=True)
async def wire_on_virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wire's keys last as long as they should on the line's own clock."""
    clock = SimpleNamespace(monotonic=asyncio.get_running_loop().time)
    monkeypatch.setattr("ivr.caller.wire.relay.time", clock)


async def performed(call: StallingCall, keys: str, folder: Path) -> CallDone:
    return await call.perform(steps_of(keys), {"pin": PIN}, folder)


def both_sides(html: str) -> tuple[list[bytes], list[bytes]]:
    """What the report's page plays: frames received, and sent."""
    flac = re.search(r"data:audio/flac;base64,([A-Za-z0-9+/=]+)", html)
    assert flac is not None
    both, _ = soundfile.read(io.BytesIO(base64.b64decode(flac[1])), dtype="int16")
    left, right = (list(frames_of(both[:, side].tobytes())) for side in (0, 1))
    return left, right


def report(done: CallDone) -> str:
    return page([RunDone(Path("a.call.yaml"), "a", "", calls=[done])])


@dataclass(frozen=True)
class Frames:
    """What the calls send, by its content."""

    secret: frozenset[bytes]
    plain: frozenset[bytes]

    def marks(self, sent: list[bytes]) -> list[bool]:
        """Which frames that went to the other side were secret."""
        assert set(sent) <= self.secret | self.plain | {SILENCE}, "every frame is one of ours"
        return [frame in self.secret for frame in sent]


SECRET_TONES = frozenset(frames_of(tones(PIN, 80))) - {SILENCE}
PLAIN_TONES = frozenset(frames_of(tones(PLAIN, 80))) - {SILENCE}


@pytest.fixture
async def frames(folder: Path) -> Frames:
    recorded = {
        name: frozenset(frames_of(await pcm_of(Say(say=f"{name}.wav"), cast(Any, None), folder)))
        for name in ("secret", "open")
    }
    return Frames(SECRET_TONES | recorded["secret"], PLAIN_TONES | recorded["open"])


@pytest.mark.parametrize(("keys", "stalls"), CALLS)
async def test_stalled_at_every_frame(
    keys: str, stalls: Stalls, folder: Path, frames: Frames
) -> None:
    call = StallingCall(stalls)
    done = await performed(call, keys, folder)
    assert [step.outcome for step in done.steps] == [Outcome.PASSED] * 10, done.steps
    check(call, done, frames)
    if keys == "in-band":
        assert set(call.frames) >= SECRET_TONES, "the keys were sent"
        assert set(both_sides(report(done))[1]) >= PLAIN_TONES
    elif keys in ("normal", "info", "info-relay"):
        sent = "".join(body.removeprefix("Signal=")[0] for _, body in call.infos)
        assert sent == PLAIN + PIN + PIN + PLAIN
    else:
        assert (
            len({packet.timestamp for packet in call.far.packets if packet.payload_type == 101})
            == 18
        )


@pytest.mark.parametrize("who", Stall)
async def test_stalled_once_wherever_it_is(who: Stall, folder: Path, frames: Frames) -> None:
    """Just before, or with the first frame of each key and word of a secret, and of each pause."""
    whole = StallingCall(Stalls(who, 0))
    await performed(whole, "in-band", folder)
    marks = frames.marks(whole.frames)
    edges = [at for at in range(1, len(marks)) if marks[at] != marks[at - 1]]
    assert len(edges) >= 2 * (len(PIN) + 1)
    for number, edge in enumerate(edges):
        at = edge - number % 2
        call = StallingCall(Stalls(who, (100, 440, 800)[number % 3], frozenset({at})))
        done = await performed(call, "in-band", folder)
        check_sound(call, list(frames_of(done.sent)), frames)


async def test_a_call_that_ends_within_a_secret(folder: Path, frames: Frames) -> None:
    """Nothing has to be done after the secret for it to be one."""
    whole = StallingCall(Stalls(Stall.SOUND, 0))
    await performed(whole, "in-band", folder)
    first = frames.marks(whole.frames).index(True)
    for after in (1, 5, 17, 40):
        call = StallingCall(Stalls(Stall.SOUND, 0), hung_up_at=first + after)
        done = await performed(call, "in-band", folder)
        assert done.outcome is Outcome.FAILED
        check(call, done, frames)


def check(call: StallingCall, done: CallDone, frames: Frames) -> None:
    """Nothing that was secret is in the report, neither as sound nor as text."""
    html = report(done)
    check_sound(call, both_sides(html)[1], frames)
    run = RunDone(Path("a.call.yaml"), "a", "", calls=[done])
    assert PIN not in html + junit_xml([run]) + repr(done)
    details = "\n".join(f"{step.title} {step.detail}" for step in done.steps)
    for part in (PIN[:3], PIN[3:]):
        assert part not in details + "".join(passed.text for passed in done.ladder)
    for passed in done.ladder:
        assert passed.text.partition("\r\n\r\n")[2] in ("", "•", "v=0\r\n")


def check_sound(call: StallingCall, shown: list[bytes], frames: Frames) -> None:
    """Every frame that went is shown where it was sent, and silent if it was secret."""
    secret = frames.marks(call.frames)
    assert any(secret)
    expected = [
        SILENCE if hidden else frame for frame, hidden in zip(call.frames, secret, strict=True)
    ]
    sounding = next(number for number, frame in enumerate(expected) if frame != SILENCE)
    missed = sounding - next(number for number, frame in enumerate(shown) if frame != SILENCE)
    assert 0 <= missed <= 3, "the ear began to listen within the first frames"
    went, both = expected[missed:], min(len(shown), len(expected) - missed)
    assert shown[:both] == went[:both]
    assert set(shown[both:] + went[both:]) <= {SILENCE}
