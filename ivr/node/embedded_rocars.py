"""The reference ROCARS beside the telephone channel: a process of its own, called over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import structlog
from pydantic import SecretStr

from backend_client.settings import RocarsClientSettings
from ground.sms.settings import SmsSettings
from ivr.node.children import DieWithParent
from ivr.node.priorities import Aside, InChild, stand_aside
from ivr.settings.service import Settings

log = structlog.get_logger("ivr.node.embedded_rocars")

START_TIMEOUT_S = 180.0
"""A busy machine may need a minute; a process that has died is reported at once."""
SAY_EVERY_S = 15.0
RESTART_PAUSE_S = 1.0


class RocarsNotStarted(Exception):
    """The embedded ROCARS did not begin to listen; its own messages are in the log."""


class EmbeddedRocars:
    """Started by the supervisor before the workers, watched, stopped after them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.directory = settings.node.data.resolve() / "rocars"
        self._port_file = self.directory / "port"
        self._portal_port_file = self.directory / "portal_port"
        self._process: subprocess.Popen[bytes] | None = None
        self._start_at = 0.0

    def start(self) -> RocarsClientSettings:
        """Start it, wait until it listens, and return how it is reached.

        Raises RocarsNotStarted.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for kept in (self._port_file, self._portal_port_file):
            kept.unlink(missing_ok=True)
        self._spawn()
        assert self._process is not None
        began = said_at = time.monotonic()
        while not self._port_file.exists():
            now = time.monotonic()
            if self._process.poll() is not None:
                raise RocarsNotStarted(
                    f"the embedded ROCARS ended with status {self._process.returncode}, and says "
                    "above why; set embedded_rocars.port and embedded_rocars.portal_port to free "
                    "ports, or embedded_rocars.enabled to false and rocars.base_url to a running "
                    "one"
                )
            if now > began + START_TIMEOUT_S:
                self.stop()
                raise RocarsNotStarted(
                    f"the embedded ROCARS did not begin to listen within {START_TIMEOUT_S:.0f} s"
                )
            if now > said_at + SAY_EVERY_S:
                said_at = now
                log.warning("the embedded ROCARS is still starting", after_s=round(now - began))
            time.sleep(0.05)
        host = self._settings.embedded_rocars.host
        return self._settings.rocars.model_copy(
            update={
                "base_url": f"http://{host}:{self._port_file.read_text().strip()}",
                "api_key": self.key("ivr"),
            }
        )

    def key(self, role: str) -> SecretStr:
        """The API key ROCARS made for a role at its first start.

        Roles: ivr, shipper, admin, camera, display.
        """
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
        port = _kept(embedded.port, self._port_file)
        portal_port = _kept(embedded.portal_port, self._portal_port_file)
        environment = {
            **os.environ,
            "ROCARS_EMBEDDED": "true",
            "ROCARS_DATA_DIR": str(self.directory),
            "ROCARS_LISTEN__HOST": embedded.host,
            "ROCARS_LISTEN__PORT": str(port),
            "ROCARS_LISTEN__PORT_FILE": str(self._port_file),
            "ROCARS_PORTAL__ENABLED": "true",
            "ROCARS_PORTAL__HOST": embedded.host,
            "ROCARS_PORTAL__PORT": str(portal_port),
            "ROCARS_PORTAL__PORT_FILE": str(self._portal_port_file),
            "ROCARS_DEMO__ENABLED": str(embedded.demo_data).lower(),
            "ROCARS_CROSSING__OPEN_DISPLAYS": str(embedded.demo_data).lower(),
            "ROCARS_KIOSK__OPEN": str(embedded.demo_data).lower(),
            "ROCARS_LOG_LEVEL": "warning",
            **gateway_variables(self._settings.sms),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rocars"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=Path.cwd(),
            start_new_session=True,  # Ctrl-C is for the supervisor: calls may still need ROCARS
            preexec_fn=InChild(DieWithParent(), partial(stand_aside, Aside.BACK_END)),
        )


def gateway_variables(sms: SmsSettings) -> dict[str, str]:
    """The gateway of the telephone channel, for the officers of the hotline."""
    if not sms.url:
        return {}
    given = {**sms.model_dump(mode="json"), "token": sms.token.get_secret_value()}
    return {"ROCARS_SMS": json.dumps(given)}


def _kept(port: int, chosen: Path) -> int:
    """The port of the settings; for any free one, that of before, which clients know."""
    return int(chosen.read_text()) if port == 0 and chosen.exists() else port
