"""What holds for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from _pytest.terminal import TerminalReporter
from hostile.bystander import Bystander
from postgres_server import postgres

from ivr.caller.pytest_plugin import ScriptedRun

__all__ = ["postgres"]

TRIES_AGAIN = 2


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--soak", action="store_true", help="Run chaos and soak tests at full length (`make soak`)."
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test in real time may lose to a machine that stood still; it may try again, and says so.

    Sound and keys are a matter of 20 ms. On a shared machine with two cores something else can take
    both for longer than that. A fault of ours fails three times running; the summary lists every
    test that needed a second try.

    Scripted calls are placed from the beginning on, by processes of their own. Meanwhile the tests
    are run that place no calls themselves; those that do have the machine to themselves afterwards.
    """
    for item in items:
        in_real_time = item.get_closest_marker("call") or item.get_closest_marker("service")
        if in_real_time and not item.get_closest_marker("flaky"):
            item.add_marker(pytest.mark.flaky(reruns=TRIES_AGAIN, reruns_delay=3))
    with_calls = {item.path for item in items if item.get_closest_marker("call")}
    items.sort(key=lambda item: (item.path in with_calls, isinstance(item, ScriptedRun)))


@pytest.fixture(autouse=True)
def no_call_left() -> Iterator[None]:
    """A test that fails in the middle of its calls does not keep the lines of the next one."""
    yield
    Bystander.leave_all()


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Why a test was tried again: the last try's failure alone may only be what the first left."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.write_sep("_", f"tried again: {report.nodeid}")
        report.toterminal(terminalreporter._tw)
