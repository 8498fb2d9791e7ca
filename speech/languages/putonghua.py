"""Putonghua.

One is read yāo in identifiers, so that it cannot be taken for seven (yī, qī); as a key to press it
is yī. Letters are written as they are said over the telephone, so that the voice says them with
Chinese sounds.
"""

from __future__ import annotations

from speech.languages.language import Language
from speech.languages.spoken_language import SpokenLanguage, TrainingVoices, rules
from speech.spoken.chinese import ChineseForms


class PutonghuaForms(ChineseForms):
    digit_names = ("零", "幺", "二", "三", "四", "五", "六", "七", "八", "九")
    letter_names = {
        "A": "诶",
        "B": "必",
        "C": "西",
        "D": "弟",
        "E": "衣",
        "F": "艾付",
        "G": "记",
        "H": "艾尺",
        "I": "爱",
        "J": "杰",
        "K": "开",
        "L": "艾勒",
        "M": "艾马",
        "N": "恩",
        "O": "哦",
        "P": "披",
        "Q": "吉吾",
        "R": "阿尔",
        "S": "艾斯",
        "T": "提",
        "U": "优",
        "V": "维",
        "W": "大波留",
        "X": "艾克斯",
        "Y": "歪",
        "Z": "贼德",
    }
    key_names = {"*": "星号键", "#": "井号键", "1": "一"}
    two = "两"
    sharp = "整"
    hour_word = "点"
    minute_word = "分"
    tomorrow = "明天"
    yesterday = "昨天"
    day_word = "号"
    day_parts = (
        (0, "small_hours", "凌晨"),
        (6, "morning", "早上"),
        (12, "noon", "中午"),
        (13, "afternoon", "下午"),
        (18, "night", "晚上"),
    )


PUTONGHUA = SpokenLanguage(
    language=Language.PUTONGHUA,
    bcp47="zh-CN",
    names={"en": "Putonghua", "zh-Hant": "普通話"},
    forms=PutonghuaForms(),
    voice="sit/cmn-latn-pinyin",  # Debian 12's sit/cmn reads characters wrongly
    respelling=rules(
        ("凌晨", "零尘"),  # líng chén, not líng chén chén
        ("重新", "崇新"),  # chóng
        ("更改", "庚改"),  # gēng
        ("内地", "内第"),  # dì, not de
        ("要求", "腰求"),  # yāo
        ("处理", "储理"),  # chǔ
        ("(?<!第)一(?=[下个次样步辆])", "移"),  # tone sandhi: yí before a fourth tone
        ("一起", "义起"),  # and yì before a third
        ("不(?=[要会是到适正用])", "醭"),  # bú before a fourth tone
    ),
    digits=tuple("零一二三四五六七八九"),
    # The last three come from radio and the railway.
    digits_said_otherwise={"幺": "1", "两": "2", "洞": "0", "拐": "7", "勾": "9"},
    regions=frozenset({"CN"}),
    sounds="pinyin",
    syllables="pinyin.txt",
    training_voices=TrainingVoices(syllables="cmn-latn-pinyin", characters="cmn-latn-pinyin"),
)
