"""What the voices are given is what espeak-ng reads rightly, by its own phonemes."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from prompts.script import clips
from speech.languages.language import Language
from speech.synthesiser.respelling import respelled
from speech.synthesiser.settings import SynthesiserSettings
from tests.support.pace import limit

pytestmark = pytest.mark.service

NEEDS_ESPEAK = pytest.mark.skipif(
    shutil.which("espeak-ng") is None,
    reason="no espeak-ng program (Debian package espeak-ng): READINGS ARE NOT CHECKED",
)
YUE, CMN, EN = Language.CANTONESE, Language.PUTONGHUA, Language.ENGLISH


def phonemes(language: Language, text: str) -> str:
    """espeak-ng's mnemonics, without stress and word marks."""
    voice = SynthesiserSettings().voice(language).name
    phonemes = subprocess.run(
        ["espeak-ng", "-q", "-x", "-v", voice, respelled(language, text)],
        capture_output=True,
        text=True,
        check=True,
        timeout=limit(10),
    ).stdout
    return " ".join(re.sub(r"[',]|_\|", "", phonemes).split())


@NEEDS_ESPEAK
@pytest.mark.parametrize(
    ("language", "text", "right"),
    [
        (YUE, "朝早", "ziu1 zou2"),
        (YUE, "聽日", "ting1 ja6t"),
        (YUE, "再聽一次", "zoi3 teng1 ja1t ci3"),
        (YUE, "電話", "di6n waa2"),
        (YUE, "廣東話", "gwong2 dung1 waa2"),
        (YUE, "通話", "tung1 waa6"),
        (YUE, "六位數字", "lu6k wai6 sou3 zi6"),
        (YUE, "就會有", "zau6 wui5 jau5"),
        (CMN, "凌晨", "li35N ts.h@35n"),
        (CMN, "重新", "ts.hong35 S;i55n"),
        (CMN, "内地", "nei51 ti51"),
        (CMN, "要求", "jAu55 tS;hiou35"),
        (CMN, "处理", "ts.hu35 li214"),
        (CMN, "更改", "k@55N kai214"),
        (CMN, "一次", "ji35 tshi[51"),
        (CMN, "第一个", "ti51 ji55 ko-22"),
        (CMN, "一起", "ji51 tS;hi214"),
        (CMN, "不要", "pu35 jAu51"),
        (CMN, "不能", "pu51 n@35N"),
        (EN, "A", "eI"),
        (EN, "A M", "eI Em"),
        (EN, "A B C on 2", "eI bi: si:; 0n tu:"),
        (EN, "A person", "a# p3:s@n"),
        (EN, "telephone PIN", "tElI2foUn pIn"),
    ],
)
def test_words_are_read_as_people_say_them(language: Language, text: str, right: str) -> None:
    assert phonemes(language, text) == right


@NEEDS_ESPEAK
@pytest.mark.parametrize("language", list(Language))
def test_no_two_letters_or_digits_are_read_alike(language: Language) -> None:
    units = {
        clip.name: clip.speech
        for clip in clips(language)
        if clip.name.startswith(("unit/digit.", "unit/letter.")) and clip.name.count(".") == 1
    }
    read = {name: phonemes(language, speech) for name, speech in units.items()}
    assert len(read) == 36
    assert len(set(read.values())) == 36, read


def test_what_is_read_rightly_is_left_alone() -> None:
    assert respelled(YUE, "社會海關貨物編號") == "社會海關貨物編號"
    assert respelled(CMN, "第一个字母，对不起") == "第一个字母，对不起"
    assert respelled(EN, "You have heard A word; press a key") == (
        "You have heard A word; press a key"
    )
