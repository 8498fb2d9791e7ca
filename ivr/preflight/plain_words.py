"""Explains a refusal of the system in one line for the user of a command: what, and what to do."""

from __future__ import annotations

import errno
import os
import pwd
from pathlib import Path

_WHAT_TO_DO = {
    errno.ENOSPC: "the disk is full: make room",
    errno.EDQUOT: "the disk quota is used up: make room",
    errno.EROFS: "its file system can only be read: mount it for writing, or name another folder",
    errno.EADDRINUSE: "the port is taken: stop who has it, or set another one",
    errno.EADDRNOTAVAIL: "this machine does not have that address",
    errno.ECONNREFUSED: "nobody answers there",
    errno.EMFILE: "too many open files: raise the limit (ulimit -n, LimitNOFILE of systemd)",
    errno.ENFILE: "this machine has too many open files",
    errno.ENOMEM: "there is no memory left",
    errno.ENOENT: "it is not there",
    errno.ENOTDIR: "a part of its path is no folder",
    errno.EISDIR: "it is a folder, and a file is needed",
    errno.ENOEXEC: "it is no program of this machine",
    errno.ENAMETOOLONG: "its name is too long",
    errno.ELOOP: "its links lead in a circle",
}
_NOT_PERMITTED = (errno.EACCES, errno.EPERM)


def plain(failure: OSError) -> str:
    """One line for the user of a command."""
    path = _path_of(failure)
    if path and failure.errno in _NOT_PERMITTED:
        return f"{path}: {whose(Path(path))}"
    problem = _WHAT_TO_DO.get(failure.errno or 0) or failure.strerror or str(failure)
    problem = " ".join(problem.split())
    return f"{path}: {problem}" if path else problem


def whose(path: Path) -> str:
    """Who owns a path that we may not use, who we are, and what to do."""
    there = path
    while not os.path.exists(there) and there != there.parent:
        there = there.parent
    try:
        owner = _name(there.stat().st_uid)
    except OSError:
        return f"{_name(os.geteuid())} may not use it: permit it, or name another place"
    us = _name(os.geteuid())
    which = "it" if there == path else str(there)
    if owner == us:
        return f"{us} may not use {which}: give yourself the permission, or name another place"
    return (
        f"{which} belongs to {owner}, and this runs as {us}: run it as {owner}, give it to {us} "
        f"(chown -R {us} {there}), or name another place"
    )


def _path_of(failure: OSError) -> str:
    name = failure.filename
    if isinstance(name, bytes):
        name = os.fsdecode(name)
    return str(name) if isinstance(name, str | Path) else ""


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
