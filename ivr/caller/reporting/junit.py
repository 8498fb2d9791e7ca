"""The runs as JUnit XML, for anything that collects test results."""

from __future__ import annotations

from collections.abc import Sequence

from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from ivr.caller.performing.results import CallDone, Outcome, RunDone


def junit_xml(runs: Sequence[RunDone]) -> str:
    """One suite for each file, one case for each run."""
    whole = JUnitXml("scripted calls")
    for path in dict.fromkeys(run.path for run in runs):
        suite = TestSuite(str(path))
        for run in runs:
            if run.path == path:
                suite.add_testcase(_case(run))
        whole.add_testsuite(suite)
    written: bytes = whole.tostring()  # type: ignore[no-untyped-call]
    return written.decode("utf-8")


def _case(run: RunDone) -> TestCase:
    case = TestCase(run.title, classname=run.path.name, time=round(run.seconds, 3))
    if run.outcome is Outcome.FAILED:
        case.result = [Failure(run.why)]
    elif run.outcome is not Outcome.PASSED:
        case.result = [Error(run.why or run.outcome)]
    case.system_out = "\n".join(line for call in run.calls for line in _lines(call))
    return case


def _lines(call: CallDone) -> list[str]:
    lines = [
        f"{step.ends_s:7.2f} s  {step.outcome:11}  {step.title}  {step.detail}"
        for step in call.steps
    ]
    for side, count in (("received", call.incoming), ("sent", call.outgoing)):
        if count is not None:
            lines.append(
                f"{side}: {count.packets} packets, {count.loss:.1%} lost, MOS {count.mos:.2f}"
            )
    return lines
