"""The lock files hold what pyproject.toml asks for, with hashes, and no address of an index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.11", "3.12")


def pinned(lock: str) -> dict[str, list[Requirement]]:
    """The packages of a lock file, by their plain names; several where Pythons differ."""
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, list[Requirement]] = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            written, _, hashes = line.partition(" --hash=")
            assert re.match(r"sha256:[0-9a-f]{64}", hashes), f"{lock}: {written} has no hash"
            requirement = Requirement(written.strip())
            found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


def on(python: str, lock: str) -> dict[str, str]:
    """The versions a lock file gives on Linux with this Python."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": "linux",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "platform_machine": "x86_64",
    }
    versions = {}
    for name, requirements in pinned(lock).items():
        for requirement in requirements:
            if requirement.marker is None or requirement.marker.evaluate(environment):
                (exactly,) = requirement.specifier
                assert name not in versions, f"{lock}: {name} twice for Python {python}"
                versions[name] = exactly.version
    return versions


def asked_for(*, dev: bool) -> list[Requirement]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    wanted += project["build-system"]["requires"]
    if dev:
        wanted += project["project"]["optional-dependencies"]["dev"]
    return [Requirement(requirement) for requirement in wanted]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", ["service.txt", "dev.txt"])
def test_everything_that_is_asked_for_is_locked(lock: str, python: str) -> None:
    locked = on(python, lock)
    unfit = [
        str(requirement)
        for requirement in asked_for(dev=lock == "dev.txt")
        if not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "0"))
    ]
    assert unfit == [], "run `make raise-locks`"


@pytest.mark.parametrize("python", PYTHONS)
def test_tests_run_with_what_the_service_runs_with(python: str) -> None:
    service, dev = on(python, "service.txt"), on(python, "dev.txt")
    assert {name: dev.get(name) for name in service} == service


@pytest.mark.parametrize("lock", ["service.txt", "dev.txt"])
def test_no_index_is_named(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "index" not in {line.split("=")[0].strip("- ") for line in text.splitlines()}
