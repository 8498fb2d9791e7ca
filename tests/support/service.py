"""The whole service as its user starts it: a process, on free ports, with its own data."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from backend_client.settings import RocarsClientSettings
from ivr.settings.service import Settings, load
from tests.support.keeper import session_started
from tests.support.migrated import new_records, new_rocars
from tests.support.pace import PACE, limit
from tests.support.ports import free_ports

START_S = 20.0
STOP_S = 5.0
OF_ROCARS = {
    "ROCARS_CROSSING__RANDOM_SHARE": "0",  # nothing by chance
    "ROCARS_AUTH__ARGON2_MEMORY_KIB": "64",  # its demonstration has many PINs and passwords
    "ROCARS_AUTH__ARGON2_TIME_COST": "1",
}
"""Environment of its embedded ROCARS."""


def as_toml(sections: dict[str, dict[str, Any]]) -> str:
    """Settings as a file has them."""
    lines = []
    for name, section in sections.items():
        lines += [f"[{name}]", *(f"{key} = {_inline(value)}" for key, value in section.items())]
    return "\n".join(lines)


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{name} = {_inline(element)}" for name, element in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(_inline(element) for element in value) + "]"
    return json.dumps(value)


@dataclass
class Service:
    """`rocars-ivr serve` in a directory of its own.

    Attributes:
        more: further TOML, by section.
    """

    directory: Path
    more: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        first = free_ports(14)
        sections: dict[str, dict[str, Any]] = {
            "node": {"name": "test", "data": str(self.directory / "var"), "log_format": "json"},
            "sip": {"port": first, "internal_port": first + 1},
            "telephony": {"sip_port": first + 2, "rtp_port_first": 0, "no_rtp_timeout_s": 3.0},
            "web": {"port": first + 10},
            "handset": {"enabled": False, "port": first + 13},
            "embedded_rocars": {"port": first + 11, "portal_port": first + 12},
            # However busy the machine: when ROCARS counts as away has tests of its own.
            "rocars": {"read_timeout_s": 8 * PACE.scale(), "budget_s": 16 * PACE.scale()},
            # On whatever machine tests run: that a busy one refuses calls has tests of its own.
            "pool": {"workers": 3, "drain_deadline_s": 20.0, "overload": {"enabled": False}},
        }
        for name, values in self.more.items():
            sections.setdefault(name, {}).update(values)
        self.sip_port = first
        self.web_port = first + 10
        self.handset_port = first + 13
        self.config = self.directory / "rocars-ivr.toml"
        self.config.write_text(as_toml(sections))
        self.log = self.directory / "log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> Settings:
        return load(self.config)

    @property
    def uri(self) -> str:
        return f"sip:3902@127.0.0.1:{self.sip_port}"

    def start(self) -> None:
        """Until all its lines are there. Its databases have their tables already, on a first start:
        `make run` makes its own (`tests/first_minute/`)."""
        settings = self.settings
        data = settings.node.data
        if not data.exists():
            data.mkdir(mode=0o700)
            new_records(data / "records.sqlite3")
            for name in ("rocars", "course"):
                new_rocars(data / "rocars" / f"{name}.sqlite3")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ivr.cli", "serve", "--config", str(self.config)],
                env=os.environ | OF_ROCARS,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        session_started(self.process.pid)
        deadline = time.monotonic() + limit(START_S)
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            if self.ready()["ready"] and self.ready()["lines"] == 4 * settings.pool.cards:
                return
            time.sleep(0.2)
        text = self.log.read_text(errors="replace")
        self.stop()
        raise RuntimeError(f"the service did not start:\n{text[-4000:]}")

    def stop(self) -> int:
        """SIGTERM twice if need be; the exit status."""
        if self.process is None:
            return 0
        process, self.process = self.process, None
        process.terminate()
        try:
            return process.wait(limit(STOP_S))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
        try:
            return process.wait(limit(STOP_S))
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def ready(self) -> dict[str, Any]:
        try:
            answer = self.get("/health/ready")
        except OSError:
            return {"ready": False, "lines": 0, "in_use": 0}
        found: dict[str, Any] = json.loads(answer)
        return found

    def get(self, path: str) -> str:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.web_port}{path}", timeout=limit(3)
            ) as response:
                return str(response.read().decode())
        except urllib.error.HTTPError as unready:
            return unready.read().decode()

    def lines_in_use(self) -> int:
        return int(self.ready()["in_use"])

    def until_idle(self, seconds: float = 20.0) -> None:
        """Wait until every line is free again; that none is lost is what is tested."""
        deadline = time.monotonic() + limit(seconds)
        while self.lines_in_use() or self.query("SELECT 1 FROM calls WHERE ended_at IS NULL"):
            assert time.monotonic() < deadline, f"lines still in use: {self.ready()}"
            time.sleep(0.1)

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Look into the records."""
        path = self.directory / "var" / "records.sqlite3"
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def workers(self) -> list[int]:
        """Pids of the call workers, as the log tells them."""
        pids: dict[int, int] = {}
        for line in self.log.read_text(errors="replace").splitlines():
            if '"worker ready"' in line:
                entry = json.loads(line)
                pids[entry["worker"]] = entry["pid"]
        return list(pids.values())

    def child(self, words: str) -> int:
        """Pid of the process the supervisor started with these words on its command line."""
        assert self.process is not None
        for path in Path("/proc").glob("[0-9]*"):
            try:
                parent = (path / "stat").read_text().rpartition(")")[2].split()[1]
                command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue  # it has ended meanwhile
            if int(parent) == self.process.pid and words in command:
                return int(path.name)
        raise RuntimeError(f"the service has no process {words!r}")

    def rocars(self, role: str) -> RocarsClientSettings:
        """How its embedded ROCARS is reached."""
        directory = self.directory / "var" / "rocars"
        port = (directory / "port").read_text().strip()
        key = (directory / f"{role}.key").read_text().strip()
        return RocarsClientSettings(base_url=f"http://127.0.0.1:{port}", api_key=SecretStr(key))
