"""Hong Kong Cantonese, as it is spoken.

Letters are English letter names with Hong Kong's colour (ef-foo, el-lo, es-see, ex-see, ee-zed);
espeak-ng's Cantonese voice reads the Latin part with its English rules and the same voice. A
native speaker's recordings should replace them.
"""

from __future__ import annotations

from speech.spoken.chinese import ChineseForms
from speech.spoken.forms import LETTERS


class Cantonese(ChineseForms):
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


CANTONESE = Cantonese()
