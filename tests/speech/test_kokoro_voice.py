"""Kokoro's calling: sentences, tables, speeds. A small stand-in is in the place of its 92 MB."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from speech.languages.language import Language
from speech.voices import registry
from speech.voices.kokoro import BETWEEN_SENTENCES_S, SPEED, KokoroVoice
from speech.voices.kokoro_model import RATE
from speech.voices.settings import VoiceSettings
from speech.voices.voice import Voice, VoiceUnavailable

pytestmark = pytest.mark.unit

SAID_S, SILENCE_S = 0.5, 0.4


class Session:
    """Half a second of tone between two silences, whatever is asked; notes what was."""

    def __init__(self, path: str, **_: Any) -> None:
        self.asked: list[dict[str, Any]] = []

    def run(self, _: None, asked: dict[str, Any]) -> list[Any]:
        self.asked.append(asked)
        tone = np.sin(2 * np.pi * 200 * np.arange(int(RATE * SAID_S)) / RATE)
        quiet = np.zeros(int(RATE * SILENCE_S))
        return [np.concatenate([quiet, tone, quiet]).astype(np.float32)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    runtime = SimpleNamespace(InferenceSession=Session, SessionOptions=SimpleNamespace)
    monkeypatch.setitem(sys.modules, "onnxruntime", runtime)
    (tmp_path / "kokoro.onnx").write_bytes(b"a stand-in")
    letters = ", ".join(f'"{letter}": "ˈA"' for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    words = '"hash": "hˈæʃ", "seven": "sˈɛvən", "please": "plˈiz", "press": "pɹˈɛs"'
    (tmp_path / "us_gold.json").write_text(f"{{{letters}, {words}}}", encoding="utf-8")
    return tmp_path


@pytest.fixture
def voice(folder: Path) -> KokoroVoice:
    return KokoroVoice(folder)


def asked(voice: KokoroVoice) -> list[dict[str, Any]]:
    assert voice._model is not None
    noted: list[dict[str, Any]] = voice._model.session.asked
    return noted


def test_it_is_a_voice(folder: Path) -> None:
    settings = VoiceSettings.model_validate({"files": folder})
    voice: Voice = registry.opened("kokoro", settings)
    assert voice.languages == {Language.ENGLISH, Language.PUTONGHUA}
    assert "af_bella" in voice.version


def test_sentences_are_spoken_one_by_one_with_a_pause_and_without_their_silence(
    voice: KokoroVoice,
) -> None:
    speech = voice.speak("Please press hash. Press seven.", Language.ENGLISH)
    assert len(asked(voice)) == 2
    assert speech.rate == RATE
    assert speech.seconds == pytest.approx(2 * SAID_S + BETWEEN_SENTENCES_S, abs=0.13)


def test_each_language_has_its_speaker_and_a_short_text_its_speed(voice: KokoroVoice) -> None:
    voice.speak("Please press hash, please press seven, please.", Language.ENGLISH)
    voice.speak("please press seven.", Language.ENGLISH)
    voice.speak("seven.", Language.ENGLISH)
    voice.speak("请输入货物编号。", Language.PUTONGHUA)
    sentence, short, word, chinese = asked(voice)
    assert SPEED == sentence["speed"] == chinese["speed"]
    assert SPEED < word["speed"] < short["speed"]
    assert sentence["tokens"][0, 0] == sentence["tokens"][0, -1] == 0
    assert not np.array_equal(sentence["style"], chinese["style"])


def test_putonghua_digits_that_would_get_lost_are_not_hurried(voice: KokoroVoice) -> None:
    for digit in ("九，", "九。", "二，"):
        voice.speak(digit, Language.PUTONGHUA)
    nine, last_nine, two = asked(voice)
    assert nine["speed"] == last_nine["speed"] == SPEED < two["speed"]


@pytest.mark.parametrize(
    ("text", "language", "why"),
    [
        ("請輸入", Language.CANTONESE, "the voice kokoro speaks cmn, en, not yue"),
        (" ", Language.ENGLISH, "there is nothing to say"),
        ("xylograph", Language.ENGLISH, "no sounds for 'xylograph'"),
        ("please " * 100, Language.ENGLISH, "a sentence of .* symbols; 509 at most"),
    ],
)
def test_what_it_cannot_say_is_told(
    voice: KokoroVoice, text: str, language: Language, why: str
) -> None:
    with pytest.raises(VoiceUnavailable, match=why):
        voice.speak(text, language)


def test_without_its_model_it_says_how_to_get_it(folder: Path) -> None:
    (folder / "kokoro.onnx").unlink()
    with pytest.raises(VoiceUnavailable, match="make voices"):
        KokoroVoice(folder)
