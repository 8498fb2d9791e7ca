"""Runs every command into every cause outside itself that can be made here.

Prints a line of JSON for each: command, cause, exit code, what was said, and the exception if there
was one. A process of its own, since root gives up the right to pass over permissions
(capabilities(7)).

usage: python outside_causes.py FOLDER, an empty one.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.ports import free_ports

NOBODY = 65_534
EDGE = 'edge.nodes = [{name = "a", address = "127.0.0.2", lines = 4}]'
PORTS = (
    "sip.port",
    "sip.internal_port",
    "web.port",
    "embedded_rocars.port",
    "embedded_rocars.portal_port",
)
CHOSEN_BY_THE_SYSTEM = {"telephony.sip_port": 0, "telephony.rtp_port_first": 0}
SCENARIO = "name: greets\nsteps:\n  - dial: 3902\n  - hang_up: true\n"


@dataclass(frozen=True)
class Cause:
    """What is wrong, as settings; which commands meet it beside those of the records."""

    name: str
    settings: str
    commands: tuple[str, ...] = ()
    records: bool = True
    files: dict[str, str] = field(default_factory=dict)


RECORDS = (
    "db upgrade",
    "db current",
    "db purge",
    "people list",
    "people add chan --role administrator --stdin",
    "people deactivate chan",
    "people phone chan 1234 --stdin",
    "prompts script --out {out}/script.csv",
    "prompts import {sounds} --by chan",
)
STARTS = ("config check", "serve", "edge")
OUT = (
    "flows draw --out {closed}/flows",
    "prompts say universal.cleared --out {closed}/said.wav",
    "prompts script --out {closed}/script.csv",
    "calls run {scenario} --junit {closed}/out.xml",
    "calls run {scenario} --html {closed}/sub/out.html",
)


def causes(folder: Path, port: int) -> Iterator[Cause]:
    theirs, closed = folder / "theirs", folder / "closed"
    inside = folder / "theirs_inside"
    yield Cause(
        "data folder of somebody else",
        f'node.data = "{theirs}"',
        (*STARTS, "demo", "drivers", "health"),
    )
    yield Cause("something of theirs in it", f'node.data = "{inside}"', STARTS, records=False)
    yield Cause("data folder below a file", f'node.data = "{folder}/file/data"', STARTS)
    yield Cause("data folder where none can be", 'node.data = "/proc/rocars"', STARTS)
    for name, path in (
        ("records are a folder", folder),
        ("records are no database", folder / "file"),
        ("records can only be read", folder / "read_only.sqlite3"),
        ("records in a folder of somebody else", closed / "records.sqlite3"),
    ):
        url = f'records.database_url = "sqlite+aiosqlite:///{path}"'
        yield Cause(name, f'node.data = "{folder}/ours"\n{url}', ("config check", "serve"))
    yield Cause(
        "records on a server that is not there",
        f'node.data = "{folder}/ours"\n'
        'records.database_url = "postgresql://ivr:secret@127.0.0.1:1/records"',
    )
    yield Cause("results nobody may write", f'node.data = "{folder}/ours"', OUT, records=False)
    yield Cause(
        "no service",
        f'node.data = "{folder}/ours"\nweb.port = 1',
        ("demo", "drivers", "health"),
        records=False,
    )
    yield Cause(
        "no Kamailio",
        f'node.data = "{folder}/ours"\nsip.kamailio = "/no/kamailio"',
        STARTS,
        records=False,
    )
    yield Cause(
        "a port that is taken",
        f'node.data = "{folder}/ours"\nweb.port = {port}',
        STARTS,
        records=False,
    )
    for name, file in (
        ("settings nobody may read", closed / "x.toml"),
        ("settings that are no text", folder / "binary.toml"),
        ("settings that are a folder", folder),
        ("settings that are not there", folder / "none.toml"),
    ):
        yield Cause(name, str(file), (*STARTS, "config show", "health"))


def ports_beside(settings: str) -> str:
    """Settings of ports that nobody holds, but for those that are the cause: what else runs on this
    machine is not what is looked for.
    """
    first = free_ports(len(PORTS))
    ports = {name: first + number for number, name in enumerate(PORTS)} | CHOSEN_BY_THE_SYSTEM
    return "\n".join(f"{name} = {port}" for name, port in ports.items() if name not in settings)


def lay_out(folder: Path) -> None:
    """What is there, before the rights are given up."""
    for name in ("theirs", "closed", "theirs_inside", "theirs_inside/metrics"):
        (folder / name).mkdir()
    (folder / "theirs" / "rocars").mkdir()
    (folder / "theirs" / "rocars" / "admin.key").write_text("key")
    (folder / "closed" / "x.toml").write_text("")
    (folder / "file").write_text("no database")
    (folder / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (folder / "read_only.sqlite3").touch()
    (folder / "greets.call.yaml").write_text(SCENARIO)
    for name in ("ours", "out", "sounds"):
        (folder / name).mkdir()
    for name, mode in (
        ("theirs/rocars", 0),
        ("theirs", 0),
        ("closed", 0),
        ("theirs_inside/metrics", 0),
        ("read_only.sqlite3", 0o444),
    ):
        (folder / name).chmod(mode)
        if os.geteuid() == 0:
            os.chown(folder / name, NOBODY, NOBODY)


def obey_permissions() -> None:
    """As root: without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH from now on."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x2008_0522, 0)
    rights = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable, twice
    if libc.capget(header, rights):
        raise OSError(ctypes.get_errno(), "capget")
    for at in (0, 1):
        rights[at] &= ~(1 << 1 | 1 << 2)
    if libc.capset(header, rights):
        raise OSError(ctypes.get_errno(), "capset")


def main() -> None:
    folder = Path(sys.argv[1])
    lay_out(folder)
    obey_permissions()
    os.chdir(folder)
    from typer.testing import CliRunner

    from ivr.cli.main import app

    places = {
        "out": folder / "out",
        "sounds": folder / "sounds",
        "closed": folder / "closed",
        "scenario": folder / "greets.call.yaml",
    }
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for cause in causes(folder, taken.getsockname()[1]):
            config = Path(cause.settings)
            if not cause.settings.startswith("/"):
                config = folder / "ours" / "x.toml"
                config.write_text(f"{cause.settings}\n{ports_beside(cause.settings)}\n{EDGE}\n")
            for command in (*cause.commands, *(RECORDS if cause.records else ())):
                words = [word.format(**places) for word in command.split()]
                if words[0] != "flows":
                    words += ["--config", str(config)]
                done = CliRunner().invoke(app, words, input="a long password 7\n")
                fault = done.exception
                print(
                    json.dumps(
                        {
                            "command": command,
                            "cause": cause.name,
                            "code": done.exit_code,
                            "said": done.output,
                            "fault": ""
                            if fault is None or isinstance(fault, SystemExit)
                            else "".join(traceback.format_exception(fault)),
                        }
                    ),
                    flush=True,
                )


if __name__ == "__main__":
    main()
