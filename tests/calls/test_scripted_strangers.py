"""Scripted calls to an IVR that is none of ours: SIPp, which plays somebody's recordings."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from ivr.caller.wire.keys import KEY_MS
from speech.languages.language import Language
from speech.synthesiser.settings import SynthesiserSettings
from speech.synthesiser.synthesiser import Synthesiser
from tests.support.pace import limit
from tests.support.ports import free_ports

pytestmark = pytest.mark.call

MENU = "Welcome to the harbour office. For the tide tables, press one."
NUMBER = "one two three four"


async def recordings(folder: Path) -> None:
    """Two recordings as WAV files for the tester, and one after the other for SIPp."""
    synthesiser = Synthesiser(SynthesiserSettings.model_validate({}))
    sounds = []
    for name, words in (("menu", MENU), ("number", NUMBER)):
        samples = await synthesiser.speak(Language.ENGLISH, words)
        soundfile.write(folder / "recordings" / f"{name}.wav", samples * 0.5, 8000)
        sounds += [np.zeros(4000), samples * 0.5, np.zeros(6000)]
    await synthesiser.close()
    sounds[-1] = np.zeros(0)  # it ends with its last word
    soundfile.write(
        folder / "prompt.alaw", np.concatenate(sounds), 8000, format="RAW", subtype="ALAW"
    )


@pytest.fixture
async def stranger(tmp_path: Path, scenarios: Path) -> AsyncIterator[str]:
    (tmp_path / "recordings").mkdir()
    await recordings(tmp_path)
    port = free_ports(1)
    sipp = shutil.which("sipp")
    assert sipp is not None
    with (tmp_path / "sipp.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sipp, "-sf", scenarios / "stranger.xml", "-i", "127.0.0.1", "-p", str(port)),
                *("-mi", "127.0.0.1", "-m", "9", "-nostdin", "-skip_rlimit"),
            ],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    _until_taken(port)
    yield f"sip:127.0.0.1:{port}"
    process.terminate()
    process.wait(limit(10))


def _until_taken(port: int) -> None:
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return
        time.sleep(0.1)
    raise AssertionError("SIPp did not start")


def perform(folder: Path, target: str, steps: str, *more: str) -> dict[str, Any]:
    path = folder / "stranger.call.yaml"
    path.write_text(f"name: stranger\nrecordings: recordings\nsteps:\n{steps}")
    words = [sys.executable, "-m", "ivr.cli", "calls", "run", str(path), "--target", target]
    done = subprocess.run(
        [*words, "--results", *more], capture_output=True, timeout=limit(90), check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith(b'{"run"')]
    assert lines, done.stderr.decode()[-2000:]
    result: dict[str, Any] = json.loads(lines[0])
    return result


def test_its_recordings_and_its_words_are_heard(tmp_path: Path, stranger: str) -> None:
    result = perform(
        tmp_path,
        stranger,
        "  - dial: tides\n  - expect: menu\n"
        "  - expect_text: one two three four\n  - hang_up: true\n",
    )
    assert result["outcome"] == "passed", result


@pytest.mark.parametrize("way", ["--wired", "--no-wired"])
def test_who_sends_nothing_after_their_last_word_is_silent(
    tmp_path: Path, stranger: str, way: str
) -> None:
    """SIPp sends no packet after its recording, which here ends within a word."""
    result = perform(
        tmp_path,
        stranger,
        "  - dial: tides\n  - expect: menu\n  - expect: number\n"
        "  - wait: 0.3\n  - expect_silence: 1.5\n  - hang_up: true\n",
        way,
    )
    assert result["outcome"] == "passed", result


def test_what_it_does_not_say_is_not_heard(tmp_path: Path, stranger: str) -> None:
    result = perform(
        tmp_path,
        stranger,
        "  - dial: tides\n  - expect: welcome.greeting\n    within: 9\n  - hang_up: true\n",
    )
    assert result["outcome"] == "failed"
    assert "heard instead: menu, number" in result["why"]


SECRETS = """
  - dial: tides
    keys: in-band
  - expect: menu
  - press: "{pin}"
  - say: "{pin}"
    spelled: true
  - press: "77"
  - wait: 0.5
  - hang_up: true
variables: {pin: "864209"}
"""


def test_what_is_secret_is_in_no_report(tmp_path: Path, stranger: str) -> None:
    page, junit = tmp_path / "page.html", tmp_path / "junit.xml"
    result = perform(tmp_path, stranger, SECRETS, "--html", str(page), "--junit", str(junit))
    assert result["outcome"] == "passed", result
    for text in (json.dumps(result), page.read_text(), junit.read_text()):
        assert "864209" not in text
        assert "•" in text or "\\u2022" in text
    flac = re.search(r"data:audio/flac;base64,([A-Za-z0-9+/=]+)", page.read_text())
    assert flac is not None
    both, _ = soundfile.read(io.BytesIO(base64.b64decode(flac[1])), dtype="int16")
    ours = both[: len(both) // 160 * 160, 1]  # the other side's may end within a frame
    sounding = np.abs(ours).reshape(-1, 160).max(axis=1) > 500
    assert sounding.sum() == 2 * KEY_MS // 20, "all of the two keys that are no secret, and no more"
