"""Runs scenario files as tests of pytest.

``pytest -p ivr.caller.pytest_plugin folder --calls-target sip:127.0.0.1:5060``. Separate processes
perform all chosen runs, some at a time, from the beginning of the session on; each test waits for
its own run.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ivr.caller.scenario.planned import PlannedRun, planned
from ivr.caller.scenario.reading import ENDING, ScenarioError, read

_PROCESSES = pytest.StashKey[dict["ScriptedRun", "Process"]]()
CALLS_A_PROCESS = 4
"""The calls that the published wheel of the SIP library grants."""


class Hooks:
    """The hook that a conftest may implement."""

    @pytest.hookspec(firstresult=True)
    def pytest_scripted_calls_config(self, config: pytest.Config) -> Path | None:
        """The configuration of the service to call; asked for when the first run is about to
        begin."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(Hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("scripted calls")
    group.addoption("--calls-target", default="", help="SIP server that scripted calls go to.")
    group.addoption("--calls-config", default="", help="Configuration of the service they call.")
    group.addoption("--calls-at-once", type=int, default=4, help="Runs at the same time.")
    group.addoption("--calls-tries", type=int, default=1, help="How often a run is tried.")
    group.addoption(
        "--calls-patience", type=float, default=1.0, help="Limits of time are so many times longer."
    )
    group.addoption("--calls-html", default="", help="Write the page of all runs there.")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.name.endswith(ENDING):
        return ScriptedFile.from_parent(parent, path=file_path)
    return None


class ScriptedFile(pytest.File):
    """A scenario file."""

    def collect(self) -> Iterator[ScriptedRun]:
        try:
            file = read(self.path)
        except ScenarioError as wrong:
            raise self.CollectError(str(wrong)) from wrong
        for run in planned([file]):
            item: ScriptedRun = ScriptedRun.from_parent(self, name=run.title, run=run)
            item.add_marker(pytest.mark.timeout(600))
            yield item


class RunFailed(Exception):
    """A run did not pass."""


class ScriptedRun(pytest.Item):
    """One run of a scenario."""

    def __init__(self, *, run: PlannedRun, **more: Any) -> None:
        super().__init__(**more)
        self.run = run
        self.tried_again: list[str] = []
        """Why it was tried again, each time, once it is done."""

    def runtest(self) -> None:
        result = _process(self).result(self.run.title, self.path)
        self.tried_again = result["earlier"]
        steps = "\n".join(result["steps"])
        self.add_report_section("call", "steps", steps)
        if result["outcome"] != "passed":
            raise RunFailed(f"{result['why']}\n\n{steps}")
        if result["tries"] > 1:
            self.add_report_section("call", "tries", f"passed at try {result['tries']}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, RunFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


class Process:
    """Performs all chosen runs; keeps the results until they are asked for."""

    def __init__(
        self, items: list[ScriptedRun], config: pytest.Config, asked: str, at_once: int, html: str
    ) -> None:
        paths = list(dict.fromkeys(str(item.path) for item in items))
        words = [sys.executable, "-m", "ivr.cli", "calls", "run", *paths, "--results"]
        words += ["--at-once", str(at_once)]
        words += ["--tries", str(config.getoption("--calls-tries"))]
        words += ["--patience", str(config.getoption("--calls-patience"))]
        for item in items:
            words += ["--only", item.run.title]
        if html:
            words += ["--html", html]
        if config.getoption("--calls-target"):
            words += ["--target", config.getoption("--calls-target")]
        if asked:
            words += ["--config", asked]
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._stderr
        )
        self._results: dict[tuple[str, str], dict[str, Any]] = {}
        self._changed = threading.Condition()
        self._over = False
        threading.Thread(target=self._read, daemon=True).start()

    def result(self, title: str, path: Path) -> dict[str, Any]:
        """Wait for the result of a run. Raises RunFailed if the process ended without it."""
        with self._changed:
            self._changed.wait_for(lambda: (title, str(path)) in self._results or self._over)
            if (title, str(path)) not in self._results:
                self._stderr.seek(0)
                raise RunFailed("it was not performed: " + self._stderr.read().decode()[-2000:])
            return self._results[title, str(path)]

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait(20)
        self._stderr.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(b'{"run"'):
                result = json.loads(line)
                with self._changed:
                    self._results[result["run"], result["file"]] = result
                    self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()


def _process(item: ScriptedRun) -> Process:
    """The process that performs this run; all are started when the first is asked for."""
    session = item.session
    if _PROCESSES not in session.stash:
        config = session.config
        items = [item for item in session.items if isinstance(item, ScriptedRun)]
        at_once = config.getoption("--calls-at-once")
        count = min(len(items), math.ceil(at_once / CALLS_A_PROCESS))
        asked = config.getoption("--calls-config")
        asked = asked or config.hook.pytest_scripted_calls_config(config=config) or ""
        html = config.getoption("--calls-html")
        calls = min(CALLS_A_PROCESS, math.ceil(at_once / count))
        session.stash[_PROCESSES] = {}
        for number in range(count):
            share = items[number::count]
            page = html if count == 1 or not html else f"{number + 1}-{html}"
            process = Process(share, config, str(asked), calls, page)
            session.stash[_PROCESSES] |= dict.fromkeys(share, process)
    return session.stash[_PROCESSES][item]


def pytest_runtestloop(session: pytest.Session) -> None:
    """Calls take time, so they begin with the first test, whichever that is."""
    first = next((item for item in session.items if isinstance(item, ScriptedRun)), None)
    if first is not None and not session.config.option.collectonly:
        _process(first)


def pytest_sessionfinish(session: pytest.Session) -> None:
    for process in set(session.stash.get(_PROCESSES, {}).values()):
        process.stop()
