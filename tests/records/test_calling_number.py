"""Reading the caller's number out of what networks send."""

from __future__ import annotations

from ipaddress import IPv4Network

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.records.calling_number import CallingNumber, NumberKind, calling_number
from sip_config.trunks import Peer, region_of

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
        ("85291234567;phone-context=+852", "+85291234567", "HK"),
        ("+85291234567;npdi;rn=1234", "+85291234567", "HK"),
        ("+(852)9123-4567", "+85291234567", "HK"),
        ("(852) 9123 4567", "+85291234567", "HK"),
        ("+0085291234567", "+85291234567", "HK"),
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


def test_a_number_tells_its_region() -> None:
    numbers = ("+8613800138000", "+85291234567", "+85366123456", "anonymous")
    assert [calling_number(number).region for number in numbers] == ["CN", "HK", "MO", None]


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


@pytest.mark.parametrize(
    ("user", "trunk", "e164", "sure"),
    [
        ("13802234567", None, "+8613802234567", False),  # also a number of the USA, with a +
        ("13512345678", None, "+8613512345678", False),
        ("18926012345", None, "+8618926012345", False),
        ("013802234567", None, "+8613802234567", False),
        ("13802234567", "CN", "+8613802234567", True),
        ("013802234567", "CN", "+8613802234567", True),
        ("075588888888", "CN", "+8675588888888", True),
        ("66123456", "MO", "+85366123456", True),
        ("66123456", None, "+85266123456", True),  # our trunks are in Hong Kong
        ("91234567", "CN", "+85291234567", False),
        ("85291234567", "CN", "+85291234567", True),
        ("85291234567", None, "+85291234567", True),
        ("8613802234567", None, "+8613802234567", True),
        ("85366123456", "CN", "+85366123456", True),
        ("+13802234567", None, "+13802234567", True),
        ("0013802234567", None, "+13802234567", True),
        ("13802234567;phone-context=+86", None, "+8613802234567", True),
        ("13802234567", "HK", "+8613802234567", False),  # no number of Hong Kong's
        ("0018613802234567", "HK", "+8613802234567", True),
        ("0085366123456", "CN", "+85366123456", True),
        ("91234567", "MO", "+85291234567", False),
        ("07400123456", "GB", "+447400123456", True),
        ("2026763000", "US", "+12026763000", True),
        ("12026763000", "US", "+12026763000", True),
        ("015123456789", "DE", "+4915123456789", True),
        ("4915123456789", "DE", "+4915123456789", True),  # also a number within Germany
        ("13802234567", "JP", "+8613802234567", False),
        ("91234567;phone-context=+853", None, "+85291234567", False),  # no number of Macao's
        ("85291234567;phone-context=+86", "CN", "+85291234567", False),
    ],
)
def test_a_country_is_not_guessed(user: str, trunk: str | None, e164: str, sure: bool) -> None:
    number = calling_number(user, trunk_region=trunk)
    assert (number.e164, number.sure) == (e164, sure)


@pytest.mark.parametrize(
    "user", ["447079460958", "4915123456789", "2025550123", "12026763000", "10086"]
)
def test_without_a_plus_a_number_of_elsewhere_is_unknown(user: str) -> None:
    assert calling_number(user).e164 is None


@given(st.integers(0, 99_999_999), st.sampled_from(["138", "135", "150", "189"]))
def test_no_mainland_mobile_becomes_an_american_one(rest: int, prefix: str) -> None:
    number = calling_number(f"{prefix}{rest:08}")
    assert number.region in ("CN", None)
    assert not number.sure


def test_the_country_of_a_trunk_is_that_of_its_narrowest_network() -> None:
    peers = (
        Peer(name="all", networks=(IPv4Network("0.0.0.0/0"),), region="HK"),
        Peer(name="shenzhen", networks=(IPv4Network("192.0.2.0/24"),), region="CN"),
        Peer(name="pbx", networks=(IPv4Network("192.0.2.7/32"),)),
    )
    asked = ("192.0.2.1:5060", "198.51.100.1", "192.0.2.7:5061", "nobody", "")
    assert [region_of(number, peers) for number in asked] == ["CN", "HK", None, None, None]
