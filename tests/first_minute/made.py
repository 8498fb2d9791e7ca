"""`make run` as a newcomer runs it, in a data folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE_S = 400.0
"""A limit, for a machine at a small part of its speed; it takes seven seconds on a quiet one."""
LAST_LINES = 4

_DIAL = re.compile(r"sip:3902@127\.0\.0\.1:(\d+)")
_CONSOLE = re.compile(r"Console: http://127\.0\.0\.1:(\d+)/")


def _favoured() -> None:
    """In the new session: as much of the processor for it (autogroup, sched(7)) as for the services
    of other tests, which lead their sessions and see to it themselves."""
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text("-10")


class MadeRun:
    """One `make run`, and all that it printed."""

    def __init__(self, data: Path) -> None:
        self.data = data
        # Nor does the `make test` around us speak in this one (GNU make, "Job server").
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ROCARS_IVR_", "MAKE", "MFLAGS"))
        }
        # Whoever runs the tests has set everything up: its stamp need not be younger.
        self.process = subprocess.Popen(
            [
                "make",
                "--no-print-directory",
                "--assume-old=setup",
                "--assume-old=.venv/.service",
                "run",
            ],
            cwd=ROOT,
            env={**environment, "ROCARS_IVR_NODE__DATA": str(data)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=_favoured,
        )
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def until(self, words: str) -> None:
        """Wait until it has printed these words."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: words in self.text or not self._reader.is_alive(), PATIENCE_S
            )
        last = "".join(self.lines[-LAST_LINES:])  # a summary has room for the beginning only
        assert found, f"no {words!r} in time:\n{last}\nin all:\n{self.text}"
        assert words in self.text, f"it ended without {words!r}:\n{last}\nin all:\n{self.text}"

    def until_it_ends(self) -> int:
        return self.process.wait(PATIENCE_S)

    @property
    def sip_port(self) -> int:
        found = _DIAL.search(self.text)
        assert found is not None, self.text
        return int(found[1])

    @property
    def web_port(self) -> int:
        found = _CONSOLE.search(self.text)
        assert found is not None, self.text
        return int(found[1])

    def health(self) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.web_port}/health/ready"
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with (
                contextlib.suppress(OSError),  # an answer of 503 is one, too
                urllib.request.urlopen(url, timeout=5) as answer,
            ):
                found: dict[str, Any] = json.loads(answer.read())
                return found
            assert time.monotonic() < deadline, self.text
            time.sleep(0.2)

    def stop(self) -> None:
        """Ctrl-C, twice: no call is waited for."""
        for _ in range(2):
            if self.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(3)
        try:
            self.process.wait(PATIENCE_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self._reader.join(PATIENCE_S)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


@contextlib.contextmanager
def made_run(data: Path) -> Iterator[MadeRun]:
    run = MadeRun(data)
    try:
        yield run
    finally:
        run.stop()
