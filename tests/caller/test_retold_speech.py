"""A call in which the caller spoke becomes a scenario that speaks at the same places."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.caller.retold.from_records import history_from
from ivr.caller.retold.history import CannotBeRetold
from ivr.caller.retold.waits import Waits
from ivr.caller.retold.writing import as_file
from ivr.caller.scenario.reading import read
from ivr.caller.scenario.steps import AnyStep, Expect, Say
from ivr.dialogue.settings import DialogueSettings
from ivr.records.call_search import CallStory
from speech.recognition.settings import RecognitionSettings
from tests.support.fakes.caller import HANG_UP, Cue
from tests.support.fakes.flows_on_paper import CARGO, IN_ENGLISH, PaperCall, Script
from tests.support.fakes.recogniser import PaperRecogniser, Saying
from tests.support.fakes.rocars import CODE, PIN, USER_ID
from tests.support.paper_records import RecordedTrace, story_of
from tests.support.retelling import same

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
KEYED: tuple[Script, ...] = (
    IN_ENGLISH,
    ("login.user_id.say", USER_ID),
    ("login.pin.say", PIN),
    ("login.code.say", CODE),
    ("main_menu.intro", "1"),
)
UNKNOWN = "99999999"
NONSENSE = Saying((), after=3)
WAITS = Waits.of(DialogueSettings.model_validate({}), RecognitionSettings.model_validate({}))


def saying(digits: str, after: float = 3, confidence: float = 0.9) -> Saying:
    """A number. A question on paper lasts two seconds, so `after` three it was heard whole."""
    words = " ".join(DIGITS[int(digit)] for digit in digits)
    return Saying((words,), after=after, confidence=confidence)


async def recorded(*sayings: Saying, last: str = "ccrn.accepted") -> CallStory:
    """A call in which the cargo is spoken, up to the prompt `last`."""
    recogniser = PaperRecogniser([*[None] * len(KEYED), *sayings])
    paper = PaperCall(trace=RecordedTrace(), recogniser=recogniser)
    await paper.run(*KEYED, Cue(last, HANG_UP, after=3))
    return story_of(paper, by_caller=True)


def steps_after(folder: Path, name: str, story: CallStory) -> list[AnyStep]:
    """What the scenario of this call does from its first expectation of a prompt on."""
    path = folder / "made.call.yaml"
    path.write_text(as_file(history_from([story]), WAITS))
    steps = read(path).scenario.all_calls()[0].steps
    at = next(
        number
        for number, step in enumerate(steps)
        if isinstance(step, Expect) and step.expect == name
    )
    return list(steps[at:])


def in_short(steps: list[AnyStep]) -> list[str]:
    return [
        step.title() + ("" if not isinstance(step, Expect) or step.whole else " …")
        for step in steps
    ]


async def test_who_hears_a_question_to_its_end_does_so_again(tmp_path: Path) -> None:
    waited = steps_after(tmp_path, "ccrn.say", await recorded(saying(CARGO)))
    assert in_short(waited)[:3] == ["expect ccrn.say", "say {ccrn}", "expect ccrn.accepted"]
    over_it = steps_after(tmp_path, "ccrn.say", await recorded(saying(CARGO, after=1)))
    assert in_short(over_it)[:2] == ["expect ccrn.say …", "say {ccrn}"]


async def test_after_words_the_limit_has_room_for_any_silence_that_ends_them(
    tmp_path: Path,
) -> None:
    question, _, accepted, *_ = steps_after(tmp_path, "ccrn.say", await recorded(saying(CARGO)))
    assert isinstance(question, Expect)
    assert isinstance(accepted, Expect)
    assert question.latency == 1.0
    assert accepted.latency == 1.0 + RecognitionSettings.model_validate({}).incomplete_timeout_s


@pytest.mark.parametrize("misheard", [NONSENSE, saying(CARGO, confidence=0.3)])
async def test_what_was_not_understood_and_given_again_is_given_once(
    misheard: Saying, tmp_path: Path
) -> None:
    again = await recorded(misheard, saying(CARGO))
    steps = steps_after(tmp_path, "ccrn.say", again)
    assert in_short(steps)[:3] == ["expect ccrn.say", "say {ccrn}", "expect ccrn.accepted"]
    assert isinstance(steps[1], Say)
    assert steps[1].again_on == "ccrn.say"
    assert same(again, await recorded(saying(CARGO)))


async def test_a_number_nobody_knows_is_said_as_it_was_understood(tmp_path: Path) -> None:
    story = await recorded(saying(UNKNOWN), saying(CARGO, after=5))
    assert in_short(steps_after(tmp_path, "ccrn.say", story))[:6] == [
        "expect ccrn.say",
        f"say {UNKNOWN}",
        "expect ccrn.unknown",
        "expect ccrn.say",
        "say {ccrn}",
        "expect ccrn.accepted",
    ]
    assert not same(story, await recorded(saying(CARGO)))


async def test_why_the_last_attempt_failed_is_nothing_the_caller_hears() -> None:
    unknown = await recorded(saying(UNKNOWN), saying(UNKNOWN), last="ccrn.part.first")
    nonsense = await recorded(saying(UNKNOWN), NONSENSE, last="ccrn.part.first")
    assert same(unknown, nonsense)
    nonsense_first = await recorded(NONSENSE, saying(UNKNOWN), last="ccrn.part.first")
    assert not same(unknown, nonsense_first)


async def test_what_was_never_understood_cannot_be_said_again() -> None:
    story = await recorded(NONSENSE, NONSENSE, last="ccrn.part.first")
    with pytest.raises(CannotBeRetold, match="was not understood"):
        history_from([story])
