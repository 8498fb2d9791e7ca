"""A scripted caller's keys go when they are due, however long the ear thinks of what it hears."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from ivr.caller.hearing.prompt_detector import Detected, PromptDetector
from ivr.caller.hearing.repertoire import Known, Repertoire
from ivr.caller.performing.call_ear import CallEar
from ivr.caller.performing.expecting import Expecting, NotAsExpected
from ivr.caller.performing.results import Outcome
from ivr.caller.performing.secrecy import Secrets
from ivr.caller.performing.stage import Stage
from ivr.caller.scenario.steps import Expect
from ivr.telephony.line import CallLine
from tests.caller.one_sound import OneSound, a_sound
from tests.caller.stalling_line import Stall, StallingCall, Stalls

pytestmark = pytest.mark.unit

PATIENCE_S = 60.0
KEYS = "3864#"
SAID = a_sound(5)
STILL = Stalls(Stall.SOUND, 0)


@dataclass
class StalledEar:
    """An ear that thinks until it is let go; whether that came, or its patience was at its end."""

    let_go: threading.Event = field(default_factory=threading.Event)
    was_asked: threading.Event = field(default_factory=threading.Event)
    was_let_go: list[bool] = field(default_factory=list)

    def hear(self, detector: PromptDetector, pcm: bytes) -> list[Detected]:
        self.was_asked.set()
        self.was_let_go.append(self.let_go.wait(PATIENCE_S))
        return _HEAR(detector, pcm)


_HEAR = PromptDetector.hear


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Iterator[StalledEar]:
    stalled = StalledEar()
    monkeypatch.setattr(PromptDetector, "hear", lambda *given: stalled.hear(*given))
    yield stalled
    stalled.let_go.set()


@dataclass
class Pressed(StallingCall):
    """Lets the ear go when all keys have gone."""

    ear: StalledEar = field(default_factory=StalledEar)

    def leg_sends(self, kind: str, body: str) -> None:
        super().leg_sends(kind, body)
        if len(self.infos) == len(KEYS):
            self.ear.let_go.set()


@pytest.mark.looptime(noop_cycles=2)
async def test_all_keys_go_while_the_ear_thinks_of_the_first_sound(
    ear: StalledEar, tmp_path: Path
) -> None:
    call = Pressed(STILL, ear=ear, threads=ThreadPoolExecutor(1))
    steps: list[dict[str, Any]] = [
        {"dial": "3902"},
        {"wait": 0.2},
        {"press": KEYS},
        {"hang_up": True},
    ]
    done = await call.perform(steps, {}, tmp_path)
    assert done.outcome is Outcome.PASSED, done.steps
    assert "".join(key for _, key in call.infos) == KEYS
    assert ear.was_let_go
    assert all(ear.was_let_go), "the keys waited for the ear"


async def test_what_came_in_time_counts_however_late_it_is_understood(ear: StalledEar) -> None:
    """And what did not come is missed as soon as all that came is understood."""
    hears = CallEar(Repertoire([Known("said", None, SAID.astype(np.float32))]))
    line = OneSound(SAID)
    listening = asyncio.ensure_future(hears.listen(cast(CallLine, line), None))
    while hears.now_ms < len(SAID) // 8:
        await asyncio.sleep(0)
    secrets = Secrets(frozenset(), {})
    expecting = Expecting(cast(Stage, None), hears, None, secrets, time.monotonic())
    step = Expect.model_validate({"expect": "said", "within": 0.001})
    waiting = asyncio.ensure_future(expecting.prompt(step))
    begun = time.monotonic()
    while not ear.was_asked.is_set() or time.monotonic() < begun + 0.05:
        await asyncio.sleep(0.01)
    assert not waiting.done()
    ear.let_go.set()
    assert (await waiting).heard_ms is not None
    with pytest.raises(NotAsExpected, match="not heard within"):
        await expecting.prompt(step)
    line.over.set()
    await listening
    assert [detected.known.name for detected in hears.detected] == ["said"]
