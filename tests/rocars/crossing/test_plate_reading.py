"""What a camera may have read: every confusion that is offered, and none that is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocars.crossing.plate_reading import ConfusedCharacters, as_read, candidates
from rocars.crossing.settings import CrossingSettings

pytestmark = pytest.mark.unit

GROUPS = CrossingSettings().confused
CHARACTERS = ConfusedCharacters(GROUPS)
MARKS = st.text("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("read", "mark", "cost"),
    [
        ("AB1234", "AB1234", 0),
        (" ab 12-34 ", "AB1234", 0),
        ("ＡＢ１２３４", "AB1234", 0),
        ("A81234", "AB1234", 1),
        ("AB12S4", "AB1254", 1),
        ("AB1Z34", "AB1234", 1),
        ("A8I2S4", "AB1254", 2),  # I is in no mark: to read 1 is no correction
        ("ABI234", "AB1234", 0),
        ("FU8O", "FU80", 0),
        ("QA1", "0A1", 0),
        ("QA1", "DA1", 0),
    ],
)
def test_a_misread_mark_is_among_what_it_may_be(read: str, mark: str, cost: int) -> None:
    assert CHARACTERS.marks(read, 2)[mark] == cost


def test_no_more_is_corrected_than_may_be() -> None:
    assert "AB1254" not in CHARACTERS.marks("A812S4", 1)
    assert "AC1234" not in CHARACTERS.marks("AB1234", 3)
    assert CHARACTERS.marks("AB1234", 0) == {"AB1234": 0}


@pytest.mark.parametrize("read", ["", "粤Z1234港", "AB12345678", "AB!234", "—"])
def test_what_is_no_mark_may_be_none(read: str) -> None:
    assert CHARACTERS.marks(read, 2) == {}
    assert as_read(read) is None


@given(mark=MARKS, data=st.data())
def test_whatever_a_reader_takes_for_another_is_found_again(mark: str, data: st.DataObject) -> None:
    places = [p for p, c in enumerate(mark) if any(c in group for group in GROUPS)]
    wrong = data.draw(
        st.lists(st.sampled_from(places), max_size=2, unique=True) if places else st.just([])
    )
    letters = list(mark)
    for place in wrong:
        group = next(group for group in GROUPS if letters[place] in group)
        letters[place] = data.draw(st.sampled_from(group))
    assert CHARACTERS.marks("".join(letters), 2)[mark] <= len(wrong)


def test_the_likeliest_is_the_one_with_least_corrected() -> None:
    seen = candidates("A81234", ["FU88"], CHARACTERS, 2)
    assert seen.likeliest(["AB1234"]) == ("AB1234",)
    assert seen.likeliest(["AB1234", "A81234"]) == ("A81234",)
    assert seen.likeliest(["AB1234", "FU88"]) == ("AB1234", "FU88")  # as likely: an officer decides
    assert seen.likeliest(["XX1"]) == ()
    assert not seen.corrected("A81234")
    assert seen.corrected("AB1234")
