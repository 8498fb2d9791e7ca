"""Putonghua for Kokoro: characters, digits and letters as its symbols.

pypinyin reads the characters; words of our texts that it misreads are in `WORDS`. Then come rules
that it does not apply: a third tone before another is a second (Chao 1968, 1.3.2), 一 and 不 change
before other tones, digits are spoken one by one with 幺 for 1, and letters have English names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pypinyin import Style, lazy_pinyin
from pypinyin.seg.mmseg import seg

from speech.languages.putonghua import PutonghuaForms
from speech.voices.kokoro_pinyin import of_pinyin
from speech.voices.voice import VoiceUnavailable

WORDS: Mapping[str, str] = {
    "想重说": "xiang3 chong2 shuo1",
    "重说": "chong2 shuo1",
    "重新": "chong2 xin1",
    "给": "gei3",
    "太长": "tai4 chang2",
    "长度": "chang2 du4",
    "长按": "chang2 an4",
    "幺": "yao1",
    "两": "liang3",
    "断了线": "duan4 le5 xian4",
    "为您": "wei4 nin2",
    "时候": "shi2 hou5",
    "告诉": "gao4 su5",
    "清楚": "qing1 chu5",
    "谢谢": "xie4 xie5",
    "地方": "di4 fang5",
    "早上": "zao3 shang5",
    "晚上": "wan3 shang5",
    "上面": "shang4 mian5",
    "输入过": "shu1 ru4 guo5",
    "审核过": "shen3 he2 guo5",
}
"""Words, and their reading where pypinyin has another or none; the longest match is used."""

_PLAIN = {"一": "yi1", "不": "bu4"}
"""Readings before any rule; pypinyin has already changed them in phrases that it knows."""

TOGETHER = frozenset(
    Path(__file__).with_name("kokoro_words.txt").read_text(encoding="utf-8").split()
)
"""Words of our texts that pypinyin would split; a word is spoken without a break."""

_LONGEST = max(map(len, {*WORDS, *TOGETHER}))
_NAMES_OF_LETTERS = {name: letter for letter, name in PutonghuaForms.letter_names.items()}
_DIGITS = dict(zip("0123456789", PutonghuaForms.digit_names, strict=True))
_MARKS = str.maketrans("，。；：？！、", ",.;:?!,")
_PIECES = re.compile(r"[\u4e00-\u9fff]+|[A-Za-z]+|[0-9]+|[,.;:?!]")


def symbols(text: str, letters: Mapping[str, str]) -> str:
    """A text in Kokoro's symbols; `letters` are the English names of A to Z, in them.

    Raises VoiceUnavailable for a character that has no reading.
    """
    text = _alone(text).translate(_MARKS)
    if strange := _PIECES.sub("", text).strip(" \n-–—()（）“”"):
        raise VoiceUnavailable(f"the voice kokoro has no sounds for {strange!r} in Putonghua")
    written = ""
    for piece in _PIECES.findall(text):
        if piece in ",.;:?!":
            written = written.rstrip() + piece + " "
        elif piece[0].isascii() and piece[0].isalpha():
            written += " ".join(letters[letter] for letter in piece.upper()) + " "
        else:
            written += " ".join(_word(word) for word in read(_spelt(piece))) + " "
    return written.strip()


def _alone(text: str) -> str:
    """Replace the Chinese name of a letter by the letter, if the text is nothing else."""
    name, mark = (text[:-1], text[-1]) if text[-1:] in ".,。，" else (text, "")
    return _NAMES_OF_LETTERS[name] + mark if name in _NAMES_OF_LETTERS else text


def _spelt(piece: str) -> str:
    return "".join(_DIGITS.get(character, character) for character in piece)


def read(characters: str) -> list[list[str]]:
    """The syllables of pinyin with their spoken tones, by word. Raises VoiceUnavailable."""
    words = [(word, _reading(word)) for word in _words(characters)]
    citation = [syllable for _, reading in words for syllable in reading]
    spoken = iter(_sandhi("".join(word for word, _ in words), citation))
    return [[next(spoken) for _ in reading] for _, reading in words]


def _words(characters: str) -> Iterator[str]:
    """Our own words first, the longest match; between them the words that pypinyin knows."""
    other, at = "", 0
    while at < len(characters):
        ours = next(
            (
                characters[at : at + length]
                for length in range(_LONGEST, 0, -1)
                if characters[at : at + length] in WORDS or characters[at : at + length] in TOGETHER
            ),
            "",
        )
        if ours:
            yield from seg.cut(other)
            yield ours
            other, at = "", at + len(ours)
        else:
            other, at = other + characters[at], at + 1
    yield from seg.cut(other)


def _reading(word: str) -> list[str]:
    given = WORDS.get(word)
    reading = (
        given.split()
        if given
        else lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False)
    )
    if len(reading) != len(word):
        raise VoiceUnavailable(f"the voice kokoro has no sounds for {word!r}")
    reading = [
        _PLAIN.get(character, syllable) for character, syllable in zip(word, reading, strict=True)
    ]
    if not all(syllable[-1] in "12345" for syllable in reading):
        raise VoiceUnavailable(f"the voice kokoro has no sounds for {word!r}")
    return reading


def _sandhi(characters: str, syllables: list[str]) -> list[str]:
    spoken = list(syllables)
    for at, (character, syllable) in enumerate(zip(characters, syllables, strict=True)):
        if at + 1 == len(syllables):
            break
        tone, following = syllable[-1], syllables[at + 1][-1]
        if character == "不" and following == "4":
            spoken[at] = "bu2"
        elif character == "一" and _changes(characters, at):
            spoken[at] = "yi2" if following == "4" or characters[at + 1] == "个" else "yi4"
        elif tone == "3" and following == "3":
            spoken[at] = syllable[:-1] + "2"
    return spoken


_KEEPS = frozenset("零一幺二三四五六七八九十月号字")
"""一 before these is a numeral that keeps its tone; behind 第, 星期 and other numerals too."""


def _changes(characters: str, at: int) -> bool:
    before = characters[at - 1 : at]
    return characters[at + 1] not in _KEEPS and before not in (*"第零幺二三四五六七八九十",)


def _word(reading: list[str]) -> str:
    try:
        return "".join(of_pinyin(syllable) for syllable in reading)
    except KeyError as failure:
        raise VoiceUnavailable(f"the voice kokoro has no sounds for {failure}") from failure
