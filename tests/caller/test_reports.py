"""What is told of runs: JUnit XML, the page, lines of JSON; nothing secret in any of them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from ivr.caller.performing.load import UnderLoad
from ivr.caller.performing.results import CallDone, Outcome, RunDone, StepDone
from ivr.caller.reporting.junit import junit_xml
from ivr.caller.reporting.lines import JsonLines
from ivr.caller.reporting.page import page
from ivr.caller.wire.proxy import Passed
from ivr.caller.wire.rtp import StreamCount

pytestmark = pytest.mark.unit


def runs() -> list[RunDone]:
    tone = (8000 * np.sin(np.arange(16000) * 0.3)).astype("<i2").tobytes()
    good = CallDone(
        "first",
        [
            StepDone("dial 3902", Outcome.PASSED, 0.0, 0.1, "answered after 9 ms"),
            StepDone(
                "expect welcome.greeting", Outcome.PASSED, 0.1, 2.0, "score 1.000", (100, 1900),
                0.08, 1.0,
            ),
        ],
        received=tone,
        sent=tone,
        ladder=[Passed(10.0, True, "INVITE sip:3902@<b> SIP/2.0\r\nCall-ID: 1\r\n\r\n")],
        ladder_from=10.0,
        incoming=StreamCount(packets=100),
        outgoing=StreamCount(packets=99, lost=1),
    )  # fmt: skip
    bad = CallDone(
        "second",
        [
            StepDone("dial 3902", Outcome.PASSED, 0.0, 0.1),
            StepDone("expect bundle.done", Outcome.FAILED, 0.1, 9.0, "heard instead: <script>"),
            StepDone("hang_up True", Outcome.NOT_REACHED, 9.0, 9.0),
        ],
        no_ladder="the call did not go through the wire",
    )
    path = Path("some.call.yaml")
    return [
        RunDone(path, "a", "en", calls=[good], seconds=2.0),
        RunDone(path, "a", "yue", calls=[good, bad], seconds=9.0),
        RunDone(path, "a", "cmn", broken="no cargo was given"),
    ]


def test_junit_tells_each_run() -> None:
    root = ElementTree.fromstring(junit_xml(runs()))
    cases = root.findall(".//testcase")
    assert [case.get("name") for case in cases] == ["a [en]", "a [yue]", "a [cmn]"]
    assert [case.find("failure") is not None for case in cases] == [False, True, False]
    assert [case.find("error") is not None for case in cases] == [False, False, True]
    failure = cases[1].find("failure")
    assert failure is not None
    assert "second: expect bundle.done: heard instead" in str(failure.get("message"))
    output = cases[0].findtext("system-out") or ""
    assert "sent: 99 packets, 1.0% lost, MOS" in output


def test_the_page_needs_nothing_else_and_shows_every_step() -> None:
    html = page(runs())
    assert "1 of 3 passed" in html
    assert html.count("data:audio/flac;base64,") == 2  # the call with sound, in two runs
    assert "http://" not in html
    assert "https://" not in html
    assert "heard instead: &lt;script&gt;" in html
    assert "INVITE sip:3902@&lt;b&gt;" in html
    assert "80 of 1000 ms" in html
    assert "the call did not go through the wire" in html
    assert html.count('<rect class="mark') == 2 + 2 + 3


def test_lines_of_json_tell_programs(capsys: pytest.CaptureFixture[str]) -> None:
    lines = JsonLines()
    for run in runs():
        lines.run_done(run)
    results = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [result["outcome"] for result in results] == ["passed", "failed", "broken"]
    assert results[1]["why"].startswith("second: expect bundle.done")


def test_a_load_is_told_in_percentiles() -> None:
    load = UnderLoad(seconds=10.0)
    for number in range(100):
        why = "dial: refused" if number % 10 == 0 else ""
        load.add({"why": why, "seconds": 3.0, "latencies": [["dial 3902", number / 1000]]})
    table = load.table()
    assert str(table.title) == "90 of 100 runs passed (90.0%), 10.00 a second"
    cells = [list(column.cells) for column in table.columns]
    assert cells[1:] == [["100"], ["50"], ["94"], ["99"]]
    assert load.failures.most_common(1) == [("dial: refused", 10)]
