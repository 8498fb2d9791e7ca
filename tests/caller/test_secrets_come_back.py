"""Secrets that the other side sends back: echoes, and numbers read out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from ivr.caller.hearing.prompt_detector import Detected
from ivr.caller.hearing.repertoire import Known
from ivr.caller.performing.echo import echoes
from ivr.caller.performing.results import Outcome
from ivr.caller.performing.secrecy import Secrets
from ivr.caller.performing.speaking import tones
from ivr.caller.scenario.scenario import filled
from ivr.caller.scenario.steps import AnyStep, Press, Say, SendInfo
from ivr.caller.wire.message import Message
from ivr.telephony.sound.frames import SILENCE
from speech.languages.language import Language
from tests.caller.stalling_line import Stall, StallingCall, Stalls, frames_of

pytestmark = pytest.mark.unit

PIN, PLAIN = "864209", "753"
STEPS: list[dict[str, Any]] = [
    {"dial": "3902", "keys": "in-band"},
    {"press": PLAIN},
    {"say": "open.wav"},
    {"press": "{pin}"},
    {"say": "secret.wav", "secret": True},
    {"press": PLAIN},
    {"say": "open.wav"},
    {"wait": 2.5},
    {"hang_up": True},
]


class EchoingCall(StallingCall):
    """What goes comes back, 20 dB softer."""

    delay = 0

    def coming(self, number: int) -> bytes:
        if number < self.delay:
            return SILENCE
        frame = np.frombuffer(self.frames[number - self.delay], "<i2")
        return (frame * 0.1).astype("<i2").tobytes()


def voice(seed: int) -> np.ndarray[Any, np.dtype[np.int16]]:
    noise = np.random.default_rng(seed).normal(0, 4000, 8000)
    return np.clip(noise, -20000, 20000).astype("<i2")


@pytest.mark.looptime(noop_cycles=2)
@pytest.mark.parametrize("delay_ms", [20, 160, 520, 2000])
@pytest.mark.parametrize("who", Stall)
async def test_an_echo_is_silent_however_late_it_comes(
    who: Stall, delay_ms: int, tmp_path: Path
) -> None:
    for number, name in enumerate(("secret", "open")):
        soundfile.write(tmp_path / f"{name}.wav", voice(number), 8000, subtype="PCM_16")
    call = EchoingCall(Stalls(who, 300, frozenset(range(0, 9000, 11))))
    call.delay = delay_ms // 20
    done = await call.perform(STEPS, {"pin": PIN}, tmp_path)
    assert done.outcome is Outcome.PASSED, done.steps

    marks = [frame != SILENCE for frame in call.frames]
    received = list(frames_of(done.received))
    first = marks.index(True)
    missed = first + call.delay - [is_loud(frame) for frame in received].index(True)
    assert 0 <= missed <= 3
    secret = set(frames_of(tones(PIN, 80))) - {SILENCE}
    sent_at = secret_frames(call.frames, secret)
    near = {at + more for at in sent_at for more in range(-4, 5)}
    left = lost = 0
    for at, frame in enumerate(received):
        source = at + missed - call.delay
        if source < 0 or not marks[source]:
            continue
        loud = is_loud(frame)
        left += loud and source in sent_at
        lost += not loud and source not in near
    assert (left, lost) == (0, 0)


def is_loud(frame: bytes) -> bool:
    """Whether there is sound in it; silence is not quite silent after A-law."""
    return int(np.abs(np.frombuffer(frame, "<i2")).max()) > 100


def secret_frames(frames: list[bytes], keys: set[bytes]) -> set[int]:
    """Which frames that were sent are secret: the keys, and the voice that comes after them."""
    found = {at for at, frame in enumerate(frames) if frame in keys}
    at = max(found) + 1
    while frames[at] == SILENCE:
        at += 1
    while frames[at] != SILENCE:
        if frames[at] in set(frames_of(tones(PLAIN, 80))):
            break
        found.add(at)
        at += 1
    return found


def test_other_voices_and_other_keys_are_no_echo() -> None:
    line = np.concatenate([voice(5), np.frombuffer(tones("753#", 80), "<i2"), voice(6)])
    assert echoes(line.tobytes(), PIN, [voice(7).tobytes()]) == []
    assert echoes(b"", PIN, [voice(7).tobytes()]) == []
    assert echoes(line.tobytes(), "", []) == []


def detected(*names: str) -> list[Detected]:
    sound = np.ones(10, np.float32)
    return [
        Detected(Known(name, Language.ENGLISH, sound), 100 * at, 100 * at + 90, 0, 1.0, None)
        for at, name in enumerate(names)
    ]


def test_a_secret_that_is_read_to_us_is_found_by_its_digits() -> None:
    secrets = Secrets(frozenset({"code"}), {"code": "8642", "ubr": "1234"})
    digits = [f"unit/digit.{digit}" for digit in "1238642864277"]
    spoken = detected("bundle.done--1", *digits, "bundle.done--2", *digits[:5])
    assert list(secrets.read_out(spoken)) == [(400, 790), (800, 1190)]


def test_what_is_secret_is_told_by_what_it_is_made_of() -> None:
    variables = {"pin": PIN, "plain": "1", "language": "en"}
    secrets = Secrets(frozenset({"pin"}), variables)

    def secret(step: AnyStep) -> bool:
        return bool(getattr(secrets.marked(step, filled(step, variables)), "secret", False))

    assert secret(Press(press="{pin}"))
    assert secret(Press(press="{pin[0:1]}"))
    assert secret(Press(press=f"1{PIN}#"))
    assert secret(Press(press="9", secret=True))
    assert secret(Say(say="{pin[3:6]}", spelled=True))
    assert secret(SendInfo(send_info="text/plain", body="it is {pin[0:2]}"))
    assert not secret(Press(press="{plain}"))
    assert not secret(Say(say="six"))
    assert not secret(SendInfo(send_info="text/plain", body="{plain}"))


def test_texts_and_messages_are_shown_without_it() -> None:
    variables = {"pin": PIN}
    secrets = Secrets(frozenset({"pin"}), variables)
    step = SendInfo(send_info="text/plain", body="it is {pin[0:2]}")
    secrets.marked(step, filled(step, variables))
    info = Message("INFO sip:3902 SIP/2.0", ("Content-Type: text/plain",), "it is 86")
    assert secrets.masked_message(info).body == "•"
    invite = Message(f"INVITE sip:3902;pin={PIN}@a SIP/2.0", (f"To: <sip:3902;pin={PIN}@a>",), "")
    assert PIN not in secrets.masked_message(invite).data().decode()
    assert secrets.masked("recognised “eight six four two zero nine”") == "recognised “•”"
    assert secrets.masked("八六四二零九") == "•"
    assert secrets.masked("score 0.986; 86 ms") == "score 0.986; 86 ms"
    saying = Say(say="864", secret=True)
    assert secrets.masked("nothing but silence came of 864", saying).endswith("came of •")
