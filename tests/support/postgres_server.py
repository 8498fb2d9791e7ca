"""A PostgreSQL server of the tests' own."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest


@dataclass(frozen=True)
class PostgresServer:
    """A PostgreSQL cluster of its own, heard on a Unix socket only.

    Attributes:
        databases: those that were made.
    """

    folder: Path
    databases: set[str] = field(default_factory=set)

    async def new_database(self, name: str = "", template: str = "template1") -> str:
        """The URL of a database that is a copy of another, which nobody is connected with."""
        name = name or f"rocars_{secrets.token_hex(6)}"
        connection = await asyncpg.connect(
            host=str(self.folder), user="rocars", database="postgres", timeout=10
        )
        try:
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        finally:
            await connection.close()
        self.databases.add(name)
        return f"postgresql+asyncpg://rocars@/{name}?host={self.folder}"


def _postgres_binary(name: str) -> str | None:
    found = shutil.which(name)
    if found:
        return found
    candidates = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(candidates[-1]) if candidates else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    try:
        with postgres_server() as server:
            yield server
    except FileNotFoundError as missing:
        pytest.skip(f"NOT TESTED ON POSTGRESQL: {missing}")


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """One that is there meanwhile. `durable`: what is committed is on disk, as it is where it
    matters; tests do without. Raises FileNotFoundError where PostgreSQL is not installed."""
    initdb, pg_ctl = _postgres_binary("initdb"), _postgres_binary("pg_ctl")
    if initdb is None or pg_ctl is None:
        raise FileNotFoundError("initdb and pg_ctl were not found")
    whom: dict[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix="rocars-pg-"))
    if os.getuid() == 0:  # PostgreSQL refuses to be run by root
        try:
            account = pwd.getpwnam("postgres")
        except KeyError:
            account = pwd.getpwnam("nobody")
        os.chown(folder, account.pw_uid, account.pw_gid)
        whom = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    data = folder / "data"
    quiet: dict[str, Any] = {
        "cwd": folder,
        "check": True,
        "timeout": 60,
        "stdout": subprocess.DEVNULL,
        "env": {**os.environ, "LC_ALL": "C.UTF-8"},
        **whom,
    }
    subprocess.run(
        [initdb, "-D", data, "-U", "rocars", "-A", "trust", "-E", "UTF8", "--no-sync"], **quiet
    )
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}'"
    if not durable:
        # Autovacuum would go through the hundreds of databases that tests leave, again and again.
        options += " -c fsync=off -c autovacuum=off"
    subprocess.run(
        [pg_ctl, "-D", data, "-w", "-l", folder / "log", "-o", options, "start"], **quiet
    )
    try:
        yield PostgresServer(folder)
    finally:
        subprocess.run([pg_ctl, "-D", data, "-w", "-m", "immediate", "stop"], **quiet)
        shutil.rmtree(folder)
