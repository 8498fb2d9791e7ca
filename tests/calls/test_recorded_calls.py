"""Recordings of real calls: announced first, with all that may be kept, and without a secret."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest
import pytest_asyncio
import soundfile
from cryptography.fernet import Fernet

from ivr.caller.driver import Speech
from ivr.caller.performing.echo import echoes
from ivr.dialogue.trace import MASK, StepKind
from ivr.observe.metrics import MeteredRecords
from ivr.recorded_calls.sealed import Opened
from ivr.recorded_calls.shelf import RecordedCalls
from ivr.recorded_calls.sound import as_wav
from ivr.records.call_book import CallBook
from ivr.telephony.telephone import Telephone
from prompts.library import load_library
from speech.languages.language import Language
from tests.calls.test_spoken_calls import says, spells
from tests.support.callers import Caller, log_in
from tests.support.pace import limit
from tests.support.service import Service
from tests.support.touch_tones import quiet, tone

pytestmark = [pytest.mark.call, pytest.mark.real_time, pytest.mark.asyncio(loop_scope="session")]

KEY = Fernet.generate_key().decode()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(
        tmp_path_factory.mktemp("recorded"),
        {
            "pool": {"workers": 1},
            "call_recording": {"enabled": True, "keys": [KEY], "leave_free_mb": 0},
        },
    )
    service.start()
    yield service
    service.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def caller(service: Service, telephone: Telephone) -> AsyncIterator[Caller]:
    settings = service.settings
    book = CallBook(settings.records_url, settings.records, MeteredRecords())
    caller = Caller(service, telephone, book)
    yield caller
    await caller.idle()
    await book.shut()


def in_the_sound(keys: str) -> Speech:
    """Keys as a bad gateway sends them: tones in the sound, beside no event."""
    parts = [part for key in keys for part in (tone(key, 120), quiet(80))]
    return Speech("tones", np.concatenate(parts).astype("<i2").tobytes())


def recording_of(service: Service, call_id: str) -> Opened:
    """Once it is whole."""
    shelf, deadline = RecordedCalls(service.settings.recorded_calls), time.monotonic() + limit(10)
    while True:
        found = shelf.open(call_id, (KEY,))
        if found is not None and found.whole:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


@pytest.mark.timeout(300)
async def test_all_but_the_secrets_is_kept(caller: Caller) -> None:
    """The PIN as tones in the sound and then by events, the code aloud; menus aloud."""
    demo = await caller.demo()
    keyed = log_in(demo, "en")
    pin, code = keyed["login.pin"][0], keyed["login.code"][0]
    language, menu = says(Language.ENGLISH, "english"), says(Language.ENGLISH, "status")
    spoken_code = spells(Language.ENGLISH, code)
    called = await caller.call(
        {
            "welcome.language": language,
            "login.user_id": keyed["login.user_id"],
            "login.pin": [in_the_sound(pin), pin],
            "login.code": spoken_code,
            "main_menu": menu,
        },
        from_user="anonymous",
        leaves_after="own.none",
    )
    answered = {step.name: step.value for step in called.steps if step.kind == StepKind.ANSWERED}
    assert answered["login.pin"] == answered["login.code"] == MASK
    first = next(step for step in called.steps if step.kind == StepKind.SAID)
    assert first.name == "+".join(["welcome.recorded"] * 3)

    found = recording_of(caller.service, called.steps[0].call_id)
    for path in caller.service.settings.recorded_calls.rglob("*.*"):
        raw = path.read_bytes()
        assert b"fLaC" not in raw
        assert b"RIFF" not in raw
    both, _ = soundfile.read(io.BytesIO(as_wav(found.pieces)), dtype="int16")
    theirs, ours = (both[:, side].astype("<i2").tobytes() for side in (0, 1))
    secrets = [speech.pcm for speech in spoken_code if isinstance(speech, Speech)]
    for side in (theirs, ours):
        assert echoes(side, "0123456789", [*secrets, in_the_sound(pin).pcm]) == []
    asked = [step.name for step in called.steps if step.kind == StepKind.ASKED]
    for name, answers in (("welcome.language", language), ("main_menu", menu)):
        given = answers[asked.count(name) - 1]
        assert isinstance(given, Speech)
        assert echoes(theirs, "", [given.pcm]), f"what was said at {name}"
    library = load_library()
    for tongue in Language:
        announced = library.clip(tongue, "welcome.recorded")
        assert announced is not None
        assert echoes(ours, "", [bytes(announced)]), tongue


async def test_the_practice_line_is_not_recorded(caller: Caller) -> None:
    practice = caller.service.settings.flows.practice_numbers[0]
    called = await caller.call({}, to=practice, from_user="anonymous")
    shelf = RecordedCalls(caller.service.settings.recorded_calls)
    assert shelf.find(called.steps[0].call_id) is None
    assert all("welcome.recorded" not in step.name for step in called.steps)
