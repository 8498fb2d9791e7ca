"""Runs one Kamailio: configures, checks, starts, watches and queries it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sip_config import no_names
from sip_config.front_log import FrontLog
from sip_config.rpc import KamailioRpc, RpcFailed

CONFIGURATION = Path(__file__).with_name("kamailio") / "kamailio.cfg"
START_TIMEOUT_S = 60.0
"""It answers within a second; a machine that others keep busy needs many times that."""
RESTART_PAUSE_S = 0.5
RESTART_PAUSE_MAX_S = 10.0
STEADY_S = 30.0


class FrontFailed(Exception):
    """Kamailio is not installed, refuses its configuration, or does not start; the text says
    which."""


class Kamailio:
    """One Kamailio process. Synchronous and single-threaded, like the supervisor.

    Args:
        program: the Kamailio to run.
        address: where it takes calls, for error messages.
        files: its configuration beside kamailio.cfg, by name; asked for before each start.
        directory: where its configuration, tables and sockets are written; the owner's only.
        steer: tells a Kamailio that has just started what it must know; may raise RpcFailed.
        in_child: run in the new process before Kamailio is (signals, parent's death).
        registrar_names: names of registrars are configured, which it may look up.
    """

    def __init__(
        self,
        program: Path,
        address: str,
        files: Callable[[], Mapping[str, str]],
        directory: Path,
        *,
        steer: Callable[[], None],
        shared_memory_mb: int = 64,
        in_child: Callable[[], None] | None = None,
        registrar_names: bool = False,
    ) -> None:
        self._program = program
        self._address = address
        self._files = files
        self.directory = directory.resolve()
        self._steer = steer
        self._shared_memory_mb = shared_memory_mb
        self._in_child = in_child
        self._environment = no_names.environment(registrar_names=registrar_names)
        self._process: subprocess.Popen[bytes] | None = None
        self._rpc = KamailioRpc(self.directory / "rpc")
        self._log = FrontLog()
        self._started_at = 0.0
        self._start_at = 0.0  # when to start a dead one again; 0: it is not dead
        self._unsteered = False
        self._pause_s = RESTART_PAUSE_S
        self.restarts = 0

    @property
    def up(self) -> bool:
        """Whether it is running."""
        return self._process is not None and self._process.poll() is None

    def write(self) -> Path:
        """Write the configuration; returns the file Kamailio is started with."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        fixed = {file.name: file.read_text() for file in CONFIGURATION.parent.glob("*.cfg")}
        files = {**fixed, **self._files()}
        for name, text in files.items():
            path = self.directory / name
            path.parent.mkdir(exist_ok=True, mode=0o700)
            path.write_text(text)
        return self.directory / "kamailio.cfg"

    def check(self) -> None:
        """Have Kamailio check its configuration. Raises FrontFailed with its own messages."""
        if not os.access(self._program, os.X_OK):
            raise FrontFailed(
                f"sip.kamailio: no program at {self._program}; install Debian's package kamailio"
            )
        checked = subprocess.run(
            [self._program, "-c", "-f", self.directory / "kamailio.cfg"],
            capture_output=True,
            text=True,
            env=no_names.environment(),
            check=False,
        )
        if checked.returncode:
            raise FrontFailed(f"Kamailio refuses its configuration:\n{_errors(checked.stderr)}")

    def start(self) -> None:
        """Write, check and start; returns when it answers. Raises FrontFailed."""
        self.write()
        self.check()
        self._spawn()
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if not self.up:
                raise FrontFailed(
                    "Kamailio ended at once; if another SIP service has "
                    f"{self._address}, set sip.port to a free one"
                    + "".join(f"\n{line}" for line in self._log.lines())
                )
            with contextlib.suppress(RpcFailed):
                self._steer()
                return
            time.sleep(0.05)
        lines = self._log.lines()
        self.stop()
        raise FrontFailed(
            f"Kamailio does not answer its RPC socket within {START_TIMEOUT_S:.0f} s"
            + "".join(f"\n{line}" for line in lines)
        )

    def watch(self, now: float) -> bool:
        """Restart it if it died; True when that happened. `now` is monotonic.

        Its messages since the last call go into the log.
        """
        if self._process is None:
            return False
        self._log.pass_on(now)
        if self.up:
            if self._unsteered:
                self._after_restart()
            return False
        if not self._start_at:
            self._sweep()
            steady = now - self._started_at > STEADY_S
            self._pause_s = (
                RESTART_PAUSE_S if steady else min(self._pause_s * 2, RESTART_PAUSE_MAX_S)
            )
            self._start_at = now + self._pause_s
            return False
        if now < self._start_at:
            return False
        self._start_at = 0.0
        self._spawn()
        self._unsteered = True  # until it answers
        self.restarts += 1
        return True

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop it and its children."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._sweep()
        self._log.close()
        self._process = None

    def rpc(self, method: str, *params: Any) -> Any:
        """Call an RPC of Kamailio. Raises RpcFailed."""
        return self._rpc.ask(method, *params)

    def counters(self) -> dict[str, int]:
        """Counts of offered and refused calls, by reason, since Kamailio started. Raises
        RpcFailed."""
        answer = self.rpc("stats.fetchn", "script:")
        return {name.partition(".")[2]: int(value) for name, value in answer.items()}

    def _after_restart(self) -> None:
        with contextlib.suppress(RpcFailed):
            self._steer()
            self._unsteered = False

    def _spawn(self) -> None:
        (self.directory / "rpc").unlink(missing_ok=True)
        errors = self._log.open()
        self._process = subprocess.Popen(
            [
                self._program,
                "-DD",
                "-E",
                *("-f", self.directory / "kamailio.cfg"),
                *("-Y", self.directory),
                *("-m", str(self._shared_memory_mb)),
                *("-M", "8"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # its messages are on stderr
            stderr=errors,
            env=self._environment,
            start_new_session=True,
            preexec_fn=self._in_child,
        )
        os.close(errors)
        self._started_at = time.monotonic()

    def _sweep(self) -> None:
        """Kill children that outlived their main process: they would keep its ports."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _errors(log_text: str) -> str:
    lines = [line.strip() for line in log_text.splitlines()]
    return "\n".join(line for line in lines if "ERROR" in line or "CRITICAL" in line) or log_text
