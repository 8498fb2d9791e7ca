"""English for Kokoro: words by the dictionaries made for it, and our own rules.

misaki's dictionaries give the sounds of words; plurals and past forms are derived, single capitals
are letters, digits are spoken one by one, and our own names are in `OURS`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from speech.languages.english import EnglishForms
from speech.voices.voice import VoiceUnavailable

OURS: Mapping[str, tuple[str, str]] = {
    "ROCARS": ("ɹˈQkˌɑːz", "ɹˈOkˌɑɹz"),
    "Hong": ("hˌɒŋ", "hˌɑŋ"),
    "Kong": ("kˈɒŋ", "kˈɑŋ"),
    "PIN": ("pˈɪn", "pˈɪn"),
    "a": ("ɐ", "ɐ"),
    "an": ("ɐn", "ɐn"),
    "and": ("ənd", "ænd"),
    "Enquiries": ("ɪnkwˈIəɹɪz", "ɪnkwˈIɹiz"),
    "zed": ("zˈɛd", "zˈɛd"),
    "unladen": ("ʌnlˈAdᵊn", "ʌnlˈAdᵊn"),
}
"""Words by their sounds, British and American; they take precedence over the dictionary."""

_VERBS = re.compile(r"\b(?:to|it again|must) (record)\b")
_READ_OUT = re.compile(r"\b(?:was|is|been) read\b")
_PIECES = re.compile(r"[A-Za-z']+|[0-9]|[,.;:?!]")
_SILENT = ' \n-–—()"“”‘’/'
_VOWELS = "AIOQWYaeiouæɑɐɒɔəɚɛɜɪʊʌᵊᵻ"
_ARTICLE = re.compile(r"A (?!is\b|on\b|or\b|and\b)[a-z]")
_LETTERS = re.compile(r"^[A-Z]{1,3}$")


@cache
def dictionary(folder: Path, *, british: bool) -> Mapping[str, Any]:
    """misaki's words and their sounds. Raises VoiceUnavailable."""
    path = folder / ("gb_gold.json" if british else "us_gold.json")
    try:
        words: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise VoiceUnavailable(f"the voice kokoro has no dictionary: {failure}") from failure
    return words


def usual(sounds: str | Mapping[str, str]) -> str:
    """The sounds of a word that is said in several ways, where nothing tells which is meant."""
    return sounds if isinstance(sounds, str) else sounds["DEFAULT"]


def letters(words: Mapping[str, Any], *, british: bool) -> Mapping[str, str]:
    """The names of A to Z: Z is "zed" in Hong Kong, whoever speaks."""
    return {
        letter: OURS["zed"][not british] if letter == "Z" else words[letter] for letter in _ALPHABET
    }


_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _weak(word: str, following: str) -> str:
    """ "The" and "to", which depend on the next sound; empty for other words."""
    vowel = following.lstrip("ˈˌ")[:1] in tuple(_VOWELS)
    match word.lower():
        case "the":
            return "ði" if vowel else "ðə"
        case "to":
            return "tʊ" if vowel else "tə"
    return ""


class English:
    """Texts in Kokoro's symbols, in British or American English."""

    def __init__(self, folder: Path, *, british: bool) -> None:
        """Raises VoiceUnavailable without the dictionary in that folder."""
        self._words = dictionary(folder, british=british)
        self._british = british
        self.letters = letters(self._words, british=british)

    def symbols(self, text: str) -> str:
        """Raises VoiceUnavailable for a word that has no sounds."""
        if strange := _PIECES.sub("", text).strip(_SILENT):
            raise VoiceUnavailable(f"the voice kokoro has no sounds for {strange!r} in English")
        verbs = {match.start(1) for match in _VERBS.finditer(text)}
        past = {match.end() - len("read") for match in _READ_OUT.finditer(text)}
        pieces = [(match[0], match.start()) for match in _PIECES.finditer(text)]
        written: list[str] = []
        for piece, at in reversed(pieces):
            if piece in ",.;:?!":
                written.append(piece)
                continue
            tag = "VERB" if at in verbs else "VBD" if at in past else "DEFAULT"
            following = next(
                (symbols for symbols in reversed(written) if symbols not in ",.;:?!"), ""
            )
            article = bool(_ARTICLE.match(text, at))
            written.append(_weak(piece, following) or self._sounds(piece, tag, article=article))
        symbols = " ".join(reversed(written))
        return re.sub(r" (?=[,.;:?!])", "", symbols)

    def _sounds(self, word: str, tag: str, *, article: bool) -> str:
        if word in "0123456789":
            word = EnglishForms.digit_names[int(word)]
        if word == "A" and article:
            word = "a"
        if word in OURS:
            return OURS[word][not self._british]
        if _LETTERS.match(word):
            return " ".join(self.letters[letter] for letter in word)
        forms = (word, word.lower(), word.capitalize())
        for written in forms:
            if sounds := OURS[written][not self._british] if written in OURS else "":
                return sounds
        for sounds in (*map(self._known, forms), *map(self._derived, forms)):
            if sounds:
                tagged = "" if isinstance(sounds, str) else sounds.get(tag)
                return tagged or usual(sounds)
        raise VoiceUnavailable(f"the voice kokoro has no sounds for {word!r}")

    def _known(self, word: str) -> Any:
        return self._words.get(word)

    def _derived(self, word: str) -> str:
        """A plural, a past form or an agent noun: from the word without its ending."""
        for ending, stems in (
            ("s", (word[:-1], word[:-2], word[:-3] + "y")),
            ("ed", (word[:-1], word[:-2], word[:-3], word[:-3] + "y")),
            ("ing", (word[:-3], word[:-3] + "e", word[:-4])),
            ("er", (word[:-1], word[:-2])),
        ):
            if word.endswith(ending):
                for stem in stems:
                    known = len(stem) > 1 and self._known(stem)
                    if known:
                        return usual(known) + self._ending(ending, usual(known))
        return ""

    def _ending(self, ending: str, sounds: str) -> str:
        last, weak = sounds[-1], "ɪ" if self._british else "ᵻ"
        match ending:
            case "s" if last in "szʃʒʧʤ":
                return weak + "z"
            case "s":
                return "s" if last in "ptkfθ" else "z"
            case "ed" if last in "td":
                return weak + "d"
            case "ed":
                return "t" if last in "pkfθʃsʧ" else "d"
            case "ing":
                return "ɪŋ"
        return "ə" if self._british else "əɹ"
