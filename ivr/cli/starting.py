"""Before a node is started: its data folder is taken, ports are found, the machine is looked at.

What is wrong is said in one line each, on stderr, before anything runs.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from ivr.cli.config import loaded
from ivr.cli.saying import say
from ivr.preflight.data_folder import DataFolder, FolderInUse, family_of, is_left_of
from ivr.preflight.findings import Finding
from ivr.preflight.free_ports import Claims, NoFreePorts, claim_as_set, free_ports
from ivr.preflight.node import edge_findings, node_findings
from ivr.preflight.port_list import CARDS
from ivr.settings.known import environment_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.settings.given import Given
    from ivr.settings.service import Settings

CANNOT_START = 1
LOOK_AGAIN_S = 0.3
ENDING_S = 5.0
"""What a process holds that is just ending is still taken, and whose it was cannot be told."""
GRACE_S = 60.0
"""Longer than a drain: the time workers take to say their last words."""

_claims = Claims()
"""Of this process, until it ends."""


def take_folder(settings: Settings, find: Callable[[frozenset[int]], list[Finding]]) -> DataFolder:
    """The data folder, ours from now on; or a line for each fault, and exit code 1."""
    folder = DataFolder(settings)
    try:
        folder.take()
    except FolderInUse as taken:
        wrong = [finding for finding in find(family_of(taken.pid)) if finding.fatal]
        say([Finding("node.data", str(taken).partition(": ")[2]), *wrong])
        raise typer.Exit(CANNOT_START) from None
    except OSError:
        say(find(frozenset()))  # the list says what is wrong with the folder
        raise typer.Exit(CANNOT_START) from None
    return folder


def look_at_machine(findings: list[Finding]) -> None:
    """Say what was found; exit code 1 if the node cannot be started."""
    say(findings)
    if any(finding.fatal for finding in findings):
        raise typer.Exit(CANNOT_START)


def with_free_ports(
    config: Path | None, settings: Settings, given: Given, lines: int | None, find_all: bool
) -> Settings:
    """Settings whose ports are free, in this process and in those it starts; says what it moved.

    The line cards move where they may have any ports (`telephony.sip_port = 0`), the rest where
    `find_all` is set; a port that file or environment name is left as it is. Exit code 1 where none
    are free.
    """

    def movable(setting: str) -> bool:
        if setting == CARDS and settings.telephony.sip_port == 0:
            return True
        return find_all and given.origin(tuple(setting.split("."))) == "default"

    if not find_all and not movable(CARDS):
        return settings
    try:
        moves = free_ports(settings, movable, _claims)
    except NoFreePorts as failure:
        typer.echo(f"rocars-ivr: {failure}", err=True)
        raise typer.Exit(CANNOT_START) from None
    if not moves:
        return settings
    console = Console(soft_wrap=True, highlight=False)
    for move in moves:
        os.environ[environment_name(tuple(move.setting.split(".")))] = str(move.now)
        console.print(
            f"Port {move.usual} is taken: {move.purpose} from [bold]{move.now}[/] on "
            f"({move.setting})"
        )
    return with_lines(loaded(config)[0], lines)


def with_lines(settings: Settings, lines: int | None) -> Settings:
    """Settings with as many workers and cards as the command line asks for."""
    if lines is None:
        return settings
    return settings.model_copy(update={"pool": settings.pool.with_lines(lines)})


def wait_for_former_run(settings: Settings, folder: Path) -> None:
    """Wait for what is left of a node that was killed: its workers finish their calls."""
    deadline = time.monotonic() + settings.pool.drain_deadline_s + GRACE_S
    announced = False
    unclear_since = 0.0
    while (now := time.monotonic()) < deadline:
        all_findings = node_findings(settings, usual_ports=True)
        findings = [finding for finding in all_findings if finding.fatal]
        left = {pid for finding in findings for pid in finding.held_by}
        if not findings:
            return
        held = all(finding.held_by for finding in findings)
        if not held or not all(is_left_of(folder, pid) for pid in left):
            unclear_since = unclear_since or now
            if not announced or now - unclear_since > ENDING_S:
                return
            time.sleep(LOOK_AGAIN_S)
            continue
        unclear_since = 0.0
        if not announced:
            announced = True
            typer.echo(
                "rocars-ivr: waiting for what is left of the last run, which finishes its calls: "
                f"processes {', '.join(map(str, sorted(left)))}",
                err=True,
            )
        time.sleep(LOOK_AGAIN_S)


def ready_to_serve(
    config: Path | None, lines: int | None, find_ports: bool
) -> tuple[Settings, DataFolder]:
    """Settings a node can be started with, and its data folder; or exit code 1 or 2."""
    settings, given = loaded(config)
    settings = with_lines(settings, lines)
    folder = take_folder(settings, lambda ours: node_findings(settings, ours))
    if find_ports:
        settings = with_free_ports(config, settings, given, lines, find_all=True)
    wait_for_former_run(settings, folder.path)
    if not find_ports:
        settings = with_free_ports(config, settings, given, lines, find_all=False)
    look_at_machine(node_findings(settings))
    claim_as_set(settings, _claims)
    folder.tell_addresses(settings)
    return settings, folder


def ready_for_edge(settings: Settings) -> DataFolder:
    """The data folder of an edge that can be started; or exit code 1."""
    folder = take_folder(settings, lambda ours: edge_findings(settings))
    look_at_machine(edge_findings(settings))
    return folder
