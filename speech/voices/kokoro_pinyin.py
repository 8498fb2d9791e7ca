"""Kokoro's symbols for a syllable of pinyin, as its Putonghua was trained (misaki)."""

from __future__ import annotations

import re

INITIALS = {
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
    "h": "x",
    "j": "ʨ",
    "q": "ʨʰ",
    "x": "ɕ",
    "zh": "ꭧ",
    "ch": "ꭧʰ",
    "sh": "ʂ",
    "r": "ɻ",
    "z": "ʦ",
    "c": "ʦʰ",
    "s": "s",
    "y": "",
    "w": "",
}
_FINALS = {
    "a": "a",
    "ai": "ai",
    "an": "an",
    "ang": "aŋ",
    "ao": "au",
    "e": "ɤ",
    "ei": "ei",
    "en": "ən",
    "eng": "əŋ",
    "i": "i",
    "ia": "ja",
    "ian": "jɛn",
    "iang": "jaŋ",
    "iao": "jau",
    "ie": "je",
    "in": "in",
    "iu": "jou",
    "ing": "iŋ",
    "iong": "jʊŋ",
    "ong": "ʊŋ",
    "ou": "ou",
    "u": "u",
    "ui": "wei",
    "ua": "wa",
    "uai": "wai",
    "uan": "wan",
    "un": "wən",
    "uang": "waŋ",
    "uo": "wo",
    "o": "wo",
    "v": "y",
    "ve": "ɥe",
    "van": "ɥɛn",
    "vn": "yn",
    "i(s)": "ɨ",
    "i(sh)": "ɨ",
    "er": "ɚ",
    "ueng": "wəŋ",
}
_WITHOUT_INITIAL = {
    "ya": "ja",
    "yan": "jɛn",
    "yang": "jaŋ",
    "yao": "jau",
    "ye": "je",
    "yi": "i",
    "yin": "in",
    "ying": "iŋ",
    "yong": "jʊŋ",
    "you": "jou",
    "yo": "jo",
    "yu": "y",
    "yue": "ɥe",
    "yuan": "ɥɛn",
    "yun": "yn",
    "wa": "wa",
    "wai": "wai",
    "wan": "wan",
    "wang": "waŋ",
    "wei": "wei",
    "wen": "wən",
    "weng": "wəŋ",
    "wo": "wo",
    "wu": "u",
}
_TONES = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}

_BY_LENGTH = sorted(INITIALS, key=len, reverse=True)


def initial_and_final(syllable: str) -> tuple[str, str]:
    """Split a syllable of pinyin without its tone; the initial is empty if there is none.

    Finals with the same spelling but another sound are distinguished: u after j, q, x, y is v; i
    after s and sh sounds is i(s) and i(sh).
    """
    plain = re.sub(r"[1-5]$", "", syllable).replace("ü", "v").replace("u:", "v")
    for initial in _BY_LENGTH:
        if plain.startswith(initial) and len(plain) > len(initial):
            return initial, _final(initial, plain[len(initial) :])
    return "", plain


def _final(initial: str, final: str) -> str:
    if initial in ("j", "q", "x", "y") and final.startswith("u"):
        return "v" + final[1:]
    if final == "i" and initial in ("z", "c", "s"):
        return "i(s)"
    if final == "i" and initial in ("zh", "ch", "sh", "r"):
        return "i(sh)"
    return final


def of_pinyin(syllable: str) -> str:
    """Raises KeyError for text that is no syllable of pinyin with a tone, 1 to 5."""
    plain, tone = syllable.rstrip("12345"), _TONES[syllable[-1]]
    if plain in _WITHOUT_INITIAL:
        return toned(_WITHOUT_INITIAL[plain], tone)
    initial, final = initial_and_final(syllable)
    return (INITIALS[initial] if initial else "") + toned(_FINALS[final], tone)


def toned(final: str, tone: str) -> str:
    """The tone is written after the vowels, before a final consonant."""
    for end in ("n", "ŋ", "m", "p", "t", "k"):
        if final.endswith(end):
            return final[: -len(end)] + tone + end
    return final + tone
