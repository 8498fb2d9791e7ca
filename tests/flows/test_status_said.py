"""The status of a bundle whose reference and vehicle are spoken: which reading is right, ROCARS
settles when it has both."""

from __future__ import annotations

import pytest

from call_flows.call_context import CallContext
from call_flows.rules import FlowRules
from call_flows.status import status_of_a_bundle
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.settings import DialogueSettings
from ivr.dialogue.turns import WantsHotline
from speech.languages.language import Language
from tests.support.fakes.flows_on_paper import CARGO
from tests.support.fakes.line import PaperLine, PaperNarrator, PaperTrace
from tests.support.fakes.recogniser import PaperRecogniser, Saying
from tests.support.fakes.rocars import PaperLedger, PaperRocars

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

RIGHT = "five five five zero zero zero one"
WRONG = "nine five five zero zero zero one"
MARK, OTHER_MARK = "A B one two three four", "A B one two three nine"
THAT_IS_ALL = Saying(("done",))


class Asked:
    """A caller who asks about the one bundle that there is."""

    def __init__(self, *sayings: Saying) -> None:
        self.line = PaperLine()
        rocars = PaperRocars()
        assert rocars.bundled(CARGO, "AB1234").ubr == "5550001"
        self.context = CallContext(rocars, FlowRules(), PaperLedger())
        self.call = Conversation(
            self.line,
            PaperNarrator(),
            DialogueSettings(),
            PaperTrace(),
            Language.ENGLISH,
            recogniser=PaperRecogniser([*sayings, THAT_IS_ALL]),
        )


@pytest.mark.parametrize(
    ("ubr", "vehicle"),
    [
        (Saying((RIGHT,)), Saying((MARK,))),
        (Saying((WRONG, RIGHT)), Saying((MARK,))),
        (Saying((RIGHT,)), Saying((OTHER_MARK, MARK))),
        (Saying((WRONG, RIGHT)), Saying((OTHER_MARK, MARK))),
        (Saying((WRONG, RIGHT), confidence=0.2), Saying((MARK,), confidence=0.2)),
    ],
    ids=["both first", "second reference", "second mark", "both second", "not sure"],
)
async def test_the_readings_that_fit_together_count(ubr: Saying, vehicle: Saying) -> None:
    asked = Asked(ubr, vehicle)
    await status_of_a_bundle(asked.call, asked.context)
    assert "en status.live ubr=5550001 vehicle=AB1234" in asked.line.words
    assert asked.line.prompts.count("status.say") == 1
    assert "speech.unsure" not in asked.line.prompts


async def test_what_fits_in_no_reading_is_unknown_like_any_other() -> None:
    wrong = (Saying((WRONG,)), Saying((MARK, OTHER_MARK)))
    asked = Asked(*wrong, *wrong, *wrong)
    with pytest.raises(WantsHotline):
        await status_of_a_bundle(asked.call, asked.context)
    assert asked.line.prompts.count("status.unknown") == 3
