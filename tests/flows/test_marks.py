"""Every Hong Kong mark can be keyed, and is understood as it was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from call_flows.marks import forms_of, from_two_keys, in_two_keys, looks_mainland
from tests.support.fakes.rocars import keys_of

pytestmark = pytest.mark.unit

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"

letters = st.sampled_from(LETTERS)
ordinary = st.builds(
    lambda prefix, number: f"{prefix}{number}",
    st.text(letters, min_size=2, max_size=2),
    st.integers(1, 9999),
)
with_one_letter = st.builds(
    lambda letter, number: f"{letter}{number}", letters, st.integers(1, 99999)
)
numerals = st.integers(1, 9999).map(str)
personalised = st.text(st.sampled_from(LETTERS + "0123456789"), min_size=1, max_size=8)


@given(st.one_of(ordinary, with_one_letter, numerals, personalised))
def test_every_mark_can_be_keyed_with_two_keys_a_character(mark: str) -> None:
    assert from_two_keys(in_two_keys(mark)) == mark


@given(ordinary)
def test_an_ordinary_mark_is_recognised_by_its_keys(mark: str) -> None:
    assert "two_letters" in forms_of(keys_of(mark))


@given(with_one_letter)
def test_so_is_one_with_a_single_letter(mark: str) -> None:
    assert "one_letter" in forms_of(keys_of(mark))


@given(numerals)
def test_so_is_one_without_letters(mark: str) -> None:
    assert "no_letter" in forms_of(mark)


@given(st.text("0123456789", max_size=20))
def test_no_keys_are_too_strange(keyed: str) -> None:
    forms_of(keyed)
    try:
        mark = from_two_keys(keyed)
    except ValueError:
        return
    assert in_two_keys(mark) == keyed
    assert not set(mark) & set("IOQ")


@pytest.mark.parametrize(
    ("mark", "code"), [("A", "21"), ("R", "73"), ("S", "74"), ("Z", "94"), ("5", "05")]
)
def test_the_code_is_as_printed(mark: str, code: str) -> None:
    assert in_two_keys(mark) == code


@pytest.mark.parametrize("code", ["43", "63", "72", "24", "11", "2", "20", "0" * 18])
def test_what_is_no_letter_of_a_mark_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match=r"expected|no letter"):
        from_two_keys(code)


@pytest.mark.parametrize(
    ("mark", "mainland"), [("Z1234", True), ("ZG567", False), ("AB1234", False), ("1234", False)]
)
def test_a_mainland_plate_is_seen(mark: str, mainland: bool) -> None:
    assert looks_mainland(mark) is mainland
