"""Nobody waits for the synthesiser longer than its time-out, in a queue or not."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from ctypes.util import find_library
from pathlib import Path

import pytest

from speech.languages.language import Language
from speech.synthesiser.settings import SynthesiserSettings
from speech.synthesiser.synthesiser import Synthesiser, SynthesiserAway

pytestmark = pytest.mark.service


@pytest.mark.skipif(
    find_library("espeak-ng") is None,
    reason="no libespeak-ng on this machine (Debian package libespeak-ng1): NOTHING IS SPOKEN",
)
async def test_a_queue_behind_a_hanging_process_waits_one_time_out_together() -> None:
    synthesiser = Synthesiser(SynthesiserSettings(timeout_s=10))
    try:
        await synthesiser.speak(Language.ENGLISH, "one")
        process = synthesiser._process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        texts = ["one", "two", "three", "four"]
        failed = await asyncio.gather(
            *(synthesiser.speak(Language.ENGLISH, text) for text in texts), return_exceptions=True
        )
        assert [type(failure) for failure in failed] == [SynthesiserAway] * 4
        assert time.monotonic() - began < 3 * 10  # one time-out, not four
        assert process.returncode == -signal.SIGKILL
        assert len(await synthesiser.speak(Language.ENGLISH, "one")) > 0
    finally:
        await synthesiser.close()


async def test_a_machine_without_espeak_is_told_apart_from_a_text_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyttsx3").mkdir()
    (tmp_path / "pyttsx3" / "__init__.py").write_text(
        "def init(driver):\n    raise OSError('libespeak-ng.so.1: cannot open shared object')\n"
    )
    paths = [str(tmp_path), *filter(None, sys.path)]
    monkeypatch.setenv("PYTHONPATH", ":".join(paths))
    synthesiser = Synthesiser(SynthesiserSettings())
    try:
        with pytest.raises(SynthesiserAway, match="libespeak-ng"):
            await synthesiser.speak(Language.ENGLISH, "one")
    finally:
        await synthesiser.close()
