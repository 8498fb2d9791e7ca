"""A service for one benchmark, on its own ports and in a temporary directory."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

SIP = ("127.0.0.1", 25060)
WEB_PORT = 25064
START_S = 180.0
DRAIN_S = 30.0

CONFIGURATION = """
[node]
data = "{directory}/var"
log_level = "WARNING"
[sip]
port = 25060
internal_port = 25062
calls_per_second_per_source = 1000
[telephony]
sip_port = 25070
rtp_port_first = 26000
[web]
port = 25064
[embedded_rocars]
port = 25065
portal_port = 25066
[handset]
enabled = false
"""


@contextlib.contextmanager
def service(
    lines: int, keep: Path | None = None, more: str = "", checkout: Path | None = None
) -> Iterator[int]:
    """Run a service with so many lines, drained at the end; gives its pid.

    Its data are kept in `keep`, otherwise deleted; `more` is further TOML. `checkout` is another
    state of this project with a `.venv` of its own, to be compared with this one.

    Raises RuntimeError if it does not start.
    """
    with contextlib.ExitStack() as open_:
        name = str(keep or open_.enter_context(tempfile.TemporaryDirectory()))
        log = open_.enter_context((Path(name) / "log").open("wb"))
        configuration = Path(name) / "rocars-ivr.toml"
        configuration.write_text(CONFIGURATION.format(directory=name) + more)
        process = subprocess.Popen(
            [
                *(_python_of(checkout), "-m", "ivr.cli", "serve", "--config", configuration),
                *("--lines", str(lines)),
            ],
            cwd=checkout,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # as systemd would start it
        )
        try:
            deadline = time.monotonic() + START_S
            while _lines_ready() < lines:
                if process.poll() is not None or time.monotonic() > deadline:
                    log_text = (Path(name) / "log").read_text()
                    raise RuntimeError(f"the service did not start: {log_text}")
                time.sleep(0.2)
            yield process.pid
        finally:
            _end(process)


def _python_of(checkout: Path | None) -> str:
    return sys.executable if checkout is None else str(checkout / ".venv" / "bin" / "python")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Drain; processes that still run then are stopped by a second signal."""
    for _ in range(2):
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(DRAIN_S)
            return


def _lines_ready() -> int:
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{WEB_PORT}/health/ready", timeout=2
        ) as answer:
            health = json.load(answer)
    except OSError:
        return 0
    return int(health["lines"]) if health["ready"] else 0
