"""Work for a processor is done in another process, while the event loop serves others."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ground.processes import NICENESS, NotWanted, ProcessLost, TooMuchWork, WorkProcesses
from tests.support.pace import limit

pytestmark = pytest.mark.service

BEATS = 50
LONG = range(20_000_000)

ASK_AND_WAIT = """
import asyncio, os
from ground.processes import WorkProcesses

async def main():
    print(await WorkProcesses("a test's work").run(os.getpid), flush=True)
    await asyncio.Event().wait()

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest_asyncio.fixture
async def processes() -> AsyncIterator[WorkProcesses]:
    made = WorkProcesses("a test's work", most_waiting=1)
    yield made
    await made.close()


async def gone(pid: int) -> None:
    async with asyncio.timeout(limit(20)):
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.01)


async def test_one_is_ready_before_there_is_work(processes: WorkProcesses) -> None:
    processes.prepare(os.getpid)
    async with asyncio.timeout(limit(30)):
        while not processes.running:
            await asyncio.sleep(0.01)
    pid = await processes.run(os.getpid)
    processes.prepare(os.abort)  # not begun: there is one
    assert await processes.run(os.getpid) == pid


async def test_one_that_is_lost_while_it_is_made_ready_is_made_anew(
    processes: WorkProcesses,
) -> None:
    processes.prepare(os.abort)
    await asyncio.sleep(0)
    assert await processes.run(os.getpid) != os.getpid()


async def test_the_event_loop_is_served_while_it_works(processes: WorkProcesses) -> None:
    pid = await processes.run(os.getpid)
    assert pid != os.getpid()
    assert os.getpriority(os.PRIO_PROCESS, pid) >= NICENESS
    work = asyncio.ensure_future(processes.run(sum, LONG))
    beats = 0
    while not work.done():
        await asyncio.sleep(0.001)
        beats += 1
    assert await work == sum(LONG)
    assert beats > BEATS


@pytest.mark.parametrize("standard", [1, 2])
async def test_what_a_library_writes_by_itself_waits_for_no_reader(
    processes: WorkProcesses, standard: int
) -> None:
    """A decoder's notes of a damaged file, where nobody reads the log."""
    assert await processes.run(os.readlink, f"/proc/self/fd/{standard}") == os.devnull


async def test_a_process_ends_when_there_was_no_work_for_a_while() -> None:
    processes = WorkProcesses("a test's work", idle_s=0)
    assert not processes.running
    pid = await processes.run(os.getpid)
    await gone(pid)
    assert not processes.running
    again = await processes.run(os.getpid)
    assert again != pid
    await processes.close()


async def test_one_that_is_ended_from_outside_is_replaced(processes: WorkProcesses) -> None:
    with pytest.raises(ProcessLost):
        await processes.run(os._exit, 1)
    assert await processes.run(abs, -1) == 1
    with pytest.raises(ZeroDivisionError):
        await processes.run(divmod, 1, 0)


async def test_what_waits_is_bounded_and_not_begun_for_nobody(
    processes: WorkProcesses, tmp_path: Path
) -> None:
    held = tmp_path / "held"
    os.mkfifo(held)
    holding = asyncio.ensure_future(processes.run(held.read_text))
    wanted = True
    waiting = asyncio.ensure_future(processes.run_while(lambda: wanted, os.getpid))
    await asyncio.sleep(0)  # both have begun to wait
    with pytest.raises(TooMuchWork):
        await processes.run(os.getpid)
    wanted = False
    await asyncio.to_thread(held.write_text, "go on")  # returns once it is read
    assert await holding == "go on"
    with pytest.raises(NotWanted):
        await waiting


async def test_it_ends_with_the_process_that_asked_even_if_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "asks.py"
    script.write_text(ASK_AND_WAIT)
    asking = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )
    assert asking.stdout is not None
    pid = int(await asyncio.to_thread(asking.stdout.readline))
    asking.send_signal(signal.SIGKILL)
    await asyncio.to_thread(asking.wait)
    await gone(pid)
