"""The form of an application: what it takes, and that it says what is wrong with anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocars.portal.pages.register import label_of
from rocars.registry.application_form import ApplicationData, filled, read
from tests.rocars.registry.conftest import COMPANY, RULES, TODAY, application

pytestmark = pytest.mark.unit

NAMES = [*COMPANY, *(f"signatory{n}" for n in (2, 3, 4)), "trucker2_name", "trucker20_vehicles"]


def wrong(**changes: str) -> dict[str, str]:
    found = read(COMPANY | changes, RULES, "en", TODAY)
    return {} if isinstance(found, ApplicationData) else {n: w.text for n, w in found.items()}


def test_what_is_filled_in_is_kept_in_its_form() -> None:
    data = application()
    assert data.phone == "+85223456789"
    assert data.truckers[0].vehicles == ("AB1234", "FU88")
    assert data.signatories == ("Lee Ka Yan",)
    assert data.clients[0].consented_on.isoformat() == "2010-05-03"
    assert read(filled(data), RULES, "zh-Hant", TODAY) == data


def test_an_individual_has_no_registration_number() -> None:
    assert application(kind="individual", registration_number="").registration_number == ""
    assert application(kind="individual").registration_number == ""
    assert set(wrong(registration_number="")) == {"registration_number"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("kind", "ministry"), ("name", " "), ("name", "A" * 121), ("name", "a\x01b")),
        *(("phone", "12"), ("phone", ""), ("address", ""), ("counter", "NONE")),
        *(("trucker1_phone", "nobody"), ("trucker1_vehicles", "QQ1"), ("trucker1_name", "")),
        *(("trucker1_vehicles", "粵Z 1234 港"), ("client1_number", "!"), ("client1_name", "")),
        *(("client1_consented_on", "2010-05-18"), ("client1_consented_on", "yesterday")),
        ("trucker1_vehicles", ", ".join(f"AB{n}" for n in range(1, 12))),
    ],
)
def test_what_is_wrong_is_said_at_its_field(field: str, value: str) -> None:
    assert set(wrong(**{field: value})) == {field}


def test_somebody_who_neither_lodges_nor_drives_registers_for_nothing() -> None:
    without = {name: "" for name in COMPANY if name.startswith("trucker")}
    assert set(wrong(lodges="", **without)) == {"lodges"}
    assert wrong(lodges="") == {}
    assert wrong(**without) == {}


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=140)))
def test_anything_is_either_taken_or_told_at_fields_of_the_form(sent: dict[str, str]) -> None:
    found = read(COMPANY | sent, RULES, "en", TODAY)
    if isinstance(found, ApplicationData):
        assert read(filled(found), RULES, "en", TODAY) == found
        return
    assert found
    for name in found:
        assert label_of(name, lambda text: text)
