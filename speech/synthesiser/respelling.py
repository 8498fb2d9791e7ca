"""Words espeak-ng 1.51 misreads, and how to write them so that it reads them right.

Catalogue and spoken forms are written for people. Some of those words its voices say wrongly:
朝 as in "dynasty" in 朝早, a third syllable in 凌晨, a lone A as the article. Only what the voice
is given is respelled; texts, transcripts and recordings by people are untouched by it. The rules
are in the file of each language (`speech/languages/`); each is checked against espeak-ng's own
phonemes in the tests.
"""

from __future__ import annotations

from speech.languages.language import Language
from speech.languages.registry import LANGUAGES


def respelled(language: Language, text: str) -> str:
    """What the voice of a language is given so that a text sounds as it should."""
    for written, given in LANGUAGES[language].respelling:
        text = written.sub(given, text)
    return text
