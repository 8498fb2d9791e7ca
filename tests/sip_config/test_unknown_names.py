"""Nothing we start looks up a name that nobody configured: not even that of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sip_config import no_names

pytestmark = pytest.mark.service

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KAMAILIO = "/usr/sbin/kamailio"


def without_names(*command: str, **environment: str) -> dict[str, Any]:
    """A command run where no name server answers."""
    done = subprocess.run(
        ["unshare", "-r", "-n", "-u", "-m", sys.executable, HERE / "silent_names.py", *command],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare failed" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip("this machine permits no namespaces")
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_kamailio_asks_for_no_name_as_we_start_it() -> None:
    ours = dict(no_names.environment())["RES_OPTIONS"]
    result = without_names(KAMAILIO, "-I", RES_OPTIONS=ours)
    assert result["code"] == 0
    assert "Default paths to modules" in result["said"]
    assert result["asked"] == []


def test_left_alone_it_would_ask_for_the_name_of_the_machine() -> None:
    """What the setting is for; with a short patience, lest this take ten seconds."""
    result = without_names(KAMAILIO, "-I", RES_OPTIONS="attempts:1 timeout:1")
    assert "name-nobody-knows" in result["asked"]


def test_registrars_may_be_asked_for() -> None:
    assert "attempts:0" not in no_names.environment(registrar_names=True)["RES_OPTIONS"]


def test_the_metrics_of_an_edge_ask_for_no_name() -> None:
    result = without_names(
        sys.executable,
        "-c",
        "from ivr.observe import metrics; metrics.serve('127.0.0.1', 8099);"
        "metrics.serve('0.0.0.0', 8098); import urllib.request as u;"
        "print(u.urlopen('http://127.0.0.1:8098/metrics').status)",
    )
    assert (result["said"].strip(), result["asked"]) == ("200", [])


@pytest.mark.parametrize("command", [("config", "check"), ("flows", "check"), ("db", "upgrade")])
def test_commands_ask_for_no_name(command: tuple[str, ...], tmp_path: Path) -> None:
    result = without_names(
        sys.executable, "-m", "ivr.cli", *command, ROCARS_IVR_NODE__DATA=str(tmp_path)
    )
    assert result["code"] in (0, 1), result["said"]  # a port may be taken
    assert result["asked"] == []
