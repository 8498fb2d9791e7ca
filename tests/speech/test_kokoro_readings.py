"""What Kokoro is given to say: readings, tones, digits, letters. That needs no model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prompts.phrasing import phrased
from prompts.script import Clip, clips
from speech.languages.english import EnglishForms
from speech.languages.language import Language
from speech.voices.kokoro_english import English
from speech.voices.kokoro_putonghua import read, symbols
from speech.voices.voice import VoiceUnavailable

pytestmark = pytest.mark.unit

LETTERS = {letter: letter.lower() for letter in EnglishForms.letter_names}
KNOWN = {
    **{letter: f"ˈ{letter}" for letter in LETTERS},
    "press": "pɹˈɛs",
    "the": "ðə",
    "answer": "ˈɑːnsə",
    "bundle": "bˈʌndᵊl",
    "carry": "kˈaɹi",
    "lodge": "lˈɒʤ",
    "ask": "ˈɑːsk",
    "need": "nˈiːd",
    "caller": "kˈɔːlə",
    "record": {"DEFAULT": "ɹˈɛkɔːd", "VERB": "ɹɪkˈɔːd"},
    "it": "ɪt",
    "one": "wˈʌn",
    "seven": "sˈɛvᵊn",
    "mark": "mˈɑːk",
    "key": "kˈiː",
    "twenty": "twˈɛnti",
}


@pytest.fixture
def english(tmp_path: Path) -> English:
    (tmp_path / "gb_gold.json").write_text(json.dumps(KNOWN), encoding="utf-8")
    return English(tmp_path, british=True)


def pinyin(characters: str) -> str:
    return " ".join(syllable for word in read(characters) for syllable in word)


@pytest.mark.parametrize(
    ("characters", "spoken"),
    [
        ("五九", "wu2 jiu3"),
        ("九五九", "jiu2 wu2 jiu3"),
        ("请打", "qing2 da3"),
        ("一起", "yi4 qi3"),
        ("一次", "yi2 ci4"),
        ("一个", "yi2 ge4"),
        ("第一个", "di4 yi1 ge4"),
        ("十一点", "shi2 yi1 dian3"),
        ("二一", "er4 yi1"),
        ("不正确", "bu2 zheng4 que4"),
        ("不能", "bu4 neng2"),
    ],
)
def test_tones_change_before_others(characters: str, spoken: str) -> None:
    assert pinyin(characters) == spoken


@pytest.mark.parametrize(
    ("characters", "spoken"),
    [
        ("想重说上一部分", "xiang3 chong2 shuo1 shang4 yi2 bu4 fen4"),
        ("给付货人", "gei3 fu4 huo4 ren2"),
        ("录音太长了", "lu4 yin1 tai4 chang2 le5"),
        ("长按", "chang2 an4"),
        ("重新", "chong2 xin1"),
        ("长度", "chang2 du4"),
        ("内地车牌", "nei4 di4 che1 pai2"),
        ("要求", "yao1 qiu2"),
        ("捆绑", "kun2 bang3"),
    ],
)
def test_what_is_easily_read_wrongly(characters: str, spoken: str) -> None:
    assert pinyin(characters) == spoken


def test_what_is_one_word_is_said_in_one_go() -> None:
    assert [len(word) for word in read("请输入捆绑参考编号")] == [1, 2, 2, 4]


def test_digits_of_a_plate_are_said_one_by_one_and_its_letters_in_english() -> None:
    assert symbols("车牌，AB1234。", LETTERS) == "ꭧʰɤ→pʰai↗, a b jau→ ɚ↘ sa→n sɨ↘."


def test_a_letter_alone_has_its_english_name_however_it_is_written_in_characters() -> None:
    assert symbols("大波留.", LETTERS) == "w."
    assert symbols("爱", LETTERS) == "i"


def test_every_text_in_putonghua_can_be_said() -> None:
    for clip in clips(Language.PUTONGHUA):
        assert symbols(phrased(clip), LETTERS)


@pytest.mark.parametrize("text", ["车牌の号码", "请按ß"])
def test_a_character_without_a_reading_is_refused_not_left_out(text: str) -> None:
    with pytest.raises(VoiceUnavailable, match=r"kokoro has no sounds for .* in Putonghua"):
        symbols(text, LETTERS)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("press the answer", "pɹˈɛs ði ˈɑːnsə"),
        ("press the mark", "pɹˈɛs ðə mˈɑːk"),
        ("A bundle", "ɐ bˈʌndᵊl"),
        ("A is key 7", "ˈA ɪz kˈiː sˈɛvᵊn"),
        ("Z", "zˈɛd"),
        ("W X", "ˈW ˈX"),
        ("ID", "ˈI ˈD"),
        ("PIN", "pˈɪn"),
        ("ROCARS", "ɹˈQkˌɑːz"),
        ("carries", "kˈaɹiz"),
        ("lodges", "lˈɒʤɪz"),
        ("asked", "ˈɑːskt"),
        ("needed", "nˈiːdɪd"),
        ("bundled", "bˈʌndᵊld"),
        ("callers", "kˈɔːləz"),
        ("to record it", "tə ɹɪkˈɔːd ɪt"),
        ("the record", "ðə ɹˈɛkɔːd"),
        ("twenty-one", "twˈɛnti wˈʌn"),
    ],
)
def test_english_words_and_letters(english: English, text: str, spoken: str) -> None:
    english._words = {**KNOWN, "is": "ɪz"}
    assert english.symbols(text) == spoken


def test_a_word_that_is_in_no_dictionary_is_refused_not_guessed(english: English) -> None:
    with pytest.raises(VoiceUnavailable, match="no sounds for 'xylograph'"):
        english.symbols("press xylograph")
    with pytest.raises(VoiceUnavailable, match="no sounds for '請' in English"):
        english.symbols("press 請")


def test_without_its_dictionary_the_voice_says_so(tmp_path: Path) -> None:
    with pytest.raises(VoiceUnavailable, match="no dictionary"):
        English(tmp_path, british=True)


@pytest.mark.parametrize(
    ("language", "name", "speech", "given"),
    [
        (Language.ENGLISH, "welcome.language--1", "For English, press", "For English, press,"),
        (Language.ENGLISH, "vehicle.which", "Which vehicle", "Which vehicle?"),
        (Language.ENGLISH, "bundle.done--1", "Bundled", "Bundled:"),
        (Language.ENGLISH, "unit/digit.7", "seven", "seven,"),
        (Language.ENGLISH, "unit/digit.7.begins", "seven", "seven,"),
        (Language.ENGLISH, "unit/digit.7.ends", "seven", "seven."),
        (Language.PUTONGHUA, "unit/key.1", "一", "一."),
        (Language.ENGLISH, "unit/letter.b", "B", "B."),
        (Language.ENGLISH, "unit/hour.7", "seven", "seven,"),
        (Language.ENGLISH, "unit/minute.15", "fifteen", "fifteen,"),
        (Language.PUTONGHUA, "unit/minute.15", "十五分", "十五分."),
        (Language.PUTONGHUA, "status.live--3", "仍然有效", "仍然有效。"),
    ],
)
def test_a_clip_is_phrased_by_what_stands_behind_it(
    language: Language, name: str, speech: str, given: str
) -> None:
    assert phrased(Clip(language, name, speech)) == given
