"""Reading the caller's number out of what networks send."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.records.calling_number import CallingNumber, NumberKind, calling_number

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("user", "e164", "region"),
    [
        ("+85291234567", "+85291234567", "HK"),
        ("91234567", "+85291234567", "HK"),
        ("85291234567", "+85291234567", "HK"),
        ("0085291234567", "+85291234567", "HK"),
        ("%2B85291234567", "+85291234567", "HK"),
        ("+852-9123-4567", "+85291234567", "HK"),
        ("9123 4567", "+85291234567", "HK"),
        ("91234567;phone-context=+852", "+85291234567", "HK"),
        ("13800138000;phone-context=+86", "+8613800138000", "CN"),
        ("+85291234567;npdi;rn=1234", "+85291234567", "HK"),
        ("+8613800138000", "+8613800138000", "CN"),
        ("8613800138000", "+8613800138000", "CN"),
        ("+867558888 8888", "+8675588888888", "CN"),
        ("+85366123456", "+85366123456", "MO"),
        ("+442079460958", "+442079460958", "GB"),
    ],
)
def test_numbers_as_networks_write_them(user: str, e164: str, region: str) -> None:
    number = calling_number(user)
    assert (number.kind, number.e164, number.region) == (NumberKind.KNOWN, e164, region)


@pytest.mark.parametrize(
    ("user", "mobile"),
    [("+85291234567", True), ("+85223456789", False), ("+8613800138000", True), ("1001", False)],
)
def test_which_numbers_take_text_messages(user: str, mobile: bool) -> None:
    assert calling_number(user).mobile is mobile


@pytest.mark.parametrize(
    ("user", "display", "host"),
    [
        ("anonymous", "", ""),
        ("Anonymous", "", "anonymous.invalid"),
        ("91234567", "", "anonymous.invalid"),
        ("restricted", "", ""),
        ("91234567", '"Anonymous"', ""),
        (None, "Anonymous", ""),
    ],
)
def test_withheld_numbers_are_told_apart(user: str | None, display: str, host: str) -> None:
    caller = calling_number(user, display=display, host=host)
    assert caller.withheld
    assert caller.e164 is None


@pytest.mark.parametrize(
    "user",
    ["1001", "pbx-7", "sales", "1800FLOWERS", "+", "++852", "+999123", "9123456７", "0" * 70],
)
def test_what_is_no_number_is_unparsable_and_not_kept(user: str) -> None:
    assert calling_number(user) == CallingNumber(NumberKind.UNPARSABLE)


@pytest.mark.parametrize("user", [None, "", "  ", ";phone-context=+852"])
def test_nothing_there_is_absent(user: str | None) -> None:
    assert calling_number(user) == CallingNumber(NumberKind.ABSENT)


def test_only_mainland_china_is_mainland() -> None:
    assert calling_number("+8613800138000").mainland
    assert not calling_number("+85291234567").mainland
    assert not calling_number("+85366123456").mainland
    assert not calling_number("anonymous").mainland


@given(st.text(max_size=300), st.text(max_size=40), st.text(max_size=40))
def test_no_input_breaks_it_and_what_is_known_is_e164(user: str, display: str, host: str) -> None:
    caller = calling_number(user, display=display, host=host)
    assert (caller.e164 is not None) == (caller.kind is NumberKind.KNOWN)
    if caller.e164 is not None:
        assert phonenumbers.is_valid_number(phonenumbers.parse(caller.e164))


@given(st.integers(0, 999_999), st.sampled_from("5679"), st.integers(0, 2))
def test_a_hong_kong_number_reads_alike_however_written(
    rest: int, first: str, separator: int
) -> None:
    national = f"{first}1{rest:06}"
    mark = ["", " ", "-"][separator]
    split = national[:4] + mark + national[4:]
    readings = {
        calling_number(written)
        for written in (
            split,
            "+852" + split,
            "852" + national,
            "%2B852" + national,
            "00852" + national,
        )
    }
    assert len(readings) == 1
    (caller,) = readings
    assert caller.e164 in (None, "+852" + national)


@given(st.from_regex(r"\A\+?[0-9]{1,64}\Z"))
def test_e164_is_a_fixed_point(user: str) -> None:
    caller = calling_number(user)
    if caller.e164 is not None:
        assert calling_number(caller.e164) == caller
