"""A driver's keys as he would say them, spoken by the service's own synthesiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ivr.caller.driver import Speech
from speech.languages.language import Language
from speech.recognition.phrase_book import phrase_book
from speech.recognition.words import DIGITS
from speech.synthesiser.synthesiser import Synthesiser

BETWEEN = (" ", ", ", ". ")
"""Between the words of an answer: who is not understood says it again, with longer pauses."""

LEVEL = 0.5
"""Loudest sample of what is said, of full scale: an ordinary caller."""


async def said_aloud(
    keyed: Mapping[str, Sequence[str]],
    words: Mapping[str, str],
    language: Language,
    synthesiser: Synthesiser,
) -> dict[str, list[Speech]]:
    """The same answers by voice, each as often as it may be asked for. Raises SynthesisFailed.

    Args:
        keyed: keys by question.
        words: for menus, what is said instead of the key: a name of the phrase book.
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
