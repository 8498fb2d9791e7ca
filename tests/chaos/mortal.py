"""A ROCARS that dies, at every step or at any moment, and is started again each time.

The server is a program beside the tests, with the steps it may die at: it prints `listening on` and
its port, or ports, and keeps in the file that the variable DEATHS names where it died already.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tests.support.pace import PACE, limit

KILLS = 3


def die_at(step: str, steps: Sequence[str]) -> None:
    """Die here, if it is this step's turn; without DEATHS in the environment never."""
    if not os.environ["DEATHS"]:
        return
    deaths = Path(os.environ["DEATHS"])
    before = deaths.read_text().splitlines() if deaths.exists() else []
    if list(steps[len(before) : len(before) + 1]) == [step]:
        deaths.write_text("\n".join([*before, step]))
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Mortal:
    """A server and its data, in `directory`."""

    server: ClassVar[Path]
    settings: ClassVar[dict[str, str]]

    directory: Path
    at_steps: bool = False
    ports: list[int] = field(default_factory=lambda: [0])
    up: asyncio.Event = field(default_factory=asyncio.Event)
    process: asyncio.subprocess.Process | None = None
    deaths: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def died_at(self) -> Path:
        return self.directory / "deaths"

    def key(self, role: str) -> str:
        return (self.directory / "rocars" / f"{role}.key").read_text().strip()

    async def start(self) -> None:
        environment = os.environ | {
            "ROCARS_DATA_DIR": str(self.directory / "rocars"),
            "ROCARS_AUTH__ARGON2_MEMORY_KIB": "64",
            "ROCARS_LOG_LEVEL": "error",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PORTS": " ".join(map(str, self.ports)),
            "DEATHS": str(self.died_at) if self.at_steps else "",
            **self.settings,
        }
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, str(self.server), env=environment, stdout=asyncio.subprocess.PIPE
        )
        assert self.process.stdout is not None
        while line := await asyncio.wait_for(self.process.stdout.readline(), limit(30)):
            if line.startswith(b"listening on "):
                self.ports = [int(port) for port in line.split()[2:]]
                self.up.set()
                return
        raise AssertionError("ROCARS did not start")

    async def keep_alive(self) -> None:
        """Start it again whenever it died."""
        while True:
            assert self.process is not None
            await self.process.wait()
            self.up.clear()
            self.deaths += 1
            await self.start()

    async def kill_at_random(self, chance: random.Random) -> None:
        for _ in range(KILLS):
            await self.up.wait()
            await asyncio.sleep(chance.uniform(0.02, 0.3) * PACE.scale())
            assert self.process is not None
            self.up.clear()
            with suppress(ProcessLookupError):
                self.process.kill()

    def held(self, statement: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.directory / "rocars" / "rocars.sqlite3") as database:
            return database.execute(statement).fetchall()

    async def close(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
