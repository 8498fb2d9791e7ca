"""One node per data folder: the lock of the folder, and the addresses that its node uses.

The lock is a record lock (fcntl(2)) of the supervisor, so it ends with the supervisor in any case;
the system tells who holds it. A file beside it has the node's ports, for commands that connect to
it: `rocars-ivr demo`, `health`, `calls run`.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ivr.settings.service import Settings

LOCK, ADDRESSES = "node.lock", "node.json"
_FLOCK = "hhqqi4x"  # struct flock of fcntl(2): type, whence, start, length, process

MOVED = (
    ("sip", "listen"),
    ("sip", "port"),
    ("sip", "internal_port"),
    ("telephony", "sip_port"),
    ("telephony", "rtp_port_first"),
    ("web", "host"),
    ("web", "port"),
    ("embedded_rocars", "host"),
    ("embedded_rocars", "port"),
    ("embedded_rocars", "portal_port"),
)
"""Settings by which a node can be reached."""


class FolderInUse(Exception):
    """Another node has this data folder."""

    def __init__(self, folder: Path, pid: int) -> None:
        super().__init__(
            f"node.data: {folder} is the data folder of a node that runs (process {pid}); stop "
            "that one, or set node.data to another folder"
        )
        self.pid = pid


class DataFolder:
    """The data folder of one node, held for as long as this process runs."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.node.data.resolve()
        self._lock = -1

    def take(self) -> None:
        """Take the lock. Raises FolderInUse, and OSError if it cannot be written."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FolderInUse(self.path, holder_of(self.path) or 0) from None
        (self.path / ADDRESSES).unlink(missing_ok=True)

    def tell_addresses(self, settings: Settings) -> None:
        """Record where the node can be reached."""
        settings_used = {
            f"{section}.{name}": _plain(getattr(getattr(settings, section), name))
            for section, name in MOVED
        }
        fresh = self.path / f"{ADDRESSES}.new"
        fresh.write_text(json.dumps({"process": os.getpid(), "settings": settings_used}, indent=1))
        fresh.replace(self.path / ADDRESSES)

    def leave(self) -> None:
        """The node has stopped; the lock ends with this process."""
        (self.path / ADDRESSES).unlink(missing_ok=True)


def holder_of(folder: Path) -> int | None:
    """The process whose node uses this data folder; None if there is none."""
    try:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, *_, pid = struct.unpack(_FLOCK, fcntl.fcntl(lock, fcntl.F_GETLK, asked))
    finally:
        os.close(lock)
    return None if kind == fcntl.F_UNLCK else int(pid)


def as_running(settings: Settings) -> Settings:
    """The settings as the node in their data folder uses them: it may have moved its ports.

    Unchanged when none runs.
    """
    folder = settings.node.data.resolve()
    holder = holder_of(folder)
    if holder is None:
        return settings
    try:
        written = json.loads((folder / ADDRESSES).read_text())
        if written["process"] != holder:
            return settings
        settings_used: Mapping[str, Any] = written["settings"]
    except (OSError, ValueError, KeyError, TypeError):
        return settings  # it has not started so far yet, or is an edge
    sections: dict[str, BaseModel] = {}
    for section, name in MOVED:
        model: BaseModel = sections.get(section) or getattr(settings, section)
        if f"{section}.{name}" in settings_used:
            values = {**model.model_dump(), name: settings_used[f"{section}.{name}"]}
            sections[section] = type(model).model_validate(values)
    return settings.model_copy(update=sections)


def family_of(pid: int) -> frozenset[int]:
    """A process and all that it started, as far as the system shows them."""
    parents: dict[int, int] = {}
    for directory in Path("/proc").iterdir():
        if directory.name.isdigit():
            try:
                status = (directory / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(directory.name)] = int(status[1])
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return frozenset(family)


def is_left_of(folder: Path, pid: int) -> bool:
    """Whether a process belongs to a node of this data folder: workers have their metrics there,
    the front its configuration, ROCARS its database."""
    path = os.fsencode(folder) + b"/"
    for file in ("maps", "cmdline", "environ"):
        try:
            if path in (Path("/proc") / str(pid) / file).read_bytes():
                return True
        except OSError:
            continue
    return False


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    return value if isinstance(value, int) else str(value)
