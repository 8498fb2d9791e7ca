"""Accounts and sets of recordings from the command line, by the one who runs the machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.console.conftest import a_recording
from tests.support.pace import limit

pytestmark = pytest.mark.service


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "rocars-ivr.toml"
    path.write_text(f'[node]\ndata = "{tmp_path / "var"}"\n')
    return path


def command(config: Path, *words: str, secret: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ivr.cli", *words, "--config", str(config)],
        input=secret,
        text=True,
        capture_output=True,
        timeout=limit(60),
        check=False,
    )


def test_the_first_administrator_is_made_on_the_machine(config: Path) -> None:
    add = ("people", "add", "chan", "--role", "administrator", "--stdin")
    assert "12 characters" in command(config, *add, secret="short\n").stderr
    made = command(config, *add, secret="a long enough password\n")
    assert (made.returncode, made.stdout) == (0, "chan may log in as administrator\n")
    again = command(config, *add, secret="a long enough password\n")
    assert (again.returncode, "already" in again.stderr) == (1, True)
    listed = command(config, "people", "list").stdout
    assert "chan" in listed
    assert "argon2" not in listed
    last = command(config, "people", "deactivate", "chan")
    assert (last.returncode, "administrate" in last.stderr) == (1, True)


def test_a_script_goes_out_and_a_folder_comes_back(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "script.csv"
    assert command(config, "prompts", "script", "--out", str(out)).returncode == 0
    row = next(row for row in out.read_text("utf-8-sig").splitlines() if "Road Cargo" in row)
    folder = tmp_path / "returned"
    (folder / "day 1").mkdir(parents=True)
    (folder / "day 1" / row.split(",")[1]).write_bytes(a_recording())
    (folder / "notes.txt").write_text("done")
    taken = command(config, "prompts", "import", str(folder), "--by", "studio")
    assert (taken.returncode, taken.stdout) == (0, "1 taken as drafts, 0 refused\n")
    assert "notes.txt: not of the script" in taken.stderr
    (folder / "1002.wav").write_bytes(b"no sound")
    taken = command(config, "prompts", "import", str(folder), "--by", "studio")
    assert taken.returncode == 1
    assert "1002.wav: This is not a sound file" in taken.stderr
