"""Telephones in processes of their own, and SIPp, as a test drives them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.pace import limit

PHONE = Path(__file__).with_name("phone.py")
SCENARIOS = Path(__file__).parents[1] / "telephony" / "scenarios"


class PhoneError(Exception):
    """The telephone could not do it; `kind` names the exception it raised."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind


class PhoneProcess:
    """One `phone.py`; orders are methods, what it tells waits in `events`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self.log = b""
        self.addresses = [("", 0)]
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._told = asyncio.Event()
        self._count = 0
        self._readers = [asyncio.ensure_future(self._read()), asyncio.ensure_future(self._logs())]

    @property
    def address(self) -> tuple[str, int]:
        """Of the first line card."""
        return self.addresses[0]

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            message = json.loads(line)
            if "id" in message:
                answer = self._answers.pop(message["id"])
                if "error" in message:
                    answer.set_exception(PhoneError(message["error"], message["text"]))
                else:
                    answer.set_result(message["result"])
            else:
                self.events.append(message)
                self._told.set()
        for answer in self._answers.values():
            answer.set_exception(PhoneError("Died", self.log.decode()[-2000:]))

    async def _logs(self) -> None:
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            self.log += line

    async def order(self, do: str, *, within_s: float = 20.0, **more: Any) -> Any:
        assert self.process.stdin is not None
        self._count += 1
        answer = self._answers[self._count] = asyncio.get_running_loop().create_future()
        self.process.stdin.write(json.dumps({"id": self._count, "do": do, **more}).encode() + b"\n")
        async with asyncio.timeout(limit(within_s)):
            return await answer

    async def event(self, kind: str, *, within_s: float = 10.0, **fields: Any) -> dict[str, Any]:
        """Wait for an event of that kind and take it out of `events`."""
        try:
            async with asyncio.timeout(limit(within_s)):
                while True:
                    for event in self.events:
                        if event["event"] == kind and fields.items() <= event.items():
                            self.events.remove(event)
                            return event
                    self._told.clear()
                    await self._told.wait()
        except TimeoutError:
            raise AssertionError(
                f"no event {kind} {fields}; told: {self.events}; log: {self.log.decode()[-3000:]}"
            ) from None

    def keys(self, call: str | None = None) -> str:
        """Keys heard so far, all calls or one."""
        return "".join(
            event["key"]
            for event in self.events
            if event["event"] == "key" and call in (None, event["call"])
        )

    async def hears(self, expected: str, call: str | None = None, *, of: str = "") -> None:
        """These keys are heard, of all calls or one, and no others; late ones are waited for.

        `of` says what they are, should it fail.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit(2)):
                while len(self.keys(call)) < len(expected):
                    self._told.clear()
                    await self._told.wait()
        assert self.keys(call) == expected, f"{of} {self.keys(call)!r}"

    async def tally(self) -> Counter[str]:
        """Counts of the telephone, to be compared with earlier ones."""
        return Counter((await self.order("status"))["tally"])

    def uri(self, number: str) -> str:
        return f"sip:{number}@{self.address[0]}:{self.address[1]}"

    async def free(self, within_s: float = 4.0) -> None:
        """No line is in use any more."""
        status: dict[str, Any] = {}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit(within_s)):
                while (status := await self.order("status"))["active"]:
                    await asyncio.sleep(0.05)
        assert status["active"] == 0
        assert status["tally"]["callback_failures"] == 0, self.log.decode()[-3000:]

    async def close(self) -> int:
        if self.process.returncode is None:
            await self.order("stop", within_s=15)
        async with asyncio.timeout(limit(10)):
            status = await self.process.wait()
        for reader in self._readers:
            await reader
        return status


def prompt() -> np.ndarray[Any, np.dtype[np.int16]]:
    """Two seconds that sound like nothing else at any other place: a rising tone, 300-3000 Hz."""
    time = np.arange(16000) / 8000
    return (9000 * np.sin(2 * np.pi * (300 * time + 675 * time**2))).astype("<i2")


StartPhone = Callable[..., Awaitable[PhoneProcess]]
"""Starts a telephone with the settings given."""


def free_port(host: str = "127.0.0.1") -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


async def sipp(
    scenario: str,
    to: tuple[str, int],
    *,
    host: str = "127.0.0.1",
    number: str = "1000",
    calls: int = 1,
) -> tuple[int, str]:
    """Run one SIPp scenario; its exit status (0: all calls as in the scenario) and output."""
    process = await asyncio.create_subprocess_exec(
        *("sipp", f"{to[0]}:{to[1]}", "-sf", str(SCENARIOS / f"{scenario}.xml")),
        *("-i", host, "-p", str(free_port(host)), "-mi", host, "-mp", str(free_port(host) & ~1)),
        *("-s", number, "-m", "1", "-l", "1", "-nostdin", "-timeout", "20"),
        *("-timeout_error", "-recv_timeout", "8000", "-cp", str(free_port(host))),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"TERM": "dumb", "PATH": "/usr/bin:/bin:/usr/local/bin"},
    )
    async with asyncio.timeout(limit(30)):
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode(errors="replace")[-3000:]
