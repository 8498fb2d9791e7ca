"""Which keys are possible now, as the page of the handset tells it."""

from __future__ import annotations

from typing import Any

import pytest

from ivr.dialogue.trace import StepKind
from ivr.handset.hints import expects
from ivr.handset.messages import ChoiceTold, ExpectsTold
from ivr.records.models import CallStep

pytestmark = pytest.mark.unit


def asked(**detail: Any) -> CallStep:
    return CallStep(kind=StepKind.ASKED, name="a question", detail=detail)


def offered(name: str, language: str, **slots: str) -> dict[str, Any]:
    return {"name": name, "language": language, "slots": slots, "ends_ms": 0}


def test_each_key_of_a_menu_with_the_words_that_offer_it() -> None:
    step = asked(
        expects={"keys": "13"},
        prompts=[
            offered("main_menu.intro", "en"),
            offered("main_menu.bundle", "en", key="1"),
            offered("main_menu.unladen", "yue", key="3"),
        ],
    )
    expected = expects(step)
    assert expected is not None
    first, three = expected.choices
    assert first == ChoiceTold("1", "To bundle, press 1.")
    assert (three.key, "3" in three.text, three.text.isascii()) == ("3", True, False)


def test_a_key_whose_words_are_not_known_is_possible_all_the_same() -> None:
    step = asked(expects={"keys": "1"}, prompts=[offered("of.yesterday", "en", key="1")])
    assert expects(step) == ExpectsTold((ChoiceTold("1", ""),))


def test_digits_of_a_field() -> None:
    step = asked(expects={"digits": [8, 16], "hash": True}, prompts=[])
    assert expects(step) == ExpectsTold(fewest=8, most=16, hash_alone=True)


def test_what_asks_nothing_and_what_was_written_before_has_no_hints() -> None:
    assert expects(CallStep(kind=StepKind.SAID, name="a prompt", detail={})) is None
    assert expects(asked(prompts=[])) is None
