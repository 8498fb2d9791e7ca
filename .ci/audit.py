#!/usr/bin/env python3
"""Known vulnerabilities of the packages the service is installed from (pip-audit, PyPI's records).

Exit status 1 for a vulnerability that is known. A package that could not be looked up, for want of
a network or because the index has no such records, is said loudly and fails nothing: a build
without a network would otherwise never pass.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LOCK = Path("requirements/service.txt")
LONGEST_S = 300


class NotChecked(Exception):
    """pip-audit could not do its work; the text says why."""


def verdict(packages: list[dict[str, Any]]) -> tuple[list[str], int]:
    """What is said of the packages in pip-audit's report, and the exit status.

    pip-audit itself says "no known vulnerabilities" of packages it could not look up.
    """
    skipped = [package["skip_reason"] for package in packages if "skip_reason" in package]
    found = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, "
        f"fixed in {', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for package in packages
        for vulnerability in package.get("vulns", ())
    ]
    lines = list(found)
    if skipped:
        lines.append(_not_checked(f"{len(skipped)} of {len(packages)} packages", skipped[0]))
    if found:
        lines.append("Raise them with `make raise-locks`.")
    elif len(skipped) < len(packages):
        lines.append(f"{len(packages) - len(skipped)} packages: no known vulnerability.")
    return lines, 1 if found else 0


def looked_up() -> list[dict[str, Any]]:
    """The packages of the lock file, in pip-audit's JSON form. Raises NotChecked."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "audit.json"
        command = [".venv/bin/pip-audit", "--requirement", str(LOCK), "--require-hashes"]
        command += ["--disable-pip", "--progress-spinner", "off", "--timeout", "15"]
        command += ["--format", "json", "--output", str(report)]
        try:
            run = subprocess.run(
                command, capture_output=True, text=True, timeout=LONGEST_S, check=False
            )
        except subprocess.TimeoutExpired as late:
            raise NotChecked(f"no answer within {LONGEST_S} s") from late
        if not report.exists():
            last_line = run.stderr.strip().rpartition("\n")[2]
            raise NotChecked(last_line or f"pip-audit ended with status {run.returncode}")
        packages: list[dict[str, Any]] = json.loads(report.read_text())["dependencies"]
        return packages


def _not_checked(what: str, why: str) -> str:
    return f"*** NOT CHECKED for known vulnerabilities: {what} of {LOCK}: {why}"


def main() -> int:
    try:
        lines, status = verdict(looked_up())
    except NotChecked as reason:
        lines, status = [_not_checked("all packages", str(reason))], 0
    print("\n".join(lines), file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
