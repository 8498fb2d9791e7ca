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
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tests.support.forked import Forked, Program, program
from tests.support.pace import PACE, limit
from tests.support.ports import free_ports

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


def neighbours(count: int) -> list[int]:
    """So many free ports, next to one another."""
    first = free_ports(count)
    return list(range(first, first + count))


@dataclass
class Mortal:
    """A server and its data, in `directory`."""

    server: ClassVar[str]
    """The function that serves, `module:name`: loaded once, and forked at each start."""
    settings: ClassVar[dict[str, str]]

    directory: Path
    at_steps: bool = False
    ports: list[int] = field(default_factory=lambda: neighbours(1))
    """It comes back on the same: those that the system gives would be somebody else's meanwhile."""
    up: asyncio.Event = field(default_factory=asyncio.Event)
    process: Forked | None = None
    deaths: int = 0
    loaded: AsyncExitStack = field(default_factory=AsyncExitStack)
    program: Program | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def died_at(self) -> Path:
        return self.directory / "deaths"

    def key(self, role: str) -> str:
        return (self.directory / "rocars" / f"{role}.key").read_text().strip()

    async def start(self) -> None:
        if self.program is None:
            self.program = await self.loaded.enter_async_context(program(self.server))
        environment = {
            "ROCARS_DATA_DIR": str(self.directory / "rocars"),
            "ROCARS_AUTH__ARGON2_MEMORY_KIB": "64",
            "ROCARS_LOG_LEVEL": "error",
            "PORTS": " ".join(map(str, self.ports)),
            "DEATHS": str(self.died_at) if self.at_steps else "",
            **self.settings,
        }
        self.process, line = await self.program.start(environment, "listening on ")
        self.ports = [int(port) for port in line.split()[2:]]
        self.up.set()

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
            self.process.kill()

    @asynccontextmanager
    async def dying(self, chance: random.Random | None) -> AsyncIterator[asyncio.Task[None]]:
        """Meanwhile it is started again whenever it died, and with a `chance` killed too: the task
        ends with the last of these deaths. What goes wrong meanwhile is in an ExceptionGroup.
        Raises TimeoutError."""
        async with asyncio.timeout(limit(120)), asyncio.TaskGroup() as tasks:
            keeper = tasks.create_task(self.keep_alive())
            killer = tasks.create_task(self.kill_at_random(chance) if chance else asyncio.sleep(0))
            yield killer
            killer.cancel()
            keeper.cancel()

    def held(self, statement: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.directory / "rocars" / "rocars.sqlite3") as database:
            return database.execute(statement).fetchall()

    async def close(self) -> None:
        await self.loaded.aclose()
