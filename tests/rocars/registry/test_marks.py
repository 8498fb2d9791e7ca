"""Registration marks: forms accepted and refused, and properties of normalising and spelling."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocars.registry.marks import MainlandPlate, NotAMark, keyed_spelling, normalise

pytestmark = pytest.mark.unit

LETTERS = "".join(sorted(set(string.ascii_uppercase) - set("IOQ")))
standard = st.builds(
    lambda a, b, n: f"{a}{b}{n}",
    st.sampled_from(LETTERS),
    st.sampled_from(LETTERS),
    st.integers(1, 9999),
)
personalised = st.text(LETTERS + string.digits, min_size=1, max_size=8).filter(
    lambda mark: (
        not (len(mark) == 5 and mark[0] == "Z" and mark[1:].isdigit())
        and not mark.startswith("YUEZ")
        and not (len(mark) > 6 and mark.startswith("Z") and mark.endswith("GANG"))
    )
)


@pytest.mark.parametrize(
    ("given_as", "mark"),
    [
        ("ab 1234", "AB1234"),
        ("AB-1 2.3·4", "AB1234"),
        ("ＡＢ１２３４", "AB1234"),
        ("AB1O2I", "AB1021"),
        ("MY PRINCE", "MYPR1NCE"),
        ("W1", "W1"),
        ("8888", "8888"),
        ("ZG123", "ZG123"),
        ("LOVE U", "L0VEU"),
    ],
)
def test_kept_as(given_as: str, mark: str) -> None:
    assert normalise(given_as) == mark


@pytest.mark.parametrize(
    "text", ["", " ", "IB1234", "AO12", "QB1", "ABCDEFGH9", "AB12é", "Q", "AB\x001", "AB_1!"]
)
def test_no_mark(text: str) -> None:
    with pytest.raises(NotAMark) as refused:
        normalise(text)
    assert not isinstance(refused.value, MainlandPlate)


@pytest.mark.parametrize(
    "text",
    ["粤Z1234港", "粵Z AB12 澳", "粤B12345", "Yue Z 1234 Gang", "ZAB12GANG", "Z1234", "Z 12O4"],
)
def test_mainland_plate(text: str) -> None:
    with pytest.raises(MainlandPlate):
        normalise(text)


def test_z_with_four_digits_may_be_allowed() -> None:
    assert normalise("Z1234", z_four_digits_is_mainland=False) == "Z1234"


@given(standard | personalised, st.lists(st.sampled_from(" -.\u3000·"), min_size=9, max_size=9))
def test_case_and_separators_do_not_matter(mark: str, between: list[str]) -> None:
    written = "".join(c + s for c, s in zip(mark.lower(), between, strict=False))
    assert normalise(written) == mark


@given(st.text(max_size=12))
def test_normalising_again_changes_nothing(text: str) -> None:
    try:
        mark = normalise(text)
    except NotAMark:
        return
    assert normalise(mark) == mark
    assert 1 <= len(mark) <= 8
    assert set(mark) <= set(LETTERS + string.digits)


@given(standard | personalised)
def test_spelling_is_digits_and_can_be_read_back(mark: str) -> None:
    e161 = {
        "2": "ABC2", "3": "DEF3", "4": "GHI4", "5": "JKL5", "6": "MNO6",
        "7": "PQRS7", "8": "TUV8", "9": "WXYZ9", "0": "0", "1": "1",
    }  # fmt: skip
    keyed = keyed_spelling(mark)
    assert len(keyed) == len(mark)
    assert all(letter in e161[key] for letter, key in zip(mark, keyed, strict=True))
