"""A call that was cut off is picked up by the driver's next one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend_client.errors import AlreadyBundled, BackEndUnavailable, SessionExpired
from backend_client.types import EarliestCrossing, Receipt
from call_flows.call_context import UnannouncedResult
from tests.support.fakes.caller import HANG_UP, Cue
from tests.support.fakes.flows_on_paper import CARGO, IN_ENGLISH, LOG_IN, TO_BUNDLE, PaperCall
from tests.support.fakes.rocars import NOW

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

LATER = EarliestCrossing(immediately=False, at=NOW + timedelta(minutes=30))
RECEIPT = Receipt("5550001", (CARGO,), "AB1234", NOW, LATER)


def unheard(**of: object) -> UnannouncedResult:
    request = {
        "key": "k1",
        "operation": "bundle",
        "ended": "confirmed",
        "ccrns": (CARGO,),
        "vehicle": "AB1234",
        "receipt": RECEIPT,
    }
    return UnannouncedResult(**(request | of))  # type: ignore[arg-type]


async def test_a_bundling_that_went_through_is_told_before_anything_else(paper: PaperCall) -> None:
    paper.ledger.unheard = (unheard(),)
    await paper.run(
        IN_ENGLISH,
        *LOG_IN,
        ("unheard.bundled", ""),
        ("unheard.repeat", "1"),
        ("unheard.go_on", "2"),
        ("main_menu.intro", "9"),
    )
    assert paper.prompts.count("bundle.done") == 2
    assert "bundle.cross_from" in paper.prompts
    assert paper.ledger.lines == [("told", "k1")]
    assert paper.prompts.index("unheard.bundled") < paper.prompts.index("main_menu.intro")


async def test_no_key_cuts_the_news_short(paper: PaperCall) -> None:
    paper.ledger.unheard = (unheard(),)
    await paper.run(
        IN_ENGLISH,
        *LOG_IN,
        Cue("unheard.bundled", "2", after=0.1),
        ("main_menu.intro", "9"),
    )
    assert paper.ledger.lines == [("told", "k1")]


async def test_one_who_hangs_up_before_the_end_is_told_again(paper: PaperCall) -> None:
    paper.ledger.unheard = (unheard(),)
    await paper.run(IN_ENGLISH, *LOG_IN, Cue("unheard.bundled", HANG_UP, after=0.1))
    assert paper.ledger.lines == []


async def test_a_bundling_that_came_to_nothing_is_told_so(paper: PaperCall) -> None:
    paper.ledger.unheard = (unheard(ended="refused", receipt=None),)
    await paper.run(IN_ENGLISH, *LOG_IN, ("unheard.not_bundled", ""), ("main_menu.intro", "9"))
    assert paper.ledger.lines == [("told", "k1")]
    assert "bundle.done" not in paper.prompts


async def test_what_nobody_knows_yet_stays_to_be_told(paper: PaperCall) -> None:
    paper.ledger.unheard = (unheard(ended="unknown", receipt=None),)
    await paper.run(IN_ENGLISH, *LOG_IN, ("unheard.not_known", ""), ("main_menu.intro", "9"))
    assert paper.ledger.lines == []
    assert "bundle.done" not in paper.prompts


@pytest.mark.parametrize(
    ("ended", "prompt"), [("confirmed", "unheard.unbundled"), ("refused", "unheard.not_unbundled")]
)
async def test_an_unbundling_is_told_as_one(paper: PaperCall, ended: str, prompt: str) -> None:
    receipt = RECEIPT if ended == "confirmed" else None
    paper.ledger.unheard = (unheard(operation="unbundle", ended=ended, receipt=receipt),)
    await paper.run(IN_ENGLISH, *LOG_IN, (prompt, ""), ("main_menu.intro", "9"))
    assert "bundle.done" not in paper.prompts


BUNDLED = (
    *TO_BUNDLE,
    ("ccrn.ask", f"{CARGO}#"),
    ("ccrn.go_on", "1"),
    ("vehicle.which", "1"),
    ("bundle.one_cargo", "1"),
)


async def test_what_was_heard_to_the_end_counts_as_told(paper: PaperCall) -> None:
    await paper.run(*BUNDLED, ("bundle.finish", "3"))
    assert [line[0] for line in paper.ledger.lines] == ["sending", "confirmed", "told"]


async def test_what_was_cut_off_does_not(paper: PaperCall) -> None:
    await paper.run(*BUNDLED, Cue("bundle.done", HANG_UP, after=0.2))
    assert [line[0] for line in paper.ledger.lines] == ["sending", "confirmed"]


@pytest.mark.parametrize(
    ("failure", "lines"),
    [
        (AlreadyBundled(CARGO), ["sending", "refused", "told"]),
        (SessionExpired(), ["sending", "refused", "told"]),
        (BackEndUnavailable("refused connection"), ["sending", "refused", "told"]),
        (BackEndUnavailable("timed out", uncertain=True), ["sending", "unknown"]),
    ],
)
async def test_a_refusal_that_was_explained_counts_as_told(
    paper: PaperCall, failure: Exception, lines: list[str]
) -> None:
    paper.rocars.fail["bundle"] = [failure]
    await paper.run(*BUNDLED)
    assert [line[0] for line in paper.ledger.lines] == lines
