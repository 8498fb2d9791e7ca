"""What is known of each language, and settings by language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ivr.settings.service import load
from speech.languages.language import Language
from speech.languages.registry import LANGUAGES, first_in
from speech.recognition.settings import RecognitionSettings
from speech.recognition.words import digit_words
from speech.synthesiser.settings import SynthesiserSettings

pytestmark = pytest.mark.unit

CANTONESE, PUTONGHUA, ENGLISH = Language


@pytest.mark.parametrize("language", list(Language))
def test_ten_digits_have_ten_words(language: Language) -> None:
    assert LANGUAGES[language].language is language
    assert len(set(LANGUAGES[language].digits)) == 10
    assert set(digit_words(language).values()) == set("0123456789")


def test_who_calls_from_the_mainland_hears_putonghua_first() -> None:
    assert first_in("CN") is PUTONGHUA
    assert [first_in(region) for region in ("HK", "MO", "GB", None)] == [None] * 4


def test_a_voice_by_language_by_its_older_name_or_of_the_release() -> None:
    settings = SynthesiserSettings.model_validate(
        {"voices": {"en": "gmw/en-US"}, "cantonese_voice": "sit/yue+f2"}
    )
    voices = [settings.voice(language).name for language in Language]
    assert voices == ["sit/yue+f2", "sit/cmn-latn-pinyin", "gmw/en-US"]


def test_a_model_by_language_by_its_older_name_or_of_the_release() -> None:
    settings = RecognitionSettings.model_validate(
        {"models": {"en": "/models/en"}, "cantonese_model": "/models/yue"}
    )
    assert settings.model_directory(ENGLISH) == Path("/models/en")
    assert settings.model_directory(CANTONESE) == Path("/models/yue")
    assert settings.model_directory(PUTONGHUA).parts[-2:] == ("models", "cmn")


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (RecognitionSettings, {"models": {"yue": "/a"}, "cantonese_model": "/b"}),
        (SynthesiserSettings, {"voices": {"cmn": "sit/cmn"}, "putonghua_voice": "sit/hak"}),
        (RecognitionSettings, {"models": {"tlh": "/a"}}),
        (SynthesiserSettings, {"voices": {"en": ""}}),
    ],
)
def test_two_names_that_differ_and_languages_there_are_not_are_refused(
    kind: type[RecognitionSettings | SynthesiserSettings], given: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        kind.model_validate(given)


def test_file_and_environment_name_languages_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rocars-ivr.toml"
    file.write_text('[speech.models]\nen = "/of/the/file"\n')
    monkeypatch.setenv("ROCARS_IVR_SPEECH__MODELS__YUE", "/of/the/environment")
    monkeypatch.setenv("ROCARS_IVR_PROMPTS__SYNTHESISER__VOICES", '{"en": "gmw/en-US"}')
    settings = load(file)
    assert settings.speech.model_directory(ENGLISH) == Path("/of/the/file")
    assert settings.speech.model_directory(CANTONESE) == Path("/of/the/environment")
    assert settings.prompts.synthesiser.voice(ENGLISH).name == "gmw/en-US"
