"""The reference ROCARS beside the telephone channel: a process of its own, spoken to over HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import structlog
from pydantic import SecretStr

from backend_client.settings import RocarsClientSettings
from ivr.pool.children import DieWithParent
from ivr.settings import Settings

log = structlog.get_logger(__name__)

START_TIMEOUT_S = 20.0
RESTART_PAUSE_S = 1.0


class RocarsNotStarted(Exception):
    """The embedded ROCARS did not begin to listen; its own words are in the log."""


class EmbeddedRocars:
    """Started by the supervisor before the workers, watched, stopped after them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.directory = settings.node.data.resolve() / "rocars"
        self._port_file = self.directory / "port"
        self._process: subprocess.Popen[bytes] | None = None
        self._start_at = 0.0

    def start(self) -> RocarsClientSettings:
        """Start it, wait until it listens, and return how it is reached.

        Raises RocarsNotStarted.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._port_file.unlink(missing_ok=True)
        self._spawn()
        assert self._process is not None
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._port_file.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RocarsNotStarted(
                    "the embedded ROCARS did not start; set embedded_rocars.port to a free port, "
                    "or embedded_rocars.enabled to false and rocars.base_url to a running one"
                )
            time.sleep(0.05)
        host = self._settings.embedded_rocars.host
        return self._settings.rocars.model_copy(
            update={
                "base_url": f"http://{host}:{self._port_file.read_text().strip()}",
                "api_key": self.key("ivr"),
            }
        )

    def key(self, role: str) -> SecretStr:
        """The API key ROCARS made for a role (ivr, shipper, admin) at its first start."""
        return SecretStr((self.directory / f"{role}.key").read_text().strip())

    def watch(self, now: float) -> None:
        """Start it again when it has died. `now` is monotonic."""
        if self._process is None or self._process.poll() is None:
            return
        if self._start_at == 0.0:
            log.error("the embedded ROCARS died", status=self._process.returncode)
            self._start_at = now + RESTART_PAUSE_S
        elif now >= self._start_at:
            self._start_at = 0.0
            self._spawn()

    def stop(self) -> None:
        """Let it finish its requests, then end it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(8)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _spawn(self) -> None:
        embedded = self._settings.embedded_rocars
        port = embedded.port
        if port == 0 and self._port_file.exists():
            port = int(self._port_file.read_text())  # clients know it: keep it
        environment = {
            **os.environ,
            "ROCARS_EMBEDDED": "true",
            "ROCARS_DATA_DIR": str(self.directory),
            "ROCARS_LISTEN__HOST": embedded.host,
            "ROCARS_LISTEN__PORT": str(port),
            "ROCARS_LISTEN__PORT_FILE": str(self._port_file),
            "ROCARS_DEMO__ENABLED": str(embedded.demo_data).lower(),
            "ROCARS_LOG_LEVEL": "warning",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rocars"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=Path.cwd(),
            start_new_session=True,  # Ctrl-C is for the supervisor: calls may still need ROCARS
            preexec_fn=DieWithParent(),
        )
