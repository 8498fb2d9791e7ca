"""Hong Kong Cantonese, as it is spoken.

Letters are English letter names with Hong Kong's colour (ef-foo, el-lo, es-see, ex-see, ee-zed);
espeak-ng's Cantonese voice reads the Latin part with its English rules and the same voice. A
native speaker's recordings should replace them.
"""

from __future__ import annotations

from speech.languages.language import Language
from speech.languages.spoken_language import SpokenLanguage, TrainingVoices, rules
from speech.spoken.chinese import ChineseForms
from speech.spoken.forms import LETTERS


class CantoneseForms(ChineseForms):
    digit_names = ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九")
    letter_names = {letter: letter for letter in LETTERS} | {
        "F": "F夫",
        "L": "L佬",
        "S": "S士",
        "X": "X士",
        "Z": "E Z",
    }
    key_names = {"*": "星號鍵", "#": "井號鍵"}
    two = "兩"
    sharp = "正"
    hour_word = "點"
    minute_word = "分"
    tomorrow = "聽日"
    yesterday = "琴日"
    day_word = "號"
    day_parts = (
        (0, "small_hours", "凌晨"),
        (6, "morning", "朝早"),
        (12, "noon", "中午"),
        (13, "afternoon", "下晝"),
        (18, "night", "夜晚"),
    )


CANTONESE = SpokenLanguage(
    language=Language.CANTONESE,
    bcp47="zh-HK",
    names={"en": "Cantonese", "zh-Hant": "廣東話"},
    forms=CantoneseForms(),
    voice="sit/yue",
    respelling=rules(
        ("朝早", "招早"),  # ziu1, not ciu4
        ("聽日", "汀日"),  # ting1
        ("聽", "廳"),  # teng1
        ("(?<=電)話|(?<=廣東)話", "畫"),  # waa2
        ("位(?=數字)", "胃"),  # wai6
        ("(?<!社)會", "蛕"),  # wui5, "will"
    ),
    digits=tuple("零一二三四五六七八九"),
    digits_said_otherwise={"兩": "2"},
    sounds="jyutping",
    syllables="jyutping.txt",
    training_voices=TrainingVoices(syllables="yue-latn-jyutping", characters="yue"),
)
