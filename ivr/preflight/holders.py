"""Finds who holds a port: proc(5) shows the socket of a port, and the process of a socket.

Processes of other users may be hidden; then only their user is known.
"""

from __future__ import annotations

import os
import pwd
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ivr.preflight.port_list import Port, Transport

PROC = Path("/proc")
_ANY = "0.0.0.0"
_MAPPED = b"\0" * 10 + b"\xff\xff"  # IPv4 within IPv6, RFC 4291, 2.5.5.2
_LONGEST_NAME = 60


@dataclass(frozen=True, order=True)
class Holder:
    """A program that has a port open.

    Attributes:
        pid: 0 if the system does not show it.
        name: name of the program, or of its user.
    """

    name: str
    pid: int

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})" if self.pid else self.name


@dataclass(frozen=True)
class _Socket:
    address: str
    number: int
    inode: str
    uid: int


def holders(ports: Iterable[Port]) -> dict[Port, Holder]:
    """Who holds each of these ports, as far as the system shows it."""
    wanted = list(ports)
    known = {kind: list(_sockets(kind)) for kind in {port.transport for port in wanted}}
    found: dict[Port, _Socket] = {}
    for port in wanted:
        for opened in known[port.transport]:
            same = opened.address == port.address or _ANY in (opened.address, port.address)
            if opened.number == port.number and same:
                found[port] = opened
                break
    owners = _owners({opened.inode for opened in found.values()})
    return {
        port: owners.get(opened.inode) or _of_user(opened.uid) for port, opened in found.items()
    }


def _sockets(transport: Transport) -> Iterator[_Socket]:
    """The open sockets on this machine; for TCP those that listen (a port may have many more)."""
    for family in ("", "6"):
        try:
            text = (PROC / "net" / f"{transport.lower()}{family}").read_text()
        except OSError:
            continue
        for line in text.splitlines()[1:]:
            words = line.split()
            if transport is Transport.TCP and words[3] != "0A":  # TCP_LISTEN
                continue
            address, _, number = words[1].partition(":")
            yield _Socket(_dotted(address), int(number, 16), words[9], int(words[7]))


def _dotted(written: str) -> str:
    """An address in its usual form: IPv4, or the IPv4 address that an IPv6 socket takes."""
    raw = b"".join(
        struct.pack("=I", int(written[at : at + 8], 16)) for at in range(0, len(written), 8)
    )
    if len(raw) == 4:
        return socket.inet_ntoa(raw)
    if raw == bytes(16):
        return _ANY  # a socket for all addresses also takes IPv4
    mapped = raw.startswith(_MAPPED)
    return socket.inet_ntoa(raw[12:]) if mapped else socket.inet_ntop(socket.AF_INET6, raw)


def _owners(inodes: set[str]) -> dict[str, Holder]:
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    found: dict[str, Holder] = {}
    for directory in PROC.iterdir():
        if len(found) == len(wanted):
            break
        if not directory.name.isdigit():
            continue
        try:
            opened = list(os.scandir(directory / "fd"))
        except OSError:
            continue  # another user's, or it has ended
        for entry in opened:
            try:
                inode = wanted.get(os.readlink(entry.path))
            except OSError:
                continue
            if inode is not None and inode not in found:
                found[inode] = Holder(_name(directory), int(directory.name))
    return found


def _name(directory: Path) -> str:
    """The name of a process's program, and for an interpreter its script; no other arguments."""
    try:
        command_line = (directory / "cmdline").read_bytes().rstrip(b"\0").decode(errors="replace")
    except OSError:
        return "a program"
    program, *arguments = command_line.split("\0")
    if not arguments:
        name = program  # a process may overwrite its title, as our workers do
    else:
        name = os.path.basename(program)
        if name.startswith(("python", "perl", "ruby", "node", "java")):
            runs = next((word for word in arguments if not word.startswith("-")), "")
            name = f"{name} {os.path.basename(runs)}".strip()
    shown = "".join(sign if sign.isprintable() else " " for sign in name)
    return shown if len(shown) <= _LONGEST_NAME else shown[: _LONGEST_NAME - 1] + "…"


def _of_user(uid: int) -> Holder:
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    return Holder(f"a program of user {user}", 0)
