"""How Kokoro writes sounds: its symbols for English, Putonghua and, as near as it gets, jyutping.

English comes from the dictionaries that were made for Kokoro (misaki, `us_gold.json`), and from our
lexicon for words they lack. Kokoro knows no Cantonese: its syllables are written with the sounds it
has, so that many voices say something like them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from speech.training.lexicon import Pronunciation, jyutping
from speech.voices import kokoro_english
from speech.voices.kokoro_pinyin import toned

_PHONES = {
    "AA": "ɑ",
    "AE": "æ",
    "AH": "ʌ",
    "AO": "ɔ",
    "AY": "I",
    "EH": "ɛ",
    "ER": "ɜɹ",
    "EY": "A",
    "IH": "ɪ",
    "IY": "i",
    "OW": "O",
    "UH": "ʊ",
    "UW": "u",
    "B": "b",
    "CH": "ʧ",
    "D": "d",
    "DH": "ð",
    "F": "f",
    "G": "ɡ",
    "HH": "h",
    "JH": "ʤ",
    "K": "k",
    "L": "l",
    "M": "m",
    "N": "n",
    "NG": "ŋ",
    "P": "p",
    "R": "ɹ",
    "S": "s",
    "SH": "ʃ",
    "T": "t",
    "TH": "θ",
    "V": "v",
    "W": "w",
    "Y": "j",
    "Z": "z",
}
_VOWELS = frozenset(["AA", "AE", "AH", "AO", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "UH", "UW"])

_INITIALS = {
    "b": "p",
    "p": "pʰ",
    "m": "m",
    "f": "f",
    "d": "t",
    "t": "tʰ",
    "n": "n",
    "l": "l",
    "g": "k",
    "k": "kʰ",
    "h": "h",
    "z": "ʦ",
    "c": "ʦʰ",
    "s": "s",
    "j": "j",
    "w": "w",
    "gw": "kw",
    "kw": "kʰw",
    "ng": "ŋ",
}
_JYUTPING_NUCLEI = (
    *(("aa", "a"), ("oe", "ɛ"), ("eo", "ə"), ("yu", "y"), ("a", "ɐ"), ("e", "ɛ"), ("i", "i")),
    *(("o", "ɔ"), ("u", "u")),
)
_JYUTPING_TONES = {"1": "→", "2": "↗", "3": "→", "4": "↓", "5": "↗", "6": "↘"}


def of_jyutping(syllable: str) -> str:
    """Raises KeyError for what is no syllable of jyutping."""
    units, tone = jyutping(syllable), _JYUTPING_TONES[syllable[-1]]
    initial = _INITIALS[units[0][2:]] if len(units) == 2 else ""
    final = units[-1][2:]
    if final in ("m", "ng"):
        return {"m": "m", "ng": "ŋ"}[final] + tone
    nucleus, sound = next(pair for pair in _JYUTPING_NUCLEI if final.startswith(pair[0]))
    rest = final[len(nucleus) :].replace("ng", "ŋ")
    if rest in ("k", "ŋ") and sound in ("i", "u"):
        sound = {"i": "ɪ", "u": "ʊ"}[sound]
    return initial + toned(sound + rest, tone)


def of_arpabet(units: Pronunciation) -> str:
    """Stressed on the first vowel."""
    written, stressed = "", False
    for unit in units:
        phone = unit.removeprefix("e_")
        if phone in _VOWELS and not stressed:
            written, stressed = written + "ˈ", True
        written += _PHONES[phone]
    return written


@cache
def dictionary(folder: Path, *, british: bool) -> Mapping[str, str]:
    """misaki's words and their usual sounds. Raises VoiceUnavailable."""
    words = kokoro_english.dictionary(folder, british=british)
    return {word: kokoro_english.usual(sounds) for word, sounds in words.items()}
