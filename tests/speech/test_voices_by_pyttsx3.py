"""Our voices behind pyttsx3, in the synthesiser's own process."""

from __future__ import annotations

from ctypes.util import find_library
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speech.languages.language import Language
from speech.synthesiser.process import Speaker, _registered
from speech.synthesiser.settings import SynthesiserSettings
from speech.synthesiser.synthesiser import Driver, Synthesiser, SynthesisFailed
from speech.voices import pyttsx3_driver
from speech.voices.settings import VoiceSettings
from speech.voices.voice import Speech, VoiceUnavailable

DRIVER = "speech.voices.pyttsx3_driver"


class Tone:
    """A tone of 0.1 s a letter; has no sounds for some words."""

    name, version, licence, languages = "tone", "1", "CC0-1.0", frozenset(Language)

    def speak(self, text: str, language: Language) -> Speech:
        if text == "xylograph":
            raise VoiceUnavailable("no sounds for 'xylograph'")
        time = np.arange(2400 * len(text)) / 24_000
        return Speech((0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32), 24_000)

    def close(self) -> None:
        pass


@pytest.fixture
def speaker(monkeypatch: pytest.MonkeyPatch) -> Speaker:
    monkeypatch.setattr(pyttsx3_driver, "opened", lambda name, settings: Tone())
    return Speaker(_registered(DRIVER, VoiceSettings.model_validate({}).model_dump_json()))


@pytest.mark.unit
def test_each_text_is_in_its_file_when_it_is_said_to_be(speaker: Speaker, tmp_path: Path) -> None:
    for letters in ("a", "abc", "ab"):  # the second and third go another way through pyttsx3
        speaker.save(letters, "kokoro/en", 150, str(tmp_path / letters))
        assert soundfile.info(tmp_path / letters).frames == 2400 * len(letters)
    assert soundfile.info(tmp_path / "a").samplerate == 24_000


@pytest.mark.unit
def test_a_failure_is_told_and_the_next_text_is_spoken(speaker: Speaker, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no sounds for 'xylograph'"):
        speaker.save("xylograph", "kokoro/en", 150, str(tmp_path / "one"))
    speaker.save("ab", "kokoro/en", 150, str(tmp_path / "two"))
    assert soundfile.info(tmp_path / "two").frames == 4800


@pytest.mark.unit
def test_a_voice_that_is_none_of_ours_is_refused(speaker: Speaker, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no voice siri/en"):
        speaker.save("ab", "siri/en", 150, str(tmp_path / "one"))


@pytest.mark.service
@pytest.mark.skipif(
    find_library("espeak-ng") is None,
    reason="no libespeak-ng on this machine (Debian package libespeak-ng1): NOTHING IS SPOKEN",
)
async def test_it_speaks_in_the_process_and_says_what_is_not_installed(tmp_path: Path) -> None:
    settings = VoiceSettings.model_validate({"files": tmp_path})
    driver = Driver(DRIVER, settings.model_dump_json())
    synthesiser = Synthesiser(SynthesiserSettings(timeout_s=60), driver)
    try:
        speech = await synthesiser.speak(
            Language.ENGLISH, "You are logged in", voice_name="espeak-ng/en"
        )
        with pytest.raises(SynthesisFailed, match="voice kokoro"):
            await synthesiser.speak(Language.ENGLISH, "again", voice_name="kokoro/en")
    finally:
        await synthesiser.close()
    assert len(speech) > 4000
