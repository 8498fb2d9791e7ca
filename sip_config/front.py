"""The SIP front of a node: Kamailio, configured, checked, started, watched and steered."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sip_config.front_log import FrontLog
from sip_config.rpc import KamailioRpc, RpcFailed
from sip_config.service_cfg import (
    WorkerAddress,
    dispatcher_list,
    parameters_cfg,
    service_cfg,
)
from sip_config.settings import SipSettings
from sip_config.trunk_tables import digests_cfg, peers_list, registrations_tables, tls_cfg

CONFIGURATION = Path(__file__).with_name("kamailio") / "kamailio.cfg"
START_TIMEOUT_S = 10.0
RESTART_PAUSE_S = 0.5
RESTART_PAUSE_MAX_S = 10.0
STEADY_S = 30.0
RELOAD_APART_S = 0.02
_REGISTERED = 1 << 2  # of the flags Kamailio shows for a registration


class FrontFailed(Exception):
    """Kamailio is not there, refuses its configuration, or does not start; the text says which."""


class KamailioFront:
    """One Kamailio. Synchronous and single-threaded, as the supervisor is.

    Args:
        directory: where its configuration, tables and sockets are written; the owner's only.
        in_child: run in the new process before Kamailio is (signals, parent's death).
    """

    def __init__(
        self,
        settings: SipSettings,
        workers: Sequence[WorkerAddress],
        directory: Path,
        *,
        in_child: Callable[[], None] | None = None,
        debug: int = 0,
    ) -> None:
        self._settings = settings
        self._workers = tuple(workers)
        self._directory = directory.resolve()
        self._in_child = in_child
        self._debug = debug
        self._process: subprocess.Popen[bytes] | None = None
        self._rpc = KamailioRpc(self._directory / "rpc")
        self._said = FrontLog()
        self._started_at = 0.0
        self._start_at = 0.0  # when to start a dead one again; 0: it has not been seen dead
        self._unsteered = False
        self._reloaded_at = 0.0
        self._pause_s = RESTART_PAUSE_S
        self._accepting = False
        self._open: set[int] = set()
        self.restarts = 0

    @property
    def up(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def write(self) -> Path:
        """Write the configuration; returns the file Kamailio is started with."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        files = {
            "kamailio.cfg": CONFIGURATION.read_text(),
            "service.cfg": service_cfg(self._settings, self._directory, debug=self._debug),
            "parameters.cfg": parameters_cfg(self._settings, self._directory),
            "peers.list": peers_list(self._settings),
            "digests.cfg": digests_cfg(self._settings),
            "tls.cfg": tls_cfg(self._settings),
            **{
                f"registrations/{name}": text
                for name, text in registrations_tables(self._settings).items()
            },
            "dispatcher.list": dispatcher_list(self._workers, self._settings.internal_port),
        }
        (self._directory / "registrations").mkdir(exist_ok=True, mode=0o700)
        for name, text in files.items():
            (self._directory / name).write_text(text)
        return self._directory / "kamailio.cfg"

    def check(self) -> None:
        """Have Kamailio read its configuration. Raises FrontFailed with its own words."""
        if not os.access(self._settings.kamailio, os.X_OK):
            raise FrontFailed(
                f"sip.kamailio: no program at {self._settings.kamailio}; "
                "install Debian's package kamailio"
            )
        checked = subprocess.run(
            [self._settings.kamailio, "-c", "-f", self._directory / "kamailio.cfg"],
            capture_output=True,
            text=True,
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
                    f"{self._settings.listen[0]}:{self._settings.port}, set sip.port to a free one"
                    + "".join(f"\n{line}" for line in self._said.lines())
                )
            with contextlib.suppress(RpcFailed):
                self._steer_anew()
                return
            time.sleep(0.05)
        self.stop()
        raise FrontFailed("Kamailio does not answer its RPC socket")

    def watch(self, now: float) -> bool:
        """Start it again when it has died; True when that happened. `now` is monotonic.

        What it has said meanwhile goes into the log.
        """
        if self._process is None:
            return False
        self._said.pass_on(now)
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
        """End it and its children."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._sweep()
        self._said.close()
        self._process = None

    def rpc(self, method: str, *params: Any) -> Any:
        """Ask Kamailio. Raises RpcFailed."""
        return self._rpc.ask(method, *params)

    def accept(self, accepting: bool) -> None:
        """Take new calls, or answer them (and OPTIONS) 503 with Retry-After."""
        self._accepting = accepting
        with contextlib.suppress(RpcFailed):
            self.rpc("pv.shvSet", "accepting", "int", int(accepting))

    def open_worker(self, slot: int, lines: int) -> None:
        """The worker takes calls, as many as its library told us."""
        self._open.add(slot)
        worker = self._worker(slot)
        if worker.lines != lines:
            self._workers = tuple(
                WorkerAddress(one.slot, one.port, lines) if one.slot == slot else one
                for one in self._workers
            )
            self._reload()
        self._set_state(slot, "a")

    def close_worker(self, slot: int) -> None:
        """The worker gets no new calls; its running ones go on."""
        self._open.discard(slot)
        self._set_state(slot, "i")

    def loads(self) -> dict[int, int]:
        """Calls the dispatcher counts for each worker, by slot. Raises RpcFailed."""
        slots = {worker.duid: worker.slot for worker in self._workers}
        return {
            slots[entry["ATTRS"]["DUID"]]: int(entry["RUNTIME"]["DLGLOAD"])
            for entry in self._destinations()
            if entry.get("ATTRS", {}).get("DUID") in slots and "RUNTIME" in entry
        }

    def forget_loads(self) -> None:
        """Have the dispatcher count its calls anew.

        A caller who vanished half-way, or a worker that died with its calls, leaves entries that
        would turn later callers away. Counting anew can only count too few, and then the worker
        itself refuses with 486 and the next one is tried.
        """
        self._reload()

    def counters(self) -> dict[str, int]:
        """What was offered and refused, and why, since Kamailio started. Raises RpcFailed."""
        answer = self.rpc("stats.fetchn", "script:")
        return {name.partition(".")[2]: int(value) for name, value in answer.items()}

    def registrations(self) -> dict[str, bool]:
        """Which of our registrations hold, by name. Raises RpcFailed."""
        if not self._settings.registrations:
            return {}
        held = {
            entry["l_uuid"]: bool(entry["flags"] & _REGISTERED)
            for entry in self.rpc("uac.reg_dump")
        }
        return {
            one.name: held.get(one.number or one.username, False)
            for one in self._settings.registrations
        }

    def _destinations(self) -> list[dict[str, Any]]:
        answer = self.rpc("dispatcher.list")
        found = []
        for record in answer.get("RECORDS", []):
            for target in record["SET"]["TARGETS"]:
                found.append(target["DEST"])
        return found

    def _worker(self, slot: int) -> WorkerAddress:
        return next(worker for worker in self._workers if worker.slot == slot)

    def _set_state(self, slot: int, state: str) -> None:
        with contextlib.suppress(RpcFailed):
            self.rpc("dispatcher.set_duid_state", state, 1, self._worker(slot).duid)

    def _reload(self) -> None:
        """Read the dispatcher's list again: counts begin at nought, states must be set anew."""
        (self._directory / "dispatcher.list").write_text(
            dispatcher_list(self._workers, self._settings.internal_port)
        )
        # The dispatcher frees the last but one list, which a call being placed may still look at.
        time.sleep(max(0.0, self._reloaded_at + RELOAD_APART_S - time.monotonic()))
        with contextlib.suppress(RpcFailed):
            self.rpc("dispatcher.reload")
        self._reloaded_at = time.monotonic()
        for worker in self._workers:
            self._set_state(worker.slot, "a" if worker.slot in self._open else "i")

    def _steer_anew(self) -> None:
        """Tell a Kamailio that has just started what it must know. Raises RpcFailed."""
        self.rpc("core.uptime")
        for worker in self._workers:
            self._set_state(worker.slot, "a" if worker.slot in self._open else "i")
        self.accept(self._accepting)

    def _after_restart(self) -> None:
        with contextlib.suppress(RpcFailed):
            self._steer_anew()
            self._unsteered = False

    def _spawn(self) -> None:
        (self._directory / "rpc").unlink(missing_ok=True)
        errors = self._said.open()
        self._process = subprocess.Popen(
            [
                self._settings.kamailio,
                "-DD",
                "-E",
                *("-f", self._directory / "kamailio.cfg"),
                *("-Y", self._directory),
                *("-m", str(self._settings.shared_memory_mb)),
                *("-M", "8"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # what it has to say is on stderr
            stderr=errors,
            start_new_session=True,
            preexec_fn=self._in_child,
        )
        os.close(errors)
        self._started_at = time.monotonic()

    def _sweep(self) -> None:
        """End children that outlived their main process: they would keep its ports."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _errors(said: str) -> str:
    lines = [line.strip() for line in said.splitlines()]
    return "\n".join(line for line in lines if "ERROR" in line or "CRITICAL" in line) or said
