"""Senders, ROCARS and recovery are killed at any moment; what was told, done and written agrees."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import SecretStr

from backend_client.client import RocarsClient
from backend_client.office import RocarsOffice
from backend_client.settings import RocarsClientSettings
from backend_client.types import Credentials
from ivr.records import migrations
from tests.support.chaos_stage import STEPS
from tests.support.forked import Forked, Program, program
from tests.support.pace import PACE, limit

pytestmark = [pytest.mark.service, pytest.mark.timeout(1800)]

STAGE = Path(__file__).parents[1] / "support" / "chaos_stage.py"
KILLS = 20
"""At least so many die in a round, and more until `BUNDLED` callers were told of a bundle: how many
requests live long enough between two deaths depends on the machine."""
BUNDLED = 6
PATIENCE_S = 2.0
"""Above the second a sender's client may take for all its tries."""


@dataclass
class Chaos:
    """A ROCARS, two senders and a recovery, and somebody who kills them."""

    directory: Path
    chance: random.Random
    program: Program = field(init=False)
    rocars: Forked | None = None
    stage: asyncio.subprocess.Process | None = None
    pids: dict[str, int] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)
    before: dict[str, set[str]] = field(default_factory=dict)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client_settings(self, role: str) -> RocarsClientSettings:
        key = (self.directory / "rocars" / f"{role}.key").read_text().strip()
        return RocarsClientSettings(
            base_url=self.url, api_key=SecretStr(key), read_timeout_s=5, budget_s=8
        )

    async def start_rocars(self) -> None:
        environment = {
            "ROCARS_DATA_DIR": str(self.directory / "rocars"),
            "ROCARS_LISTEN__PORT": str(self.port),
            "ROCARS_DEMO__ENABLED": "true",
            "ROCARS_DEMO__FREE_CCRNS": "50",
            "ROCARS_LOG_LEVEL": "error",
        }
        self.rocars, line = await self.program.start(environment, "rocars listening on ")
        self.port = int(line.rpartition(":")[2])

    async def kill_rocars(self) -> None:
        assert self.rocars is not None
        self.rocars.kill()
        await self.rocars.wait()

    async def open(self) -> None:
        """Everything that is there before the first death."""
        await self.start_rocars()
        async with RocarsOffice(self.client_settings("demo")) as office:
            demo = await office.demo()
        person = demo.drivers[0]
        async with RocarsClient(self.client_settings("ivr")) as client:
            driver = await client.log_in(Credentials(person.user_id, person.pin, person.code))
        ccrns = [
            ccrn
            for direction in ("inbound", "outbound")
            for immediately in (True, False)
            for ccrn in demo.free_ccrns(immediately=immediately, direction=direction)
        ]
        records_url = f"sqlite+aiosqlite:///{self.directory / 'records.sqlite3'}"
        await asyncio.to_thread(migrations.upgrade, records_url)
        plot = self.directory / "plot.json"
        for name in ("told", "taken"):
            (self.directory / name).touch()
        plot.write_text(
            json.dumps(
                {
                    "records_url": records_url,
                    "rocars_url": self.url,
                    "api_key": (self.directory / "rocars" / "ivr.key").read_text().strip(),
                    "session": driver.session,
                    "user_id": driver.user_id,
                    "ccrns": ccrns,
                    "announced": str(self.directory / "told"),
                    "taken": str(self.directory / "taken"),
                    "patience_s": PATIENCE_S,
                }
            )
        )
        self.stage = await asyncio.create_subprocess_exec(
            sys.executable,
            str(STAGE),
            str(plot),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self.before = await self.bundles()
        for role in ("sender 0", "sender 1", "recovery"):
            await self.enter(role)

    async def enter(self, role: str) -> None:
        """A process for this role; a sender may carry the step at which it will end itself."""
        assert self.stage is not None
        assert self.stage.stdin is not None
        assert self.stage.stdout is not None
        step = self.chance.choice(("-", "-", *STEPS)) if role.startswith("sender") else ""
        self.stage.stdin.write(f"{role} {step}".strip().encode() + b"\n")
        async with asyncio.timeout(limit(30)):
            self.pids[role] = int(await self.stage.stdout.readline())

    async def kill_one(self) -> None:
        """Somebody dies at some moment, and is replaced as the supervisor would."""
        await asyncio.sleep(self.chance.uniform(0.02, 0.5) * PACE.scale())
        role = self.chance.choices(
            ("sender 0", "sender 1", "recovery", "rocars"), weights=(4, 4, 3, 2)
        )[0]
        self.killed[role.split()[0]] += 1
        if role == "rocars":
            await self.kill_rocars()
            await asyncio.sleep(self.chance.uniform(0, 1.5))
            await self.start_rocars()
            return
        self.kill(role)
        await self.enter(role)

    def kill(self, role: str) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pids[role], signal.SIGKILL)

    async def settle(self) -> None:
        """No more requests; recovery has all the time it needs."""
        for role in ("sender 0", "sender 1"):
            self.kill(role)
        self.kill("recovery")
        await self.enter("recovery")
        async with asyncio.timeout(limit(60)):
            while self.requests("state IN ('sent', 'unknown')"):
                await asyncio.sleep(0.3)

    async def close(self) -> None:
        for role in self.pids:
            self.kill(role)
        if self.rocars is not None:
            await self.kill_rocars()
        if self.stage is not None:
            with suppress(ProcessLookupError):
                self.stage.kill()
            await self.stage.wait()

    def requests(self, where: str) -> list[tuple[str, str, str | None]]:
        """CCRN, state and UBR of the ledger's rows."""
        with sqlite3.connect(self.directory / "records.sqlite3") as records:
            rows = records.execute(
                f"SELECT ccrns, state, ubr FROM bundle_requests WHERE {where}"
            ).fetchall()
        return [(json.loads(ccrns)[0], state, ubr) for ccrns, state, ubr in rows]

    def taken(self) -> set[str]:
        """CCRNs that a sender took up, before anything else."""
        return {line.split()[0] for line in (self.directory / "taken").read_text().splitlines()}

    def announced(self) -> list[tuple[str, str, str]]:
        """What callers were told: the word, the CCRN, the UBR or reason."""
        lines = (self.directory / "told").read_text().splitlines()
        return [(word, ccrn, what) for word, ccrn, what in (line.split() for line in lines)]

    def callers_bundled(self) -> int:
        """How many callers were told that their cargo is bundled."""
        return sum(word == "bundled" for word, _, _ in self.announced())

    async def bundles(self) -> dict[str, set[str]]:
        """The UBRs that ROCARS holds for each CCRN."""
        found: dict[str, set[str]] = {}
        database = self.directory / "rocars" / "rocars.sqlite3"
        with sqlite3.connect(database) as rocars:
            for ccrn, ubr in rocars.execute(HELD):
                found.setdefault(ccrn, set()).add(ubr)
        return found


