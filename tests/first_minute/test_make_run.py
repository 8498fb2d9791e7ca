"""`make run` on a machine where others have the usual ports: it finds free ones and says so."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.first_minute.made import made_run
from tests.support.pace import limit

pytestmark = [pytest.mark.call, pytest.mark.timeout(1500)]

UDP, TCP = socket.SOCK_DGRAM, socket.SOCK_STREAM
HELD = {
    "sip.port": ((UDP, 5060), (TCP, 5060)),
    "telephony.sip_port": ((UDP, 5070),),
    "web.port": ((TCP, 8080),),
    "telephony.rtp_port_first": tuple((UDP, port) for port in range(16384, 16384 + 3 * 64)),
    "embedded_rocars.port": ((TCP, 8480),),
    "embedded_rocars.portal_port": ((TCP, 8481),),
    "handset.port": ((TCP, 8482),),
}


@contextlib.contextmanager
def somebody_with(*ports: tuple[int, int]) -> Iterator[None]:
    """Another program that has these ports; one that is taken already does as well."""
    with contextlib.ExitStack() as stack:
        for kind, number in ports:
            sock = stack.enter_context(socket.socket(socket.AF_INET, kind))
            if kind == TCP:  # connections of the run before may still be ending
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                sock.bind(("127.0.0.1", number))
                if kind == TCP:
                    sock.listen()
        yield


def command(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ivr.cli", *words],
        env={"ROCARS_IVR_NODE__DATA": str(data), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


LIKE_OTHERS = {"embedded_rocars.portal_port", "handset.port"}


def is_well(data: Path) -> bool:
    """What `rocars-ivr health` says; a busy machine's node takes no calls for a while."""
    until = time.monotonic() + limit(30)
    while (well := command(data, "health")).returncode != 0:
        assert "overloaded" in well.stderr, well.stderr
        assert time.monotonic() < until, well.stderr
    return True


@pytest.mark.parametrize("setting", [name for name in HELD if name not in LIKE_OTHERS])
def test_beside_a_program_on_a_usual_port(tmp_path: Path, setting: str) -> None:
    with somebody_with(*HELD[setting]), made_run(tmp_path / "var") as run:
        run.until("Ctrl-C ends")
        assert f"({setting})" in run.text
        usual = {number for _, number in HELD[setting]}
        assert run.sip_port not in usual
        assert run.web_port not in usual
        assert run.health()["lines"] == 12


def test_beside_programs_on_all_of_them(tmp_path: Path) -> None:
    """And the demonstration is called, bundles, and is found by the other commands."""
    ports = [port for ports in HELD.values() for port in ports]
    with somebody_with(*ports), made_run(tmp_path / "var") as run:
        run.until("Ctrl-C ends")
        moved = [name for name in HELD if f"({name})" in run.text]
        assert moved == list(HELD)
        assert run.sip_port != 5060
        run.until("confirmed by ROCARS")
        run.until("Demo accounts of the portal")
        run.until("Free cargo")
        assert is_well(tmp_path / "var")
        checked = command(tmp_path / "var", "config", "check")
        assert checked.returncode == 1  # for the settings have the ports the others hold
        assert "sip.port: UDP and TCP 127.0.0.1:5060" in checked.stderr
