"""Conditions of risk profiles: what holds, what does not, and what cannot be asked."""

from __future__ import annotations

from datetime import date

import pytest

from rocars.crossing.risk import ITEMS, TESTS, Condition, Kind, WrongCondition, check, matches
from rocars.crossing.web import texts

pytestmark = pytest.mark.unit

VEHICLE = {"vehicle": "AB1234", "control_point": "LMC", "hour": 9, "read_corrected": False}
UMBRELLAS = {
    "articles": "Umbrellas 雨傘",
    "packages": 12,
    "consignee_name": "B Ltd",
    "expected_date": date(2010, 5, 17),
    "container_number": ("ABCU1234567", "ABCU7654321"),
    "transhipment": True,
}
WATCHES = {**UMBRELLAS, "articles": "Watches", "consignee_name": "C Ltd", "container_number": ()}


@pytest.mark.parametrize(
    ("item", "test", "value", "holds"),
    [
        ("articles", "contains", "雨傘", True),
        ("articles", "contains", "UMBRELLA", True),
        ("articles", "is", "umbrellas  雨傘", True),
        ("articles", "begins", "watch", False),
        ("articles", "is_not", "Watches", True),
        ("packages", "at_least", "12", True),
        ("packages", "at_most", "11", False),
        ("packages", "is_not", "12", False),
        ("expected_date", "at_least", "2010-05-17", True),
        ("expected_date", "at_most", "2010-05-16", False),
        ("container_number", "is", "abcu7654321", True),
        ("container_number", "is_not", "ABCU7654321", False),
        ("transhipment", "is", "yes", True),
        ("read_corrected", "is", "no", True),
        ("vehicle", "begins", "ab", True),
        ("hour", "at_least", "10", False),
        ("company", "is_not", "X", False),  # nothing is known of it
    ],
)
def test_a_condition_on_a_data_item(item: str, test: str, value: str, holds: bool) -> None:
    assert matches([Condition(item, test, value)], VEHICLE, [UMBRELLAS]) is holds


def test_all_conditions_hold_of_one_and_the_same_consignment() -> None:
    watches = Condition("articles", "contains", "watch")
    to_b = Condition("consignee_name", "is", "B Ltd")
    assert matches([watches], VEHICLE, [UMBRELLAS, WATCHES])
    assert matches([to_b], VEHICLE, [UMBRELLAS, WATCHES])
    assert not matches([watches, to_b], VEHICLE, [UMBRELLAS, WATCHES])
    assert matches([Condition("hour", "is", "9")], VEHICLE, [])


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (("colour", "is", "red"), "no data item is called colour"),
        (("articles", "at_least", "3"), "cannot be tested so"),
        (("packages", "is", "many"), "expected a whole number: many"),
        (("expected_date", "is", "17/5/2010"), "expected a date such as"),
        (("transhipment", "is", "maybe"), "expected yes or no"),
        (("articles", "is", "  "), "is compared with nothing"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(condition, why: str) -> None:
    with pytest.raises(WrongCondition, match=why):
        Condition(*condition)


def test_a_profile_has_conditions_and_those_of_unladen_vehicles_no_cargo() -> None:
    with pytest.raises(WrongCondition, match="needs a condition"):
        check("both", [])
    with pytest.raises(WrongCondition, match="unladen vehicles have no articles"):
        check("both", [Condition("articles", "is", "x")])
    check("unladen", [Condition("vehicle", "begins", "FU")])


def test_every_item_and_test_has_a_name() -> None:
    assert set(texts.ITEMS) == set(ITEMS)
    assert set(texts.TESTS) == {test for tests in TESTS.values() for test in tests}
    assert set(TESTS) == set(Kind)
