"""Set-up shows what it is doing and how far it is, and all of it when it fails."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.service

SCRIPT = Path(__file__).parents[2] / ".ci" / "with_progress.sh"
TITLE = "Step 2 of 4: Debian packages"


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, TITLE, "bash", "-c", program],
        env={**os.environ, "PROGRESS_EVERY_S": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_went_well_is_told_in_a_line_and_no_more() -> None:
    done = run("echo much; echo more >&2")
    assert (done.returncode, done.stderr) == (0, "")
    first, *between, last = done.stdout.splitlines()
    assert first.strip() == TITLE
    assert all(line.startswith(TITLE) for line in between)  # on a machine that is slow
    assert last.startswith(f"{TITLE}: done (")
    assert "much" not in done.stdout


def test_what_fails_is_shown_whole_with_its_status() -> None:
    done = run("for i in $(seq 300); do echo line $i; done; echo broken >&2; exit 7")
    assert done.returncode == 7
    lines = done.stderr.splitlines()
    assert "failed" in lines[0]
    assert lines[1:] == [*(f"line {number}" for number in range(1, 301)), "broken"]


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("dlstatus:3:20.5:Retrieving file 3 of 14", "20 %, Retrieving file 3 of 14"),
        ("pmstatus:kamailio:42.1:Unpacking kamailio (amd64)", "42 %, Unpacking kamailio"),
        ("Collecting vosk==0.3.45", "package 1: vosk==0.3.45"),
        ("Installing collected packages: a, b, c", "installing, 0 of 3"),
    ],
)
def test_how_far_apt_and_pip_are(printed: str, shown: str) -> None:
    done = run(f"echo '{printed}'; sleep 4")
    assert any(f" s) {shown}" in line for line in done.stdout.splitlines()), done.stdout


def test_on_a_terminal_it_is_one_line_that_changes() -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [SCRIPT, TITLE, "bash", "-c", "echo Collecting numpy; sleep 4"],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:  # EIO: the other end is closed
            break
        shown += more
    os.close(ours)
    assert process.wait(60) == 0
    assert shown.count(b"\n") == 1
    assert b"package 1: numpy" in shown
    assert b"\r\x1b[K" in shown


def test_what_is_installed_is_counted(tmp_path: Path) -> None:
    (tmp_path / "there_before.dist-info").mkdir()
    done = subprocess.run(
        [
            *(SCRIPT, TITLE, "bash", "-c"),
            f"echo 'Installing collected packages: a, b, c'; mkdir {tmp_path}/a.dist-info; sleep 4",
        ],
        env={
            **os.environ,
            "PROGRESS_EVERY_S": "1",
            "PROGRESS_DONE": f"{tmp_path}/*.dist-info",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "installing, 1 of 3" in done.stdout
