"""The reference ROCARS beside the telephone channel: a process of its own, called over HTTP.

It is forked like the others of a node, and then runs as `python -m rocars` does. So it shares the
libraries that both use, which are half of what it loads.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import setproctitle
import structlog
from pydantic import SecretStr

from backend_client.settings import RocarsClientSettings
from ground.sms.settings import SmsSettings
from ivr.node.children import fork, reap, tell
from ivr.node.priorities import Aside, stand_aside
from ivr.settings.service import Settings

log = structlog.get_logger("ivr.node.embedded_rocars")

START_TIMEOUT_S = 180.0
"""A busy machine may need a minute; a process that has died is reported at once."""
SAY_EVERY_S = 15.0
RESTART_PAUSE_S = 1.0
STOP_S = 8.0
"""It has so long to finish its requests."""


class RocarsNotStarted(Exception):
    """The embedded ROCARS did not begin to listen; its own messages are in the log."""


class EmbeddedRocars:
    """Started by the supervisor before the workers, watched, stopped after them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.directory = settings.node.data.resolve() / "rocars"
        self._port_file = self.directory / "port"
        self._portal_port_file = self.directory / "portal_port"
        self._pid = 0
        self._start_at = 0.0

    def start(self) -> RocarsClientSettings:
        """Start it, wait until it listens, and return how it is reached.

        Raises RocarsNotStarted.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for kept in (self._port_file, self._portal_port_file):
            kept.unlink(missing_ok=True)
        self._spawn()
        began = said_at = time.monotonic()
        while not self._port_file.exists():
            now = time.monotonic()
            if (status := reap(self._pid)) is not None:
                self._pid = 0
                raise RocarsNotStarted(
                    f"the embedded ROCARS ended with status {status}, and says "
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

    @property
    def running(self) -> bool:
        """Whether its process lives, as far as `watch` knows."""
        return self._pid != 0

    def watch(self, now: float) -> None:
        """Start it again when it has died. `now` is monotonic."""
        if self._pid:
            if (status := reap(self._pid)) is not None:
                log.error("the embedded ROCARS died", status=status)
                self._pid, self._start_at = 0, now + RESTART_PAUSE_S
        elif now >= self._start_at:
            self._spawn()

    def stop(self) -> None:
        """Let it finish its requests, then end it."""
        if not self._pid:
            return
        tell(self._pid, signal.SIGTERM)
        until = time.monotonic() + STOP_S
        while reap(self._pid) is None:
            if time.monotonic() > until:
                tell(self._pid, signal.SIGKILL)
            time.sleep(0.02)
        self._pid = 0

    def _spawn(self) -> None:
        embedded = self._settings.embedded_rocars
        port = _kept(embedded.port, self._port_file)
        portal_port = _kept(embedded.portal_port, self._portal_port_file)
        environment = {
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
        self._pid = fork(partial(_run, environment), dies_with_parent=True)


def _run(environment: Mapping[str, str]) -> int:
    """In the child: what `python -m rocars` would do with this environment."""
    setproctitle.setproctitle("rocars-ivr: ROCARS")
    os.setsid()  # Ctrl-C is for the supervisor: calls may still need ROCARS
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nowhere, standard)
    os.close(nowhere)
    stand_aside(Aside.BACK_END)
    os.environ.update(environment)
    sys.argv = ["rocars"]
    # As the main module, which processes that ROCARS starts for its work load as well.
    runpy.run_module("rocars", run_name="__main__", alter_sys=True)
    return 0


def gateway_variables(sms: SmsSettings) -> dict[str, str]:
    """The gateway of the telephone channel, for the officers of the hotline."""
    if not sms.url:
        return {}
    given = {**sms.model_dump(mode="json"), "token": sms.token.get_secret_value()}
    return {"ROCARS_SMS": json.dumps(given)}


def _kept(port: int, chosen: Path) -> int:
    """The port of the settings; for any free one, that of before, which clients know."""
    return int(chosen.read_text()) if port == 0 and chosen.exists() else port
