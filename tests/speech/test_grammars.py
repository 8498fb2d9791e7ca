"""What words mean, and when they are a whole answer."""

from __future__ import annotations

import pytest

from prompts import catalogue
from speech.languages.language import Language
from speech.recognition.digits import DigitGrammar
from speech.recognition.grammar import Completeness, Either, Meaning, without_noise
from speech.recognition.marks import LONGEST, MarkGrammar, own_marks, spellings
from speech.recognition.phrase_book import SpokenChoice, phrase_book
from speech.training.lexicon import Lexicon

pytestmark = pytest.mark.unit

ENGLISH, CANTONESE, PUTONGHUA = Language.ENGLISH, Language.CANTONESE, Language.PUTONGHUA


@pytest.mark.parametrize(
    ("language", "spoken", "digits"),
    [
        (ENGLISH, "one two oh zero", "1200"),
        (ENGLISH, "double seven triple nine", "77999"),
        (ENGLISH, "treble one", "111"),
        (ENGLISH, "[unk] one two three", "123"),
        (ENGLISH, "double", None),
        (ENGLISH, "double double two", None),
        (ENGLISH, "one yes two", None),
        (ENGLISH, "one [unk] two", None),
        (ENGLISH, "", None),
        (CANTONESE, "一 二 兩 零", "1220"),
        (PUTONGHUA, "幺 一 两 洞 拐 勾", "112079"),
    ],
)
def test_digits(language: Language, spoken: str, digits: str | None) -> None:
    grammar = DigitGrammar(language, 1, 20)
    meaning = grammar.meaning(spoken.split())
    assert (meaning and meaning.text) == digits


def test_digits_have_a_length() -> None:
    grammar = DigitGrammar(ENGLISH, 3, 4)
    assert grammar.meaning(["one", "two"]) is None
    assert grammar.meaning(["one", "two", "three", "four", "five"]) is None
    completeness = {
        text: grammar.completeness(text.split())
        for text in ("one two", "one two three", "one two double three", "one two double")
    }
    assert list(completeness.values()) == [
        Completeness.INCOMPLETE,
        Completeness.COMPLETE,
        Completeness.FULL,
        Completeness.INCOMPLETE,
    ]


def test_a_number_of_known_length_is_mended() -> None:
    grammar = DigitGrammar(ENGLISH, 8, 8)
    words = ["seven", "zero", "three", "five", "two", "nine", "four"]
    assert grammar.meaning(words) is None
    mended = [meaning.text for meaning in grammar.mended(words)]
    assert mended[0] == "77035294"
    assert "70335294" in mended
    assert len(mended) == 7
    twice = [meaning.text for meaning in grammar.mended([*words[:6], words[5]])]
    assert len(twice) == 6, "the same digit doubled at either place is one number"
    longer = [meaning.text for meaning in grammar.mended([*words, "six", "one"])]
    assert "70352941" in longer
    assert all(len(digits) == 8 for digits in longer)
    assert grammar.mended([*words, "one"]) == (), "whole already"
    assert grammar.mended(words[:6]) == (), "two short"
    assert grammar.mended([*words[:3], "[seldom]", *words[3:]]) == ()
    assert DigitGrammar(ENGLISH, 4, 4).mended(["one", "two", "three"]) == ()


def test_a_number_somebody_else_knows_may_have_one_more_of_a_digit() -> None:
    grammar = DigitGrammar(ENGLISH, 8, 20)
    words = ["two", "zero", "two", "six", "one", "one", "two", "five"]
    assert "202261125" in [meaning.text for meaning in grammar.mended(words)]


def test_a_number_short_of_one_digit_may_be_all_there() -> None:
    grammar = DigitGrammar(ENGLISH, 8, 8)
    seven = ["seven", "zero", "three", "five", "two", "nine", "four"]
    unclear = [*seven[:3], "[seldom]", *seven[3:], "six"]
    assert grammar.completeness(seven) is Completeness.ALMOST
    assert grammar.completeness(unclear) is Completeness.ALMOST
    assert grammar.completeness(seven[:6]) is Completeness.INCOMPLETE
    assert grammar.completeness(["[seldom]"]) is Completeness.INCOMPLETE
    assert DigitGrammar(ENGLISH, 4, 4).completeness(seven[:3]) is Completeness.INCOMPLETE
    both = Either(phrase_book(ENGLISH).commands(), grammar)
    assert both.completeness(seven) is Completeness.ALMOST
    assert "77035294" in [meaning.text for meaning in both.mended(seven)]


