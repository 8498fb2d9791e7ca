"""The answers of a driver as spoken words, made by the service's own synthesiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ivr.caller.driver import Speech
from speech.languages.language import Language
from speech.recognition.phrase_book import phrase_book
from speech.recognition.words import DIGITS
from speech.synthesiser.synthesiser import Synthesiser

BETWEEN = (" ", ", ", ". ")
"""What separates the words of an answer: a repeated answer has longer pauses."""

LEVEL = 0.5
"""Peak level of the speech, as a share of full scale: that of an ordinary caller."""


async def said_aloud(
    keyed: Mapping[str, Sequence[str]],
    words: Mapping[str, str],
    language: Language,
    synthesiser: Synthesiser,
) -> dict[str, list[Speech]]:
    """Make the same answers as speech, once for each time they may be asked for. Raises
    SynthesisFailed.

    Args:
        keyed: keys by question.
        words: for menus, the phrase to say instead of the key, by its name in the phrase book.
    """
    aloud: dict[str, list[Speech]] = {}
    for question, answers in keyed.items():
        named = words.get(question)
        for keys in answers:
            words_said = [DIGITS[language][int(key)] for key in keys if key.isdigit()]
            if named:
                words_said = [phrase_book(language).phrases[named][0]]
            for between in BETWEEN:
                samples = await synthesiser.speak(language, between.join(words_said))
                louder = samples / max(1e-6, float(np.abs(samples).max())) * LEVEL * 32767
                speech = Speech(" ".join(words_said), louder.astype("<i2").tobytes())
                aloud.setdefault(question, []).append(speech)
    return aloud
