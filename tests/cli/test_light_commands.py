"""Commands that need neither sound, nor models, nor a database, load none of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from ivr.cli.main import COMMANDS

pytestmark = pytest.mark.service

HEAVY = (
    "aiohttp",
    "aiosqlite",
    "alembic",
    "argon2",
    "asyncpg",
    "babel",
    "cryptography",
    "jinja2",
    "numpy",
    "pjsua2",
    "prometheus_client",
    "pygal",
    "pyttsx3",
    "scipy",
    "soundfile",
    "soxr",
    "sqlalchemy",
    "structlog",
    "vosk",
)
"""Seconds of processor, all together."""

SETTINGS = ("pydantic_settings",)
"""What reading the settings needs, and help does not."""

RUN = """
import sys
from ivr.cli.main import app
sys.argv = ["rocars-ivr", *sys.argv[1:]]
try:
    app()
finally:
    print(*sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
"""

SCENARIOS = Path(__file__).parents[1] / "calls" / "scripted"


def loaded_by(tmp_path: Path, *words: str) -> tuple[int, str, set[str]]:
    """Exit status, what is printed, and the packages that were imported."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("ROCARS_IVR_")
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, set(done.stderr.splitlines()[-1].split())


HELPS = [
    (),
    *((name,) for name in COMMANDS),
    ("config", "check"),
    ("calls", "run"),
    ("db", "purge"),
]


@pytest.mark.parametrize("command", HELPS, ids=" ".join)
def test_help_loads_nothing_but_itself(tmp_path: Path, command: tuple[str, ...]) -> None:
    status, printed, packages = loaded_by(tmp_path, *command, "--help")
    assert status == 0
    assert "Usage:" in printed
    assert not packages & {*HEAVY, *SETTINGS}


@pytest.mark.parametrize(
    "command",
    [
        ("config", "check"),
        ("config", "show"),
        ("config", "reference"),
        ("config", "example"),
        ("calls", "check", str(SCENARIOS)),
        ("calls", "schema"),
        ("capacity",),
        ("health",),
        ("flows", "list"),
        ("flows", "check"),
        ("prompts", "list"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_small_commands_load_no_sound_and_no_database(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "rocars-ivr.toml").write_text("[web]\nport = 1\n")  # nobody answers there
    status, _, packages = loaded_by(tmp_path, *command)
    assert status in ((1,) if command == ("health",) else (0, 1))
    assert not packages & set(HEAVY)


def test_a_node_loads_nothing_that_only_some_pages_need(tmp_path: Path) -> None:
    """All that a node consists of is forked from a process that has loaded this."""
    needed_later = {"alembic", "babel", "mako", "pygal", "scipy", "zxcvbn"}
    program = "import sys, ivr.node.supervisor; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert "sqlalchemy" in loaded
    assert not needed_later & set(loaded)


@pytest.mark.parametrize("name", COMMANDS)
def test_what_the_overview_says_is_what_the_command_says(name: str) -> None:
    place = COMMANDS[name]
    own = " ".join((place.load(name).help or "").split())
    assert own.startswith(place.help)


def test_a_command_that_does_not_exist_is_answered_with_the_nearest(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from ivr.cli.main import app

    assert isinstance(app, typer.Typer)
    result = CliRunner().invoke(app, ["confg", "check"])
    assert result.exit_code == 2
    assert "config" in result.output