HELD = """
    SELECT consignment.ccrn, bundle.ubr FROM bundled_cargo
    JOIN consignment ON consignment.id = bundled_cargo.consignment_id
    JOIN bundle ON bundle.id = bundled_cargo.bundle_id
"""


async def test_whoever_dies_every_request_ends_once(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    rounds = 15 if pytestconfig.getoption("soak") else 2
    async with program("rocars.command:main") as rocars:
        await play(tmp_path, rounds, rocars)


async def play(tmp_path: Path, rounds: int, rocars: Program) -> None:
    """Rounds in which somebody dies; after each, all that is held is compared."""
    killed: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for number in range(rounds):
        directory = tmp_path / str(number)
        directory.mkdir()
        chaos = Chaos(directory, random.Random(1000 + number))
        chaos.program = rocars
        try:
            await chaos.open()
            async with asyncio.timeout(limit(120)):
                while chaos.killed.total() < KILLS or chaos.callers_bundled() < BUNDLED:
                    await chaos.kill_one()
            await chaos.settle()
            held = await chaos.bundles()
            written = chaos.requests("1 = 1")
            confirmed = {ccrn: ubr for ccrn, state, ubr in written if state == "confirmed"}
            asked = {ccrn for ccrn, _, _ in written}
            announced = chaos.announced()
            # Nothing was bundled twice, and nothing was bundled that is not written down.
            assert all(len(ubrs) == 1 for ubrs in held.values())
            assert {ccrn: {ubr} for ccrn, ubr in confirmed.items()} == {
                ccrn: ubrs for ccrn, ubrs in held.items() if ccrn in asked
            }
            # ROCARS itself bundles some cargo for demonstrations, when it starts and has none.
            others = set(held) - set(confirmed)
            assert set(chaos.before) <= others
            assert others.isdisjoint(chaos.taken())
            # What was told is true.
            for word, ccrn, what in announced:
                words[word] += 1
                if word == "bundled":
                    assert held[ccrn] == {what}
                elif word != "not-known":
                    assert ccrn not in held, (word, ccrn, what)
            assert chaos.callers_bundled() >= BUNDLED
            killed += chaos.killed
        finally:
            await chaos.close()
    print(f"\nkilled {dict(killed)}; told {dict(words)}")
    assert killed.total() >= rounds * KILLS
