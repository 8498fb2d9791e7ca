"""The processes of a running service, and their memory and processor time."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended meanwhile
        children.setdefault(parent, []).append(int(path.parent.name))
    found = [pid]
    for process in found:
        found += children.get(process, [])
    return found


def processes() -> dict[str, list[int]]:
    """Pids of the service's processes on this machine, by kind."""
    found: dict[str, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except OSError:
            continue
        for kind, mark in (
            ("call worker", "rocars-ivr: worker"),
            ("console", "rocars-ivr: console"),
            ("housekeeping", "rocars-ivr: housekeeping"),
            ("Kamailio", "kamailio -DD"),
            ("ROCARS", "rocars-ivr: ROCARS"),
            ("ROCARS", "-m rocars"),
        ):
            if mark in command and "benchmarks" not in command:
                found.setdefault(kind, []).append(int(path.name))
    return found


def private_mb(pid: int) -> float:
    """Memory that belongs to this process only, MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kb = sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private_"))
    return kb / 1024


def wakings(pid: int) -> int:
    """How often the threads of a process have waited for something so far, and were woken."""
    found = 0
    for path in Path(f"/proc/{pid}/task").glob("*/status"):
        for line in path.read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                found += int(line.split()[1])
    return found


def kind(pid: int) -> str:
    """Which process of a service this is, in a word or two."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    if words.startswith("rocars-ivr: "):
        return words.removeprefix("rocars-ivr: ").rstrip(" 0123456789")
    if "kamailio" in words:
        return "Kamailio"
    return "ROCARS" if "-m rocars" in words else "supervisor"


def family_cpu_s(pid: int) -> float:
    """Processor time of a process and all its descendants so far, seconds."""
    return sum(cpu_s(process) for process in family(pid))


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
