"""No command ends in a traceback for a cause outside itself: one line, what and what to do."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ivr.cli import outside
from ivr.cli.main import app
from ivr.preflight.plain_words import plain, whose

DRIVER = Path(__file__).with_name("outside_causes.py")
MOST_LINES = 8
"""Of all that a command says when it cannot do its work; a list of findings has a line each."""


@pytest.fixture(scope="module")
def met() -> Iterator[list[dict[str, str]]]:
    """Every command run into every cause, once for all tests; it takes some seconds."""
    with tempfile.TemporaryDirectory(prefix="outside-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        done = subprocess.run(
            [sys.executable, DRIVER, folder],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=False,
        )
        for closed in ("theirs", "theirs/rocars", "closed", "theirs_inside/metrics"):
            (folder / closed).chmod(0o700)  # so that it can be deleted
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        yield [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.service
def test_no_command_ends_in_a_traceback(met: list[dict[str, str]]) -> None:
    assert len(met) > 100
    faults = {f"{run['command']} | {run['cause']}": run["fault"] for run in met if run["fault"]}
    assert faults == {}
    assert [run for run in met if "Traceback" in run["said"]] == []


@pytest.mark.service
def test_what_is_wrong_is_said_in_few_lines_and_by_the_exit_code(met: list[dict[str, str]]) -> None:
    silent = [run for run in met if run["code"] and not run["said"].strip()]
    long_winded = [run for run in met if run["code"] and len(run["said"].splitlines()) > MOST_LINES]
    assert silent == []
    assert long_winded == []


@pytest.mark.service
@pytest.mark.parametrize(
    ("cause", "commands", "words"),
    [
        ("data folder of somebody else", ("serve", "config check", "edge"), "node.data: "),
        ("something of theirs in it", ("serve", "config check"), "metrics"),
        ("records are no database", ("serve", "config check"), "is no SQLite database"),
        ("records can only be read", ("serve", "config check", "db upgrade"), "read_only.sqlite3"),
        ("no Kamailio", ("serve", "config check", "edge"), "no program at /no/kamailio"),
        ("a port that is taken", ("serve", "config check"), "web.port"),
        ("results nobody may write", ("flows draw --out {closed}/flows",), "closed"),
        ("no service", ("demo", "drivers"), "rocars-ivr serve"),
        ("settings that are no text", ("serve", "db current"), "binary.toml"),
    ],
)
def test_it_names_what_is_wrong(
    met: list[dict[str, str]], cause: str, commands: tuple[str, ...], words: str
) -> None:
    for command in commands:
        (found,) = [run for run in met if (run["cause"], run["command"]) == (cause, command)]
        assert found["code"], found
        assert words in " ".join(found["said"].split()), found


@pytest.mark.unit
def test_whose_a_folder_is_and_who_we_are(tmp_path: Path) -> None:
    ours = whose(tmp_path)
    assert "give yourself the permission" in ours
    theirs = whose(Path("/proc/1/root/x") if os.geteuid() else tmp_path / "missing")
    assert str(tmp_path) in theirs or "may not" in theirs or "belongs to" in theirs


@pytest.mark.unit
@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full: make room"),
        (errno.EROFS, "can only be read"),
        (errno.EADDRINUSE, "the port is taken"),
        (errno.EMFILE, "raise the limit"),
        (errno.ENOENT, "it is not there"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_a_refusal_of_the_system_is_one_line(number: int, words: str) -> None:
    message = plain(OSError(number, os.strerror(number), "/var/lib/rocars/x"))
    assert message.startswith("/var/lib/rocars/x: ")
    assert words in message
    assert "\n" not in message


@pytest.mark.unit
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_whatever_command_it_happens_to(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk and a file system that is read only cannot be had here without mount."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "/var/lib/rocars/x")

    monkeypatch.setattr(Path, "write_text", refuse)
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: None)
    done = CliRunner().invoke(app, ["flows", "draw", "--out", "/var/lib/rocars"])
    assert done.exit_code == 1
    assert done.output.startswith("rocars-ivr: /var/lib/rocars/x: ")
    assert len(done.output.splitlines()) == 1


@pytest.mark.unit
def test_a_fault_of_ours_keeps_its_traceback() -> None:
    assert outside.in_one_line(KeyError("x")) == ""
    assert outside.in_one_line(AssertionError()) == ""
