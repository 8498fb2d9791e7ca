"""Written Cantonese is read as Hong Kong says it, every character of every prompt."""

from __future__ import annotations

import re
import unicodedata

import pytest

from prompts.phrasing import phrased
from prompts.script import clips
from speech.languages.language import Language
from speech.training.lexicon import Lexicon
from speech.voices.cantonese.letters import LETTERS
from speech.voices.cantonese.model import load
from speech.voices.cantonese.reading import Unreadable, jyutping, phrases
from speech.voices.cantonese.syllable import Syllable

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("聽返或者取消捆綁", "teng1 faan1 waak6 ze2 ceoi2 siu1 kwan2 bong2"),
        ("請輸入", "cing2 syu1 jap6"),
        ("我聽到嘅係", "ngo5 teng1 dou2 ge3 hai6"),
        ("收唔到", "sau1 m4 dou2"),
        ("轉去熱線", "zyun2 heoi3 jit6 sin3"),
        ("撳星號鍵再撳井號鍵", "gam6 sing1 hou2 gin6 zoi3 gam6 zeng2 hou2 gin6"),
        ("用戶號碼", "jung6 wu6 hou6 maa5"),
        ("位數字", "wai2 sou3 zi6"),
        ("位用戶號碼", "wai2 jung6 wu6 hou6 maa5"),
        ("喺個鍵嘅位置", "hai2 go3 gin6 ge3 wai6 zi3"),
        ("可以嘅話", "ho2 ji5 ge3 waa2"),
        ("電話密碼", "din6 waa2 mat6 maa5"),
        ("廣東話", "gwong2 dung1 waa2"),
        ("冇錄到說話", "mou5 luk6 dou2 syut3 waa6"),
        ("唔係咁樣", "m4 hai6 gam2 joeng2"),
        ("好似打短訊咁", "hou2 ci5 daa2 dyun2 seon3 gam2"),
        ("請重新輸入", "cing2 cung4 san1 syu1 jap6"),
        ("朝早", "ziu1 zou2"),
        ("聽日", "ting1 jat6"),
        ("1234", "jat1 ji6 saam1 sei3"),
        ("AB 12", "ei1 bi1 jat1 ji6"),
        ("Ｗ５", "dap1 biu1 ng5"),
        ("F夫", "e1 fu4"),
        ("E Z", "ji6 set1"),
        ("*", "sing1 hou2"),
        ("捆綁成功。你嘅編號係,", "kwan2 bong2 sing4 gung1 | nei5 ge3 pin1 hou6 hai6"),
    ],
)
def test_a_text_is_read(text: str, reading: str) -> None:
    assert jyutping(text) == reading


def test_each_character_of_each_prompt_has_one_reading_and_a_sound() -> None:
    uneven = []
    for clip in clips(Language.CANTONESE):
        syllables = [syllable for phrase in phrases(phrased(clip)) for syllable in phrase.syllables]
        for syllable in syllables:
            load().sound(syllable)
        written = [
            character for character in clip.speech if unicodedata.category(character)[0] in "LN"
        ]
        if not re.search("[A-Z]", clip.speech) and len(syllables) != len(written):
            uneven.append(f"{clip.name}: {clip.speech}: {jyutping(clip.speech)}")
    assert uneven == []


def test_each_letter_is_said_as_the_recogniser_hears_it_first() -> None:
    lexicon = Lexicon.of(Language.CANTONESE)
    assert {letter: lexicon.spellings[letter][0] for letter in LETTERS} == LETTERS


def test_a_clip_that_a_slot_follows_goes_on_and_a_sentence_comes_to_its_end() -> None:
    assert [phrase.ends for phrase in phrases("正確，請撳,")] == [False, False]
    assert [phrase.ends for phrase in phrases("主目錄.")] == [True]


@pytest.mark.parametrize("text", ["請撳 ✓", "привет", "你好 é"])
def test_what_has_no_reading_is_refused_and_named(text: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(text)):
        phrases(text)


@pytest.mark.parametrize("text", ["", "，。 "])
def test_a_text_of_no_words_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="nothing to say"):
        phrases(text)


@pytest.mark.parametrize("wrong", ["", "baa", "baa7", "1", "xin1", "你"])
def test_what_is_no_jyutping_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="expected a syllable in jyutping"):
        Syllable.of(wrong)
