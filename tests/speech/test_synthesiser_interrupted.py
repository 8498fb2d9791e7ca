"""The synthesiser's process interrupted in the middle of a request, and what is left behind."""

from __future__ import annotations

import asyncio
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from ctypes.util import find_library
from pathlib import Path

import pytest

from speech.languages.language import Language
from speech.synthesiser.settings import SynthesiserSettings
from speech.synthesiser.synthesiser import SAMPLE_RATE, Synthesiser, SynthesisFailed
from tests.support.pace import limit

pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(
        find_library("espeak-ng") is None,
        reason="no libespeak-ng on this machine (Debian package libespeak-ng1): NOTHING IS SPOKEN",
    ),
]

LONG = "one two three four five six seven eight nine ten"


@pytest.fixture
async def synthesiser() -> AsyncIterator[Synthesiser]:
    synthesiser = Synthesiser(SynthesiserSettings(timeout_s=15))
    yield synthesiser
    await synthesiser.close()


async def stopped(synthesiser: Synthesiser) -> asyncio.subprocess.Process:
    """Its process, started and then stopped, so that a request stays in the middle."""
    await synthesiser.speak(Language.ENGLISH, "one")
    process = synthesiser._process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    return process


async def test_killed_in_the_middle_of_a_request(synthesiser: Synthesiser) -> None:
    process = await stopped(synthesiser)
    request = asyncio.create_task(synthesiser.speak(Language.ENGLISH, LONG))
    await asyncio.sleep(0.1)
    assert not request.done()
    process.kill()
    with pytest.raises(SynthesisFailed):
        await request
    assert len(await synthesiser.speak(Language.ENGLISH, LONG)) > 2 * SAMPLE_RATE
    assert synthesiser._process is not process


async def test_a_hanging_process_costs_no_more_than_the_time_out() -> None:
    patience_s = min(30.0, limit(2))
    synthesiser = Synthesiser(SynthesiserSettings(timeout_s=patience_s))
    try:
        process = await stopped(synthesiser)
        began = time.monotonic()
        with pytest.raises(SynthesisFailed):
            await synthesiser.speak(Language.ENGLISH, LONG)
        assert patience_s - 0.1 < time.monotonic() - began < limit(6) + patience_s
        assert process.returncode == -signal.SIGKILL  # not left hanging
    finally:
        await synthesiser.close()


async def test_the_answer_of_a_cancelled_request_is_not_taken_for_the_next(
    synthesiser: Synthesiser,
) -> None:
    process = await stopped(synthesiser)
    request = asyncio.create_task(synthesiser.speak(Language.ENGLISH, LONG))
    await asyncio.sleep(0.1)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert process.returncode is not None
    assert len(await synthesiser.speak(Language.ENGLISH, "one")) < SAMPLE_RATE


async def test_those_who_wait_are_served_after_a_death(synthesiser: Synthesiser) -> None:
    process = await stopped(synthesiser)
    requests = [
        asyncio.create_task(synthesiser.speak(Language.ENGLISH, text))
        for text in ("two", LONG, "three")
    ]
    await asyncio.sleep(0.1)
    process.kill()
    with pytest.raises(SynthesisFailed):
        await requests[0]
    long, short = await requests[1], await requests[2]
    assert len(long) > 2 * SAMPLE_RATE > 2 * len(short) > 0


async def test_no_process_and_no_file_is_left_behind(
    tmp_path: Path, synthesiser: Synthesiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    await synthesiser.speak(Language.ENGLISH, "one")
    process = synthesiser._process
    assert process is not None
    with pytest.raises(SynthesisFailed):
        await synthesiser.speak(Language.ENGLISH, "")
    await synthesiser.close()
    assert process.returncode is not None
    assert list(tmp_path.iterdir()) == []


async def test_without_a_place_for_temporary_files_it_fails_as_it_says(
    tmp_path: Path, synthesiser: Synthesiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(SynthesisFailed):
        await synthesiser.speak(Language.ENGLISH, "one")
