"""`serve` and `config check` on a machine that lacks something: a line each, and an end."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.service import Service

pytestmark = [pytest.mark.service, pytest.mark.timeout(300)]

PATIENCE_S = 120


def serve(service: Service) -> subprocess.CompletedProcess[str]:
    return command(service, "serve")


def command(service: Service, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ivr.cli", *words, "--config", str(service.config)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.parametrize("words", [("serve",), ("config", "check")], ids=" ".join)
def test_all_that_is_wrong_is_told_and_nothing_started(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    service = Service(tmp_path, {"prompts": {"recordings": str(tmp_path / "none")}})
    settings = service.settings
    with ExitStack() as stack:
        for kind, number in (
            (socket.SOCK_DGRAM, settings.sip.port),
            (socket.SOCK_DGRAM, settings.telephony.sip_port + 1),
            (socket.SOCK_STREAM, settings.web.port),
            (socket.SOCK_STREAM, settings.embedded_rocars.port),
        ):
            sock = stack.enter_context(socket.socket(socket.AF_INET, kind))
            sock.bind(("127.0.0.1", number))
            if kind == socket.SOCK_STREAM:
                sock.listen()
        done = command(service, *words)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert [line.split(": ")[1] for line in lines] == [
        "sip.port",
        "telephony.sip_port",
        "web.port",
        "embedded_rocars.port",
        "prompts.recordings",
    ]
    assert all(f"(process {os.getpid()})" in line for line in lines[:4])
    assert not (tmp_path / "var" / "kamailio").exists()


def test_ports_taken_after_the_look_end_the_node_with_the_reason(tmp_path: Path) -> None:
    """A worker that dies and finds its port taken: the others go on, and health says so; when no
    worker is left that can start, the node ends, and says why."""
    service = Service(tmp_path)
    service.start()
    process = service.process
    assert process is not None
    first = service.settings.telephony.sip_port
    try:
        workers = service.workers()
        with ExitStack() as stack:
            for slot, pid in enumerate(workers):
                os.kill(pid, signal.SIGKILL)
                sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                _take(sock, first + slot)
                if slot < 2:
                    _until_warned(service, f"{slot + 1} of 3 call workers cannot start")
                    assert service.ready()["ready"]
            assert process.wait(PATIENCE_S) == 1
        last = service.log.read_text(errors="replace").splitlines()[-1]
        assert re.match(r"rocars-ivr: worker \d cannot start: telephony\.sip_port: UDP ", last)
        assert f"(process {os.getpid()})" in last
    finally:
        service.stop()


def _take(sock: socket.socket, number: int) -> None:
    """As soon as its worker is gone; no worker is so quick at its start."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            sock.bind(("127.0.0.1", number))
            return
        except OSError:
            assert time.monotonic() < deadline


def _until_warned(service: Service, words: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not any(words in warning for warning in service.ready().get("warnings", ())):
        assert time.monotonic() < deadline, service.ready()
        time.sleep(0.1)


def test_a_node_that_runs_is_no_fault_of_its_settings(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.start()
    try:
        checked = command(service, "config", "check")
        assert (checked.returncode, checked.stderr) == (0, "")
        assert f"(process {service.process.pid})" in checked.stdout  # type: ignore[union-attr]
        second = serve(service)
        assert second.returncode == 1
        (line,) = second.stderr.splitlines()
        assert line.startswith("rocars-ivr: node.data: ")
        assert service.ready()["ready"]
    finally:
        service.stop()


def test_a_node_waits_for_what_is_left_of_one_that_was_killed(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.start()
    process = service.process
    assert process is not None
    try:
        frozen = service.workers()[0]
        os.kill(frozen, signal.SIGSTOP)  # a worker that takes its time
        process.kill()
        process.wait()
        service.log.write_text("")
        waiting = subprocess.Popen(
            [sys.executable, "-m", "ivr.cli", "serve", "--config", str(service.config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        service.process = waiting  # type: ignore[assignment]
        assert waiting.stderr is not None
        line = waiting.stderr.readline()
        assert line.startswith("rocars-ivr: waiting for what is left of the last run")
        assert str(frozen) in line
        os.kill(frozen, signal.SIGCONT)
        lines = [line]
        while "worker ready" not in lines[-1]:
            lines.append(waiting.stderr.readline())
            assert lines[-1], f"it ended: {''.join(lines)}"
    finally:
        service.stop()


def test_the_log_is_for_people_on_a_terminal_and_json_in_a_pipe(tmp_path: Path) -> None:
    service = Service(tmp_path, {"node": {"log_format": "auto"}})
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ivr.cli", "serve", "--config", str(service.config)],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    while shown.count(b"worker ready") < 3:
        shown += os.read(ours, 65536)
    process.terminate()
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:  # EIO: the other end is closed
            break
        if not more:
            break
        shown += more
    os.close(ours)
    assert process.wait(PATIENCE_S) == 0
    lines = [
        re.sub(r"\x1b\[[0-9;]*m", "", line) for line in shown.decode(errors="replace").splitlines()
    ]
    logged = [line for line in lines if "worker" in line and "Starting" not in line]
    assert logged
    assert all(re.match(r"\d\d:\d\d:\d\d (info|warning|error) ", line) for line in logged), logged
    assert "\x1b[" in shown.decode(errors="replace")
    assert not any("sip library" in line or "alembic" in line for line in lines)

    service.start()
    service.stop()
    entries = [line for line in service.log.read_text().splitlines() if "worker ready" in line]
    assert len([json.loads(line) for line in entries]) == 3
