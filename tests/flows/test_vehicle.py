"""The ladder to a vehicle that is not on file."""

from __future__ import annotations

import pytest

from backend_client.errors import MainlandPlate
from tests.support.fakes.caller import Cue
from tests.support.fakes.flows_on_paper import CARGO, TO_BUNDLE, PaperCall, Script

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

TO_MARK: tuple[Script, ...] = (
    *TO_BUNDLE,
    ("ccrn.ask", f"{CARGO}#"),
    ("ccrn.go_on", "1"),
    ("vehicle.other", "9"),
)
DONE: tuple[Script, ...] = (("bundle.one_cargo", "1"), ("bundle.finish", "3"))


@pytest.mark.parametrize(
    ("keyed", "answers", "vehicle"),
    [
        ("94567#", [("vehicle.first_letter", "4"), ("vehicle.second_letter", "1")], "ZG567"),
        ("81234#", [("vehicle.form", "1"), ("vehicle.only_letter", "1")], "T1234"),
        ("1234#", [("vehicle.form", "2")], "1234"),
        (
            "69771623",  # M Y P R 1 N C E
            [("vehicle.form", "3"), ("vehicle.in_code", "6193717301622332")],
            "MYPR1NCE",
        ),
        (
            "2234#",
            [
                ("vehicle.first_letter", "9"),
                ("vehicle.form", "1"),
                ("vehicle.only_letter", "1"),
            ],
            "A234",
        ),
        ("222#", [("vehicle.first_letter", "1"), ("vehicle.second_letter", "3")], "AC2"),
    ],
)
async def test_every_form_of_mark_can_be_keyed(
    paper: PaperCall, keyed: str, answers: list[Script], vehicle: str
) -> None:
    await paper.run(*TO_MARK, ("vehicle.key_mark", keyed), *answers, *DONE)
    assert [receipt.vehicle for receipt in paper.rocars.receipts] == [vehicle]


async def test_a_wrong_code_is_said_so_and_asked_again(paper: PaperCall) -> None:
    await paper.run(
        *TO_MARK,
        ("vehicle.key_mark", "69771623"),
        ("vehicle.form.in_code", "3"),
        ("vehicle.in_code", "4301#"),  # I is in no mark
        ("vehicle.not_in_code", "2101#"),
        *DONE,
    )
    assert paper.rocars.receipts[0].vehicle == "A1"


async def test_a_mainland_plate_is_answered_with_the_explanation(paper: PaperCall) -> None:
    await paper.run(
        *TO_MARK,
        ("vehicle.key_mark", "91234#"),
        ("vehicle.form", "1"),
        ("vehicle.only_letter", "4"),
        ("vehicle.mainland", ""),
        ("vehicle.key_mark", "94567#"),
        ("vehicle.first_letter", "4"),
        ("vehicle.second_letter", "1"),
        *DONE,
    )
    assert paper.rocars.receipts[0].vehicle == "ZG567"


async def test_so_is_one_that_rocars_recognises(paper: PaperCall) -> None:
    paper.rocars.fail["bundle"] = [MainlandPlate("Z1234")]
    await paper.run(
        *TO_MARK,
        ("vehicle.key_mark", "1234#"),
        ("vehicle.form", "2"),
        ("bundle.one_cargo", "1"),
        ("vehicle.mainland", ""),
        ("vehicle.option", "1"),
        *DONE,
    )
    assert paper.rocars.receipts[0].vehicle == "AB1234"


async def test_a_mark_that_rocars_knows_is_offered_at_once(paper: PaperCall) -> None:
    paper.rocars.known_marks = ("MYPR1NCE",)
    await paper.run(
        *TO_MARK, ("vehicle.key_mark", "69771623"), ("vehicle.none_of_these", "1"), *DONE
    )
    assert paper.rocars.receipts[0].vehicle == "MYPR1NCE"


async def test_back_keys_the_mark_again(paper: PaperCall) -> None:
    await paper.run(
        *TO_MARK,
        ("vehicle.key_mark", "94567#"),
        ("vehicle.first_letter", "*7"),
        Cue("vehicle.key_mark", "222#"),
        ("vehicle.first_letter", "1"),
        ("vehicle.second_letter", "1"),
        *DONE,
    )
    assert paper.rocars.receipts[0].vehicle == "AA2"
