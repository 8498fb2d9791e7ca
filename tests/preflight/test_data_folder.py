"""One node a data folder, and where the node in it is reached."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ivr.preflight.data_folder import DataFolder, FolderInUse, as_running, family_of, holder_of
from ivr.settings.service import Settings

pytestmark = pytest.mark.service

HOLDING = """
import sys
from pathlib import Path
from ivr.preflight.data_folder import DataFolder
from ivr.settings.service import Settings
settings = Settings.model_validate(
    {"node": {"data": sys.argv[1]}, "sip": {"port": 6160, "internal_port": 6162},
     "web": {"port": 8180}, "embedded_rocars": {"port": 8580}})
folder = DataFolder(settings)
folder.take()
folder.tell_addresses(settings)
print("taken", flush=True)
sys.stdin.read()
"""


def settings_in(folder: Path) -> Settings:
    return Settings.model_validate({"node": {"data": str(folder)}})


def start(folder: Path) -> subprocess.Popen[bytes]:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    assert other.stdout.readline() == b"taken\n"
    return other


def test_a_second_node_is_told_who_has_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    assert holder_of(folder) is None
    other = start(folder)
    try:
        assert holder_of(folder) == other.pid
        with pytest.raises(FolderInUse, match=rf"node\.data: .*process {other.pid}"):
            DataFolder(settings_in(folder)).take()
    finally:
        other.communicate()
    DataFolder(settings_in(folder)).take()


def test_commands_speak_to_the_node_where_it_is(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    other = start(tmp_path)
    try:
        found = as_running(settings)
        assert (found.sip.port, found.web.port, found.embedded_rocars.port) == (6160, 8180, 8580)
        assert found.sip.peers == settings.sip.peers
    finally:
        other.kill()
        other.communicate()
    assert (tmp_path / "node.json").exists()
    assert as_running(settings).sip.port == settings.sip.port  # what a dead node left says nothing


def test_the_family_of_a_process_are_all_it_started() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "import subprocess, sys; subprocess.run(['cat'])"],
        stdin=subprocess.PIPE,
    )
    try:
        family: frozenset[int] = frozenset()
        while len(family) < 2:
            family = family_of(child.pid)
        assert child.pid in family
        assert os.getpid() not in family
        assert family < family_of(os.getpid())
    finally:
        child.communicate()
