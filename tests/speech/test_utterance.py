"""What becomes of the readings that Vosk gives for one utterance."""

from __future__ import annotations

import json
from typing import cast

import pytest

from speech.languages.language import Language
from speech.recognition.digits import DigitGrammar
from speech.recognition.grammar import Grammar
from speech.recognition.models import Model
from speech.recognition.utterance import UtteranceRecogniser

pytestmark = pytest.mark.unit

EIGHT = DigitGrammar(Language.ENGLISH, 8, 8)
SAID = "seven zero three five two nine four six"


class Scripted:
    """A model whose recogniser gives these readings, best first, each with its log likelihood."""

    def __init__(self, *alternatives: tuple[str, float]) -> None:
        self._found = [{"text": text, "confidence": score} for text, score in alternatives]

    def recogniser(self, grammar: Grammar, alternatives: int) -> Scripted:
        return self

    def FinalResult(self) -> str:  # noqa: N802 - Vosk's name
        return json.dumps({"alternatives": self._found})


def readings(grammar: Grammar, *alternatives: tuple[str, float]) -> list[tuple[str, float]]:
    recogniser = UtteranceRecogniser(cast(Model, Scripted(*alternatives)), grammar, 10)
    return [
        (reading.meaning.text, round(reading.confidence, 2)) for reading in recogniser.readings()
    ]


def test_the_known_length_chooses_among_readings() -> None:
    seven = SAID.rpartition(" ")[0]
    found = readings(EIGHT, (seven, 100.0), (SAID, 99.0))
    assert found[0] == ("70352946", 0.27)
    assert all(len(text) == 8 for text, _ in found)


def test_a_digit_lost_everywhere_is_mended_and_never_sure() -> None:
    found = readings(EIGHT, ("seven zero three five two nine four", 100.0))
    assert len(found) == 7
    assert max(confidence for _, confidence in found) < 0.1
    assert ("70335294", 0.07) in found


def test_one_unclear_place_among_many_digits_is_no_talk_and_never_sure() -> None:
    unclear = "seven zero three [seldom] two nine four six"
    assert readings(EIGHT, (unclear, 101.0), (SAID, 100.0)) == [("70352946", 0.27)]
    assert readings(EIGHT, (unclear, 101.0)) == []


def test_talk_likelier_than_any_number_is_no_answer() -> None:
    assert readings(EIGHT, ("seven [seldom] [seldom] two", 100.0), (SAID, 99.0)) == []
    assert readings(EIGHT, (SAID, 100.0), ("seven [seldom] [seldom] two", 99.0)) != []
    assert readings(EIGHT) == []


def test_the_same_number_in_other_words_is_one_reading() -> None:
    found = readings(EIGHT, (SAID, 100.0), (SAID.replace("zero", "oh"), 100.0))
    assert found == [("70352946", 1.0)]
