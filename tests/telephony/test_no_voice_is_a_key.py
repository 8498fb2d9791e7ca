"""Voices, our own and people's, that must not be taken for keys (ITU-T Q.24: talk-off)."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.lib.stride_tricks import sliding_window_view

from ivr.telephony.sound.tones import _OFF, COLUMNS_HZ, KEYPAD, ROWS_HZ, STEP, WINDOW
from tests.support.touch_tones import Sound, keys_in, quiet, tone

pytestmark = pytest.mark.service

KEYS = [key for row in KEYPAD for key in row]
PHASES = (
    2 * np.pi / 8000 * np.outer(np.arange(WINDOW), np.outer((*ROWS_HZ, *COLUMNS_HZ), _OFF).ravel())
)
WAVES = np.hstack([np.cos(PHASES), np.sin(PHASES)]).astype(np.float32) * np.float32(
    np.sqrt(2) / WINDOW
)
RECORDINGS = Path(__file__).parents[2] / "prompts" / "recordings"
PEOPLE = Path(os.environ.get("ROCARS_SPEECH", Path(__file__).parents[3] / "shared/data/speech"))


def test_our_own_prompts_are_no_keys() -> None:
    """A telephone on loudspeaker sends back what it plays."""
    files = sorted(RECORDINGS.rglob("*.flac"))
    assert len(files) > 1000
    assert {path.name: keys for path in files if (keys := in_file(path))} == {}


@pytest.mark.skipif(not PEOPLE.exists(), reason=f"no recorded people at {PEOPLE}")
def test_people_are_no_keys(pytestconfig: pytest.Config) -> None:
    """157 minutes of them in the long run, the five shortest files otherwise."""
    files = sorted(PEOPLE.glob("*.flac"), key=lambda path: path.stat().st_size)
    if not pytestconfig.getoption("--soak"):
        files = files[:5]
    seconds = sum(soundfile.info(path).duration for path in files)
    false = sum(len(in_file(path)) for path in files)
    print(f"{false} keys heard in {seconds / 60:.0f} minutes of speech")
    assert false <= seconds / 3600 * 10


def in_file(path: Path) -> str:
    """What is heard in a file; frame by frame only where it has windows that may be a key's."""
    sound, rate = soundfile.read(path, dtype="int16")
    if rate != 8000:
        sound = sound[:: rate // 8000]
    if not may_have_keys(sound):
        return ""
    return keys_in(sound.astype(np.float64))


def may_have_keys(sound: Sound) -> bool:
    """Whether `tone_key` can take any window for a key: most of one is a single pair of tones.

    All windows at once, which is many times faster than one after the other; what is left out of
    the condition (twist, the weakest tone, harmonics) only makes keys fewer.
    """
    padded = np.concatenate([np.zeros(WINDOW), sound, np.zeros(WINDOW)]).astype(np.float32)
    windows = sliding_window_view(padded, WINDOW)[::STEP]
    whole = np.square(windows).sum(axis=1) / WINDOW
    windows = windows[whole > 1]
    powers = np.square(windows @ WAVES).reshape(len(windows), 2, 8, -1).sum(axis=1).max(axis=2)
    both = powers[:, :4].max(axis=1) + powers[:, 4:].max(axis=1)
    return bool((both >= 0.6 * whole[whole > 1]).any())  # `tone_key` asks for 0.7


def test_what_is_looked_at_first_leaves_no_key_out() -> None:
    for key in KEYS:
        for phase in range(0, 160, 16):
            pressed = tone(key, 60, dbm0=-25, off=0.012, twist_db=-8)
            assert may_have_keys(np.concatenate([quiet(40), np.zeros(phase), pressed, quiet(40)]))
