"""The seam of all voices: opened by name, and clear about what cannot be spoken."""

from __future__ import annotations

from ctypes.util import find_library
from pathlib import Path

import numpy as np
import pytest

from speech.languages.language import Language
from speech.voices import registry
from speech.voices.settings import VoiceSettings
from speech.voices.voice import VoiceUnavailable

SETTINGS = VoiceSettings.model_validate({})


@pytest.mark.unit
def test_a_name_that_is_no_voice_is_told_with_those_there_are() -> None:
    with pytest.raises(VoiceUnavailable, match=r"no voice 'siri'; there are espeak-ng, kokoro"):
        registry.opened("siri", SETTINGS)


@pytest.mark.unit
def test_a_voice_whose_packages_are_missing_says_how_to_install_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(registry.FILES, "kokoro", "speech.voices.never_written")
    with pytest.raises(VoiceUnavailable, match=r"kokoro is not installed .*rocars-ivr\[voices\]"):
        registry.opened("kokoro", SETTINGS)


@pytest.mark.unit
def test_each_language_has_the_voice_of_its_recordings_unless_another_is_named() -> None:
    named = VoiceSettings.model_validate({"by_language": {"en": "wyoming"}})
    assert named.voice(Language.ENGLISH) == "wyoming"
    assert named.voice(Language.PUTONGHUA) == SETTINGS.voice(Language.PUTONGHUA) == "kokoro"


@pytest.mark.service
@pytest.mark.skipif(
    find_library("espeak-ng") is None,
    reason="no libespeak-ng on this machine (Debian package libespeak-ng1): NOTHING IS SPOKEN",
)
def test_the_synthesiser_is_a_voice() -> None:
    voice = registry.opened("espeak-ng", SETTINGS)
    try:
        speech = voice.speak("請輸入海關貨物編號", Language.CANTONESE)
    finally:
        voice.close()
    assert 1.0 < speech.seconds < 6.0
    assert 0.05 < float(np.abs(speech.samples).max()) <= 1.0
    assert "gmw/en" in voice.version


@pytest.mark.unit
def test_what_is_installed_is_known_without_loading_it(tmp_path: Path) -> None:
    empty = VoiceSettings.model_validate({"files": tmp_path})
    assert registry.installed("espeak-ng", empty)
    assert not registry.installed("kokoro", empty)
    assert not registry.installed("siri", empty)