def test_a_cough_is_no_word_but_talk_is_no_answer() -> None:
    assert without_noise(["[unk]", "yes", "[unk]"]) == ("yes",)
    assert without_noise(["[unk]", "[unk]", "yes"]) is None
    assert without_noise(["[unk]"]) is None
    assert without_noise([]) is None


def test_a_menu_takes_phrases_and_keys() -> None:
    menu = phrase_book(ENGLISH).menu(
        [SpokenChoice("1", ("main_menu.bundle",)), SpokenChoice("9", ("main_menu.goodbye",))]
    )
    assert menu.meaning(["bundle"]) == menu.meaning(["one"]) == Meaning("1")
    assert menu.meaning(["goodbye"]) == Meaning("9")
    assert menu.meaning(["bundle", "goodbye"]) is None
    assert menu.completeness(["bundle"]) is Completeness.COMPLETE  # "bundle cargo" may follow
    assert menu.completeness(["goodbye"]) is Completeness.FULL
    assert menu.completeness(["cargo"]) is Completeness.IMPOSSIBLE
    assert menu.completeness(["[unk]"]) is Completeness.INCOMPLETE


def test_a_choice_goes_before_a_command_of_the_same_word() -> None:
    book = phrase_book(ENGLISH)
    both = Either(book.menu([SpokenChoice("1", ("status.repeat",))]), book.commands())
    assert both.meaning(["again"]) == Meaning("1")
    assert both.meaning(["help"]) == Meaning("help", command=True)
    assert both.completeness(["help"]) is Completeness.FULL


def test_own_vehicles_are_whole_marks() -> None:
    grammar = own_marks(["AB1220", "ZZ8"], ENGLISH)
    assert grammar.meaning(["A", "B", "one", "two", "two", "oh"]) == Meaning("AB1220")
    assert grammar.meaning(["Z", "Z", "eight"]) == Meaning("ZZ8")
    assert grammar.meaning(["A", "B", "one", "two"]) is None
    assert "A B 一 兩 兩 零" in spellings("AB1220", CANTONESE)
    assert "A B 幺 二 二 零" in spellings("AB1220", PUTONGHUA)


@pytest.mark.parametrize(
    ("spoken", "mark"),
    [
        ("A B one two three four", "AB1234"),
        ("double A seven", "AA7"),
        ("seven", "7"),
        ("Z one", "Z1"),
        ("R U N M E one two", "RUNME12"),
        ("zero one", None),
        ("O one", None),
        ("A B one two three four five six seven", None),
    ],
)
def test_any_mark(spoken: str, mark: str | None) -> None:
    meaning = MarkGrammar(ENGLISH).meaning(spoken.split())
    assert (meaning and meaning.text) == mark
    assert mark is None or len(mark) <= LONGEST


def test_a_mark_is_full_with_two_letters_and_four_numerals() -> None:
    grammar = MarkGrammar(CANTONESE)
    assert grammar.completeness(["A", "B"]) is Completeness.INCOMPLETE
    assert grammar.completeness(["A", "B", "一"]) is Completeness.COMPLETE
    assert grammar.completeness(["A", "B", "一", "二", "三", "四"]) is Completeness.FULL


@pytest.mark.parametrize("language", list(Language))
def test_every_word_of_a_grammar_has_a_pronunciation(language: Language) -> None:
    book, known = phrase_book(language), set(Lexicon.of(language).words)
    phrases = {phrase for listed in book.phrases.values() for phrase in listed}
    phrases |= set(DigitGrammar(language, 1, 9).phrases) | set(MarkGrammar(language).phrases)
    assert {word for phrase in phrases for word in phrase.split()} - known == set()


def test_the_books_have_the_same_entries() -> None:
    entries = {language: set(phrase_book(language).phrases) for language in Language}
    assert entries[CANTONESE] == entries[PUTONGHUA] == entries[ENGLISH]


@pytest.mark.parametrize("language", list(Language))
def test_every_choice_can_be_said(language: Language) -> None:
    """Callers are told once that they can, whatever menu they are at. Marks, letters and languages
    are said by their own names; nobody is listened to while they record prompts."""
    choices = {
        name
        for name, text in catalogue.load(language).prompts.items()
        if any(slot == "key" for slot in text.slots) and not name.startswith("recording.")
    }
    by_name = {"vehicle.option", "vehicle.letter_option", "welcome.language"}
    assert "main_menu.bundle" in choices
    assert choices - by_name - phrase_book(language).phrases.keys() == set()
