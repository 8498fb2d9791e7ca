"""What holds for every test."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
from _pytest.terminal import TerminalReporter

from ground.loading import loading
from ivr.caller.pytest_plugin import ScriptedRun
from tests.support import costs, real_time
from tests.support.bystander import Bystander
from tests.support.keeper import Keeper, kill_all, mark_run
from tests.support.pace import PACE
from tests.support.postgres_server import postgres
from tests.support.tries import PROPERTY, Counted

__all__ = ["postgres"]

TRIES_AGAIN = 2
CAUSE_SHOWN = 300
"""Characters of what a test failed of, in the summary of a run."""

hypothesis.settings.register_profile("quick", max_examples=20, deadline=None)
hypothesis.settings.register_profile("thorough", deadline=None)  # nothing must be quick here
hypothesis.settings.load_profile("thorough")

_RUN = pytest.StashKey[tuple[Path, Keeper]]()
_COUNTED = pytest.StashKey[Counted]()
_METER = pytest.StashKey[costs.Meter]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--soak", action="store_true", help="Run chaos and soak tests at full length (`make soak`)."
    )
    parser.addoption("--lane-report", type=Path, help="Write what was counted there, as JSON.")


def _is_first(config: pytest.Config) -> bool:
    """Whether this process is the run itself, and no worker of pytest-xdist."""
    return not hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_COUNTED] = Counted()
    if _is_first(config) and not config.option.collectonly:
        folder = mark_run()
        config.stash[_RUN] = folder, Keeper.of(folder)
    config.option.calls_patience = PACE.limit(1)


def pytest_report_header(config: pytest.Config) -> list[str]:
    return [
        f"pace: {PACE.scale():.1f} times slower than a quiet machine; "
        f"a test waits {PACE.limit(1):.1f} times as long as it takes there before it gives up",
    ]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Scripted calls are placed from the beginning on, by processes of their own. Meanwhile the
    tests are run that place no calls themselves, those of services before those of units; those
    that do come afterwards.
    """
    for item in items:
        if isinstance(item, ScriptedRun):
            item.add_marker(pytest.mark.call)
            if real_time.must_be_kept(item.run):
                item.add_marker(pytest.mark.real_time)
        elif (again := _tries_again(item)) and not item.get_closest_marker("flaky"):
            item.add_marker(pytest.mark.flaky(reruns=again, reruns_delay=3))
    with_calls = {item.path for item in items if item.get_closest_marker("call")}
    longer = {item.path for item in items if item.get_closest_marker("service")}
    items.sort(
        key=lambda item: (
            item.path in with_calls,
            not isinstance(item, ScriptedRun),
            item.path not in longer,
        )
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported for the tests is no garbage, and stays: see `ground.loading`."""
    with loading():
        return (yield)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Where 20 ms frames cannot be kept at all, calls that need them fail for no fault of ours."""
    session.config.stash[_METER] = costs.Meter()
    wanted = [item for item in session.items if item.get_closest_marker("real_time")]
    if not wanted or session.config.option.collectonly:
        return
    kept = real_time.measured()
    if not kept.enough:
        reason = f"NOT RUN: this machine cannot keep the time of a call: {kept}"
        for item in wanted:
            item.add_marker(pytest.mark.skip(reason=reason))


def _tries_again(item: pytest.Item) -> int:
    """How often a test may be tried again; see `tests.support.tries`."""
    if item.get_closest_marker("call"):
        return TRIES_AGAIN
    return int("chaos" not in item.path.parts and item.get_closest_marker("service") is not None)


@pytest.fixture(autouse=True)
def no_call_left() -> Iterator[None]:
    """A test that fails in the middle of its calls does not keep the lines of the next one."""
    yield
    Bystander.leave_all()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    meter = item.config.stash[_METER]
    meter.ends_module = nextitem is None or nextitem.path != item.path


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    meter = item.config.stash[_METER]
    if meter.ends_module:  # at each of its phases: who ends in the last is not always waited for
        report.user_properties.append((costs.PROPERTY, meter.since()))
    if isinstance(item, ScriptedRun) and report.when == "call":
        report.user_properties.append((PROPERTY, item.tried_again))
    return report


class _Counting:
    """Counts what the summary tells, in the process that runs the session."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        counted = self._counted
        if report.outcome == "rerun":  # type: ignore[comparison-overlap]
            counted.tried_again.append(_with_cause(report.nodeid, _cause(report)))
        elif report.failed:
            counted.failed.append(_with_cause(report.nodeid, _cause(report)))
        elif report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            counted.skipped.append(f"{report.nodeid}: {reason}")
        elif report.when == "call":
            counted.passed += 1
        properties = dict(report.user_properties)
        spent, earlier = properties.get(costs.PROPERTY, 0.0), properties.get(PROPERTY, [])
        assert isinstance(spent, float)
        assert isinstance(earlier, list)
        if spent:
            counted.spent(report.nodeid.partition("::")[0], spent)
        counted.tried_again += [_with_cause(report.nodeid, cause) for cause in earlier]


def _cause(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash.message if crash is not None else str(report.longrepr)


def _with_cause(test: str, cause: str) -> str:
    return f"{test}: {textwrap.shorten(cause, CAUSE_SHOWN)}"


def pytest_sessionstart(session: pytest.Session) -> None:
    if _is_first(session.config):
        counting = _Counting(session.config.stash[_COUNTED])
        session.config.pluginmanager.register(counting, "counting")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if not _is_first(config):
        return
    counted = config.stash[_COUNTED]
    if config.option.lane_report is not None:
        counted.write(config.option.lane_report)
    elif counted.over_budget:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    in_ci = os.environ.get("CI") == "true"
    if in_ci and any("NOT RUN:" in reason for reason in counted.skipped):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Why a test was tried again: the last try's failure alone may only be what the first left."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.write_sep("_", f"tried again: {report.nodeid}")
        report.toterminal(terminalreporter._tw)
    counted = config.stash[_COUNTED]
    if counted.tried_again:
        terminalreporter.write_line(counted.budget_line, red=counted.over_budget)
    terminalreporter.write_line(f"the slowest that the machine was: {PACE.slowest:.1f} times")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing that a test started outlives the run, and what would have is named."""
    if _RUN not in config.stash:
        return
    folder, keeper = config.stash[_RUN]
    for left in kill_all(folder):
        print(f"left running by a test, and killed: {left.pid} {left.command}")
    keeper.end()
    shutil.rmtree(folder, ignore_errors=True)
