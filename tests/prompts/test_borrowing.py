"""The last rungs of the ladder: a synthesiser that is away, another language, a full disk."""

from __future__ import annotations

import asyncio
import json
import resource
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from prompts.composer import HONG_KONG, Composer
from prompts.library import MANIFEST, RECORDINGS, Library
from prompts.recorder import faults, stale
from prompts.script import Clip
from prompts.settings import PromptSettings
from prompts.stand_in import PAUSE_S, StandIns
from prompts.utterance import Phrase, Utterance
from speech.languages.language import Language
from speech.synthesiser.settings import SynthesiserSettings
from speech.synthesiser.synthesiser import Samples, Synthesiser, SynthesiserAway
from tests.support.shipped import shipped_library

pytestmark = pytest.mark.service

SETTINGS = PromptSettings()
NOW = datetime(2010, 5, 17, 14, 0, tzinfo=HONG_KONG)
LIBRARY = shipped_library()
ENGLISH, CANTONESE = Language.ENGLISH, Language.CANTONESE


class AbsentSynthesiser(Synthesiser):
    """Away until it is told to come back."""

    def __init__(self) -> None:
        super().__init__(SynthesiserSettings())
        self.away = True
        self.asked = 0

    async def speak(self, language: Language, text: str, **_: object) -> Samples:
        self.asked += 1
        await asyncio.sleep(0.01)
        if self.away:
            raise SynthesiserAway("on purpose")
        time = np.arange(8000) / 8000
        return (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def without(*lost: tuple[Language, str]) -> Library:
    index = {key: place for key, place in LIBRARY.index.items() if key not in lost}
    return Library(LIBRARY.pcm, index, ())


async def composed(tmp_path: Path, library: Library, phrase: Phrase) -> Utterance:
    stand_ins = StandIns(SETTINGS, tmp_path / "cache", AbsentSynthesiser())
    return await Composer(library, SETTINGS, stand_ins, now=lambda: NOW).compose([phrase])


async def test_a_sentence_is_borrowed_whole_and_its_text_with_it(tmp_path: Path) -> None:
    """Half in each language would be "press A, press 1": the order of the clauses differs."""
    library = without((ENGLISH, "vehicle.letter_option--1"))
    slots = {"letter": "A", "key": "1"}
    borrowed = await composed(tmp_path, library, Phrase(ENGLISH, "vehicle.letter_option", slots))
    cantonese = await composed(tmp_path, LIBRARY, Phrase(CANTONESE, "vehicle.letter_option", slots))
    assert borrowed.pcm == cantonese.pcm
    assert borrowed.text == cantonese.text == "A，請撳1。"
    assert borrowed.stand_ins == ("vehicle.letter_option--1: borrowed from yue",)


async def test_a_unit_only_one_language_has_is_borrowed_with_its_sentence(tmp_path: Path) -> None:
    """Putonghua says 1 otherwise as a key than in a number."""
    library = without((Language.PUTONGHUA, "unit/key.1"))
    phrase = Phrase(Language.PUTONGHUA, "confirm.right", {"key": "1"})
    borrowed = await composed(tmp_path, library, phrase)
    assert borrowed.stand_ins == ("unit/key.1: borrowed from yue",)
    assert borrowed.text == "正確，請撳1。"


async def test_the_next_language_lends_when_the_first_lacks_it_too(tmp_path: Path) -> None:
    library = without((ENGLISH, "login.welcome"), (CANTONESE, "login.welcome"))
    borrowed = await composed(tmp_path, library, Phrase(ENGLISH, "login.welcome"))
    assert borrowed.stand_ins == ("login.welcome: borrowed from cmn",)
    assert memoryview(borrowed.pcm) == LIBRARY.clip(Language.PUTONGHUA, "login.welcome")


async def test_a_time_of_no_time_zone_is_not_guessed(tmp_path: Path) -> None:
    at = datetime(2010, 5, 17, 14, 30)
    phrase = Phrase(ENGLISH, "bundle.cross_from", {"at": at})
    utterance = await composed(tmp_path, LIBRARY, phrase)
    assert utterance.stand_ins == ("bundle.cross_from at: left out",)


async def test_an_empty_number_is_told(tmp_path: Path) -> None:
    utterance = await composed(tmp_path, LIBRARY, Phrase(ENGLISH, "bundle.done", {"ubr": ""}))
    assert utterance.stand_ins == ("bundle.done ubr: left out",)


async def test_a_synthesiser_that_is_away_is_not_waited_for_clip_after_clip(
    tmp_path: Path,
) -> None:
    clock = [0.0]
    synthesiser = AbsentSynthesiser()
    made = StandIns(SETTINGS, tmp_path, synthesiser, clock=lambda: clock[0])
    for word in ("one", "two", "three"):
        assert await made.synthesised(Clip(ENGLISH, word, word)) == b""
    assert synthesiser.asked == 1
    synthesiser.away = False
    clock[0] = PAUSE_S - 0.1
    assert await made.synthesised(Clip(ENGLISH, "one", "one")) == b""
    clock[0] = PAUSE_S
    assert len(await made.synthesised(Clip(ENGLISH, "one", "one"))) > 0
    assert synthesiser.asked == 2


async def on_a_full_disk(cache: Path) -> None:
    """No file may grow beyond 1000 bytes, in a process of its own: so may no log of the tests."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    synthesiser = AbsentSynthesiser()
    synthesiser.away = False
    made = StandIns(SETTINGS, cache, synthesiser)
    assert len(await made.synthesised(Clip(ENGLISH, "one", "one"))) > 8000


def test_a_full_disk_costs_the_cache_and_leaves_no_half_a_file(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    program = (
        "import asyncio; from pathlib import Path; from tests.prompts import test_borrowing;"
        f"asyncio.run(test_borrowing.on_a_full_disk(Path({str(cache)!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [path for path in cache.rglob("*") if path.is_file()] == []


@pytest.fixture
def english(tmp_path: Path) -> Path:
    shutil.copytree(RECORDINGS / "en", tmp_path / "en")
    return tmp_path / "en"


def test_a_synthesised_recording_misread_is_made_again_and_a_persons_is_not(english: Path) -> None:
    manifest = json.loads((english / MANIFEST).read_text(encoding="utf-8"))
    manifest["unit/letter.a"]["voice"] = "espeak-ng en-gb"  # before it was told how A is read
    (english / MANIFEST).write_text(json.dumps(manifest))
    assert [clip.name for clip in stale(english.parent, ENGLISH)] == ["unit/letter.a"]
    manifest["unit/letter.a"]["source"] = "studio"
    (english / MANIFEST).write_text(json.dumps(manifest))
    assert stale(english.parent, ENGLISH) == []


def test_the_check_hears_a_hole(english: Path) -> None:
    path = english / "login.welcome.flac"
    samples, rate = soundfile.read(path, dtype="int16")
    soundfile.write(path, np.concatenate((samples, np.zeros(9000, np.int16), samples)), rate)
    found = [fault for fault in faults(english.parent, SETTINGS) if fault.language is ENGLISH]
    assert [fault.clip for fault in found] == ["login.welcome"]
    assert "of silence" in found[0].what


def test_the_manifest_tells_length_and_loudness() -> None:
    for language in Language:
        manifest = json.loads((RECORDINGS / language / MANIFEST).read_text(encoding="utf-8"))
        for name, entry in manifest.items():
            pcm = LIBRARY.clip(language, name)
            assert pcm is not None
            assert abs(entry["seconds"] - len(pcm) / 16000) < 0.001
            assert SETTINGS.loudness_lufs - 2 < entry["lufs"] < SETTINGS.loudness_lufs + 0.2
