"""Digits, plates, times: what is spoken is what was meant, in every language."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.languages.language import Language
from speech.languages.registry import FORMS
from speech.spoken.forms import NotSpeakable, SpokenForms
from speech.spoken.grouping import groups
from speech.spoken.unit import Gap, Unit

pytestmark = pytest.mark.unit

NOON = datetime(2010, 5, 17, 12, 0)
EVERY = pytest.mark.parametrize("forms", FORMS.values(), ids=[str(form) for form in FORMS])


def names(spoken: object) -> list[str]:
    assert isinstance(spoken, list)
    return [unit.name for unit in spoken if isinstance(unit, Unit)]


@given(st.text("0123456789", min_size=1, max_size=40))
def test_groups_lose_nothing_and_are_of_three_or_four(digits: str) -> None:
    cut = groups(digits)
    assert "".join(cut) == digits
    if len(digits) > 5:
        assert {len(group) for group in cut} <= {3, 4}


def test_how_usual_numbers_are_grouped() -> None:
    sizes = {length: [len(group) for group in groups("1" * length)] for length in (4, 6, 8, 10, 13)}
    assert sizes == {4: [4], 6: [3, 3], 8: [4, 4], 10: [3, 3, 4], 13: [3, 3, 3, 4]}


@EVERY
@given(digits=st.text("0123456789", min_size=1, max_size=20))
def test_digits_are_read_back_one_by_one(forms: SpokenForms, digits: str) -> None:
    assert "".join(name.split(".")[1] for name in names(forms.digits(digits))) == digits


@EVERY
def test_a_digit_is_said_by_its_place_in_its_group(forms: SpokenForms) -> None:
    assert names(forms.digits("1234567")) == [
        *("digit.1.begins", "digit.2", "digit.3.ends"),
        *("digit.4.begins", "digit.5", "digit.6", "digit.7.ends"),
    ]
    assert names(forms.plate("A12")) == ["letter.a", "digit.1.begins", "digit.2.ends"]
    assert names(forms.digits("5")) == ["digit.5.ends"]
    recorded = {unit.name for unit in forms.units()}
    assert {*names(forms.digits("0123456789" * 7)), forms.key("7").name} <= recorded


@EVERY
def test_numbers_read_before_are_told_apart_by_their_ends(forms: SpokenForms) -> None:
    def digits(*references: str) -> list[str]:
        ends = "".join(
            " " if unit is Gap.ITEM else unit.text if isinstance(unit, Unit) else ""
            for unit in forms.endings(references)
        )
        return ends.split()

    assert digits("2024051812345") == ["2345"]
    assert digits("2024051812345", "2024051867890") == ["2345", "7890"]
    assert digits("2024051812345", "2024051872345") == ["12345", "72345"]
    assert digits("12345678", "5678") == ["45678", "5678"]
    assert digits("123") == ["123"]
    assert digits() == []


@EVERY
@given(mark=st.text("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", min_size=1, max_size=8))
def test_plates_are_read_back_character_by_character(forms: SpokenForms, mark: str) -> None:
    spoken = forms.plate(mark)
    assert "".join(name.split(".")[1].upper() for name in names(spoken)) == mark
    changes = sum(character.isdigit() != other.isdigit() for character, other in pairwise(mark))
    assert sum(unit is Gap.GROUP for unit in spoken) == changes


@EVERY
def test_every_minute_of_the_day_has_its_recordings(forms: SpokenForms) -> None:
    recorded = {unit.name for unit in forms.units()}
    seen = set()
    for minute in range(24 * 60):
        at = NOON.replace(hour=minute // 60, minute=minute % 60)
        spoken = names(forms.moment(at, NOON))
        assert set(spoken) <= recorded
        seen.add(tuple(spoken))
    assert len(seen) == 24 * 60  # no two minutes sound the same


@EVERY
def test_other_days_are_named(forms: SpokenForms) -> None:
    recorded = {unit.name for unit in forms.units()}
    today = names(forms.moment(NOON, NOON))
    for days, first in ((1, "day.tomorrow"), (-1, "day.yesterday")):
        spoken = names(forms.moment(NOON + timedelta(days=days), NOON))
        assert spoken[0] == first
        assert spoken[1:] == today
    later = names(forms.moment(NOON + timedelta(days=14), NOON))
    assert {"month.5", "date.31"} <= set(later)
    assert set(later) <= recorded


def test_bundled_shortly_before_midnight_crosses_tomorrow() -> None:
    at, now = datetime(2010, 5, 18, 0, 15), datetime(2010, 5, 17, 23, 45)
    spoken = [unit.text for unit in FORMS[Language.CANTONESE].moment(at, now)]  # type: ignore[union-attr]
    assert spoken == ["聽日", "凌晨", "12點", "15分"]


def test_putonghua_one_is_yao_in_identifiers_and_yi_on_the_keypad() -> None:
    forms = FORMS[Language.PUTONGHUA]
    assert forms.digit("1").speech == "幺"
    assert forms.key("1").speech == "一"


@pytest.mark.parametrize(
    ("language", "two"), [(Language.CANTONESE, "兩"), (Language.PUTONGHUA, "两")]
)
def test_two_changes_before_a_measure_word(language: Language, two: str) -> None:
    forms = FORMS[language]
    assert forms.number(2).speech == two
    assert forms.clock(2, 0)[1].speech.startswith(two)
    assert forms.number(12).speech == "十二"
    assert forms.number(22).speech == "二十二"
    assert forms.digit("2").speech == "二"


@EVERY
@pytest.mark.parametrize("bad", ["", "12", "A", "²", "٣"])
def test_what_is_no_digit_is_refused(forms: SpokenForms, bad: str) -> None:
    with pytest.raises(NotSpeakable):
        forms.digit(bad)


@EVERY
def test_units_of_one_name_say_one_thing(forms: SpokenForms) -> None:
    speech: dict[str, str] = {}
    for unit in forms._all():
        assert speech.setdefault(unit.name, unit.speech) == unit.speech
