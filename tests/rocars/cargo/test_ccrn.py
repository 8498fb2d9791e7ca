"""Check digits and new CCRNs."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rocars.cargo.ccrn import draw, iso7064_mod11_10, luhn, random_digits, well_formed
from rocars.cargo.settings import CcrnSettings

pytestmark = pytest.mark.unit

digits = st.text("0123456789", min_size=7, max_size=19)
KINDS = {"luhn": luhn, "iso7064-mod11-10": iso7064_mod11_10}


def test_published_examples() -> None:
    assert luhn("7992739871") == "3"  # the example of ISO/IEC 7812's algorithm used everywhere
    assert luhn("49015420323751") == "8"  # an IMEI
    assert iso7064_mod11_10("0794") == "5"  # the example of ISO/IEC 7064
    assert iso7064_mod11_10("8670973529") == "5"


@pytest.mark.parametrize("kind", KINDS)
@given(body=digits, place=st.integers(0, 19), other=st.sampled_from("0123456789"))
def test_one_wrong_digit_is_noticed(kind: str, body: str, place: int, other: str) -> None:
    settings = CcrnSettings(check_digit=kind)
    number = body + KINDS[kind](body)
    assert well_formed(number, settings)
    place %= len(number)
    assume(number[place] != other)
    assert not well_formed(number[:place] + other + number[place + 1 :], settings)


@pytest.mark.parametrize("kind", ["none", *KINDS])
@pytest.mark.parametrize("length", [8, 13, 20])
def test_drawn_numbers_are_well_formed(kind: str, length: int) -> None:
    settings = CcrnSettings(check_digit=kind, length=length)
    drawn = {draw(settings) for _ in range(200)}
    assert len(drawn) == 200
    assert all(len(ccrn) == length and ccrn[0] != "0" for ccrn in drawn)
    assert all(well_formed(ccrn, settings) for ccrn in drawn)


@given(st.integers(1, 30))
def test_random_digits_have_the_length_asked(length: int) -> None:
    drawn = random_digits(length)
    assert len(drawn) == length
    assert drawn[0] != "0"


@given(st.text(max_size=22))
def test_only_ascii_digits_of_the_right_length_are_ccrns(text: str) -> None:
    expected = 8 <= len(text) <= 20 and set(text) <= set("0123456789")
    assert well_formed(text, CcrnSettings()) is expected


def test_a_pattern_that_refuses_our_own_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="expected to admit"):
        CcrnSettings(pattern="[A-Z]{3}[0-9]{9}")
