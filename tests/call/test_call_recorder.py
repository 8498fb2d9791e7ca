"""Recordings of calls on disk: sealed before they are written, and no call waits for them."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
import soundfile
from cryptography.fernet import Fernet
from structlog.testing import capture_logs

from ivr.call.call_recorder import CallRecorder, CallRecording
from ivr.call.call_tape import CallTape
from ivr.recorded_calls.sealed import MAGIC, CannotBeOpened, opened
from ivr.recorded_calls.settings import CallRecordingSettings
from ivr.recorded_calls.shelf import RecordedCalls
from ivr.recorded_calls.sound import as_wav
from tests.support.keeper import session_started
from tests.support.pace import limit

pytestmark = pytest.mark.service

KEY, OTHER = (Fernet.generate_key().decode() for _ in range(2))
TODAY = datetime.now(UTC).date()
CALL = "0190-a-call"


def settings(**changed: object) -> CallRecordingSettings:
    return CallRecordingSettings.model_validate(
        {"enabled": True, "keys": [KEY], "leave_free_mb": 0, **changed}
    )


def sound(frames: int, seed: int = 1) -> list[bytes]:
    noise = np.random.default_rng(seed).normal(0, 2000, (frames, 160))
    return [row.astype("<i2").tobytes() for row in noise]


def say(tape: CallTape, frames: list[bytes]) -> None:
    """The caller answers a question with this; they hear as much of another sound."""
    tape.asks(secret=False)
    for caller, service in zip(frames, sound(len(frames), 2), strict=True):
        tape.add(caller, service)
    tape.answered()


async def until_over(recorder: CallRecorder, recording: CallRecording) -> None:
    recording.tape.end()
    await recorder.close()


async def test_a_whole_call_comes_back_as_it_was(tmp_path: Path) -> None:
    shelf = RecordedCalls(tmp_path / "calls")
    recorder = CallRecorder(settings(), shelf)
    recording = recorder.start(CALL, TODAY)
    assert await recording.begun() is recording.tape
    frames = sound(250)
    say(recording.tape, frames)
    await until_over(recorder, recording)
    found = shelf.open(CALL, (KEY,))
    assert found is not None
    assert found.whole
    both, rate = soundfile.read(io.BytesIO(as_wav(found.pieces)), dtype="int16")
    assert rate == 8000
    assert both[:, 0].tobytes() == b"".join(frames)
    assert both[:, 1].tobytes() == b"".join(sound(250, 2))
    path = shelf.find(CALL)
    assert path is not None
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


async def test_without_key_or_room_the_call_is_not_recorded_and_that_is_said(
    tmp_path: Path,
) -> None:
    for rules, why in (
        (settings(keys=[]), "keys is empty"),
        (settings(leave_free_mb=1_000_000), "leave_free_mb"),
    ):
        shelf = RecordedCalls(tmp_path)
        with capture_logs() as logged:
            recorder = CallRecorder(rules, shelf)
            assert await recorder.start(CALL, TODAY).begun() is None
            await recorder.close()
        (line,) = logged
        assert line["log_level"] == "error"
        assert why in line["why"]
        assert shelf.find(CALL) is None


class FullDisk(io.FileIO):
    """A disk that is full after so many bytes."""

    room = 20_000

    def write(self, piece: object) -> int:
        data = bytes(piece)  # type: ignore[call-overload]
        if self.tell() + len(data) > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


class FullShelf(RecordedCalls):
    def new(self, call_id: str, day: object) -> BinaryIO:
        super().new(call_id, TODAY).close()
        path = self.find(call_id)
        assert path is not None
        return FullDisk(path, "wb")


async def test_a_disk_that_gets_full_ends_the_recording_alone(tmp_path: Path) -> None:
    shelf = FullShelf(tmp_path)
    with capture_logs() as logged:
        recorder = CallRecorder(settings(), shelf)
        recording = recorder.start(CALL, TODAY)
        tape = await recording.begun()
        assert tape is not None
        say(tape, sound(500))
        async with asyncio.timeout(limit(20)):
            while not tape.over:
                await asyncio.sleep(0.05)
        before = tape.waiting
        say(tape, sound(500))  # the call goes on
        assert tape.waiting == before
        await recorder.close()
    assert [line["log_level"] for line in logged] == ["error"]
    assert "No space left" in logged[0]["why"]
    found = shelf.open(CALL, (KEY,))
    assert found is not None
    assert not found.whole


class HangingShelf(RecordedCalls):
    """On a disk that does not answer until it is let go."""

    let_go = threading.Event()

    def new(self, call_id: str, day: object) -> BinaryIO:
        self.let_go.wait()
        return super().new(call_id, TODAY)


async def test_no_call_waits_for_a_disk_that_hangs(tmp_path: Path) -> None:
    shelf = HangingShelf(tmp_path)
    recorder = CallRecorder(settings(), shelf)
    recording = recorder.start(CALL, TODAY)
    assert await recording.begun() is None
    assert recording.tape.waiting == 0
    shelf.let_go.set()
    await until_over(recorder, recording)
    assert shelf.find(CALL) is None


async def test_a_caller_who_leaves_at_once_leaves_no_file(tmp_path: Path) -> None:
    shelf = RecordedCalls(tmp_path)
    recorder = CallRecorder(settings(), shelf)
    recording = recorder.start(CALL, TODAY)
    await recording.begun()
    await until_over(recorder, recording)
    assert shelf.find(CALL) is None


async def test_nobody_changes_moves_or_opens_it_without_being_noticed(tmp_path: Path) -> None:
    shelf = RecordedCalls(tmp_path)
    recorder = CallRecorder(settings(), shelf)
    recording = recorder.start(CALL, TODAY)
    tape = await recording.begun()
    assert tape is not None
    say(tape, sound(300))
    await until_over(recorder, recording)
    path = shelf.find(CALL)
    assert path is not None
    raw = path.read_bytes()

    def read(data: bytes, call_id: str = CALL, *keys: str) -> bool:
        return opened(io.BytesIO(data), call_id, keys or (KEY,)).whole

    assert read(raw, CALL, OTHER, KEY), "an old key opens it still"
    for wrong in (
        lambda: read(raw, CALL, OTHER),
        lambda: read(raw, "another-call"),
        lambda: read(b"RIFF" + raw),
        *(
            lambda at=at: read(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
            for at in (len(MAGIC) + 30, len(raw) // 2, len(raw) - 1)
        ),
    ):
        with pytest.raises(CannotBeOpened):
            wrong()
    for cut in (len(raw) - 1, len(raw) - 30, len(raw) // 2):
        assert not read(raw[:cut]), "a recording that was broken off says so"


KILLED = """
import asyncio, sys
from pathlib import Path
from tests.call.test_call_recorder import *

async def record():
    recorder = CallRecorder(settings(keys=[sys.argv[2]]), RecordedCalls(Path(sys.argv[1])))
    tape = await recorder.start(CALL, TODAY).begun()
    while True:
        say(tape, sound(100))
        await asyncio.sleep(0.1)

asyncio.run(record())
"""


def test_killed_in_the_middle_it_leaves_no_clear_sound(tmp_path: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), KEY],
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    )
    session_started(program.pid)
    shelf, deadline = RecordedCalls(tmp_path), time.monotonic() + limit(30)
    try:
        while (path := shelf.find(CALL)) is None or path.stat().st_size < 100_000:
            assert program.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        program.send_signal(signal.SIGKILL)
        program.wait()
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == [path]
    raw = path.read_bytes()
    assert raw.startswith(MAGIC)
    clear = [b"fLaC", b"RIFF", *(frame[:16] for frame in (*sound(100), *sound(100, 2)))]
    assert not [each for each in clear if each in raw]
    found = shelf.open(CALL, (KEY,))
    assert found is not None
    assert found.pieces
    assert not found.whole
