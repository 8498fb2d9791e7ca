"""The programs and libraries that a node needs: Kamailio with its modules, and the synthesiser."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.preflight.findings import Finding
from sip_config import no_names
from sip_config.kamailio import CONFIGURATION

if TYPE_CHECKING:
    from sip_config.settings import SipSettings

_MODULES = re.compile(r"^\s*Default paths to modules: (.+)$", re.MULTILINE)
_LOADED = re.compile(r'^loadmodule "([a-z_]+\.so)"')
_PACKAGES = {"tls.so": "kamailio-tls-modules"}
_PATIENCE_S = 60.0
SYNTHESISER_LIBRARIES = ("libespeak-ng.so.1", "/usr/local/lib/libespeak-ng.so.1", "libespeak.so.1")
"""Names by which pyttsx3 looks for espeak-ng."""


def kamailio_findings(sip: SipSettings) -> list[Finding]:
    """Whether the front's program exists, with every module that its configuration loads."""
    program = sip.kamailio
    if not os.access(program, os.X_OK) or program.is_dir():
        return [
            Finding(
                "sip.kamailio",
                f"no program at {program}; install Debian's package kamailio, or name the program",
            )
        ]
    try:
        output = subprocess.run(
            [program, "-I"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
            env=no_names.environment(),
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as failure:
        return [Finding("sip.kamailio", f"{program} does not run: {failure}")]
    paths = _MODULES.search(output)
    if paths is None:
        return [Finding("sip.kamailio", f"{program} is no Kamailio: it does not name its modules")]
    folders = [Path(folder) for folder in paths[1].strip().split(":")]
    symbols = {"WITH_TLS": sip.tls.on, "WITH_REGISTRATIONS": bool(sip.registrations)}
    missing = [
        module
        for module in modules_of(CONFIGURATION.read_text(), symbols)
        if not any((folder / module).is_file() for folder in folders)
    ]
    if not missing:
        return []
    packages = sorted({_PACKAGES.get(module, "kamailio") for module in missing})
    return [
        Finding(
            "sip.kamailio",
            f"{program} lacks {', '.join(missing)}; install Debian's {' and '.join(packages)}",
        )
    ]


def modules_of(configuration: str, symbols: dict[str, bool]) -> Iterator[str]:
    """The modules that a configuration loads, given which of its symbols are defined."""
    within = [True]
    for line in configuration.splitlines():
        word, _, symbol = line.strip().partition(" ")
        if word == "#!ifdef":
            within.append(symbols.get(symbol.strip(), False))
        elif word == "#!ifndef":
            within.append(not symbols.get(symbol.strip(), False))
        elif word == "#!else":
            within[-1] = not within[-1]
        elif word == "#!endif":
            within.pop()
        elif all(within) and (found := _LOADED.match(line)):
            yield found[1]


def synthesiser_findings() -> list[Finding]:
    """Whether there is a synthesiser for what has no recording."""
    for name in SYNTHESISER_LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return []
    return [
        Finding(
            "prompts.synthesiser",
            "no espeak-ng: what has no recording cannot be spoken; install Debian's package "
            "libespeak-ng1",
            fatal=False,
        )
    ]
