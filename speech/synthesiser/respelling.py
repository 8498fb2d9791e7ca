"""Respells words that espeak-ng 1.51 misreads, so that it reads them right.

Catalogue and spoken forms are written for people. Its voices mispronounce some of those words:
朝 as in "dynasty" in 朝早, a third syllable in 凌晨, a lone A as the article. Only the text for the
voice is respelled; texts, transcripts and recordings by people are not affected. The rules are in
the file of each language (`speech/languages/`); each is checked against espeak-ng's own phonemes in
the tests.
"""

from __future__ import annotations

from speech.languages.language import Language
from speech.languages.registry import LANGUAGES


def respelled(language: Language, text: str) -> str:
    """The text to give to the voice of a language so that it sounds right."""
    for written, given in LANGUAGES[language].respelling:
        text = written.sub(given, text)
    return text
