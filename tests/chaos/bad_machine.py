"""A whole service on a machine that fails: its clock steps, its disk is full, nobody reads its log.

usage, as root in namespaces of its own, where no name server answers (`silent_names.py`):
python bad_machine.py FOLDER ROUNDS

Each round one more thing fails while a call is made, and is mended again; calls are answered all
along. Prints a line of JSON: how often what failed, and what the records hold.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

DISK_BYTES = 64 << 20
PATIENCE_S = 240.0
COMPILER = shutil.which("cc")
"""Makes the clock that can be set; without one the clock is left alone, and that is said."""
DAY_S = 86_400
AHEAD, BACK, RIGHT = 400 * DAY_S, -400 * DAY_S, 0
PORTS = {"sip": 25060, "internal": 25062, "worker": 25070, "rtp": 26000, "web": 28080}
SETTINGS = f"""
[node]
data = "{{data}}"
name = "bad"
[sip]
port = {PORTS["sip"]}
internal_port = {PORTS["internal"]}
[telephony]
sip_port = {PORTS["worker"]}
rtp_port_first = {PORTS["rtp"]}
[web]
port = {PORTS["web"]}
[self_test]
every_minutes = 0
[embedded_rocars]
port = {PORTS["web"] + 1}
portal_port = {PORTS["web"] + 2}
[handset]
enabled = false
"""
GREETS = """
name: greets
steps:
  - dial: 3902
  - expect: welcome.greeting
  - hang_up: true
"""


class BadMachine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "var"
        self.data.mkdir()
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", self.data], check=True
        )
        self.config = folder / "x.toml"
        self.config.write_text(SETTINGS.format(data=self.data))
        (folder / "greets.call.yaml").write_text(GREETS)
        self.clock = folder / "clock"
        self.set_clock(RIGHT)
        self.reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
        environment = dict(os.environ)
        if COMPILER:
            fake = folder / "fake_clock.so"
            source = Path(__file__).with_name("fake_clock.c")
            subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", fake, source], check=True)
            environment |= {"LD_PRELOAD": str(fake), "FAKE_CLOCK": str(self.clock)}
        program = [sys.executable, "-m", "ivr.cli"]
        self.service = subprocess.Popen(
            [*program, "serve", "--lines", "8", "--config", self.config],
            stdout=writing,
            stderr=writing,
            env=environment,
        )
        os.close(writing)
        self.program = program
        self.failed: Counter[str] = Counter()
        self.calls = 0

    # What is asked of it

    def health(self) -> dict[str, object]:
        """What the console says; empty while it says nothing."""
        url = f"http://127.0.0.1:{PORTS['web']}/health/ready"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as failure:
            return dict(json.load(failure))
        except OSError:
            return {}

    def wait_for(self, what: str, holds: Callable[[dict[str, object]], bool]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not holds(found := self.health()):
            assert self.service.poll() is None, f"the service has ended: {what}: {self.log()}"
            assert time.monotonic() < until, f"{what}: {found}"
            time.sleep(0.3)

    def call(self, during: str) -> None:
        """A caller hears the greeting to its end."""
        done = subprocess.run(
            [
                *(*self.program, "calls", "run", "--quiet", "--tries", "1", "--patience", "5"),
                *("--config", str(self.config), str(self.folder / "greets.call.yaml")),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{during}: {done.stdout[-500:]}{done.stderr[-500:]}"
        self.calls += 1

    def recorded(self) -> int:
        with sqlite3.connect(self.data / "records.sqlite3", timeout=30) as records:
            return int(records.execute("SELECT count(*) FROM calls").fetchone()[0])

    # What fails

    def set_clock(self, off_s: int) -> None:
        """At once, for all processes of the service: they have the file in their memory."""
        with self.clock.open("r+b" if self.clock.exists() else "wb") as file:
            file.write(off_s.to_bytes(8, sys.byteorder, signed=True))

    @contextmanager
    def clock_is(self, off_s: int) -> Iterator[None]:
        before = self.recorded()
        self.set_clock(off_s)
        yield
        self.set_clock(RIGHT)
        assert self.recorded() >= before, "a wrong clock has deleted calls"

    @contextmanager
    def disk_is_full(self) -> Iterator[None]:
        """And a worker dies: its successor begins with a full disk."""
        lines = self.health()["lines"]
        fill = self.data / "fill"
        with fill.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
            except OSError:
                pass
        self.wait_for("a full disk is said", lambda now: "disk" in str(now.get("problems")))
        before = self.workers()
        os.kill(min(before), signal.SIGKILL)
        self.wait_for(
            "a dead worker is replaced",
            lambda now: (
                now.get("lines") == lines
                and len(self.workers()) == len(before)
                and self.workers() != before
            ),
        )
        yield
        fill.unlink()
        self.wait_for("the disk has room again", lambda now: now.get("ready") is True)

    @contextmanager
    def log_is_read(self) -> Iterator[None]:
        """For a while; then its reader stops again."""
        done = threading.Event()

        def read() -> None:
            os.set_blocking(self.reading, False)
            while not done.wait(0.05):
                try:
                    os.read(self.reading, 1 << 16)
                except BlockingIOError:
                    continue

        reader = threading.Thread(target=read)
        reader.start()
        yield
        done.set()
        reader.join()

    def log(self) -> str:
        """The end of what waits to be read of it."""
        os.set_blocking(self.reading, False)
        with contextlib.suppress(BlockingIOError):
            return os.read(self.reading, 1 << 16).decode()[-2000:]
        return ""

    def workers(self) -> set[int]:
        """The processes of the call workers."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.service.pid), "-f", "rocars-ivr: worker"],
            capture_output=True,
            text=True,
            check=False,
        )
        return {int(pid) for pid in found.stdout.split()}

    def fail_once(self, chance: random.Random) -> None:
        faults = {
            "disk": self.disk_is_full,
            "reader": self.log_is_read,
        }
        if COMPILER:
            faults["clock ahead"] = lambda: self.clock_is(AHEAD)
            faults["clock back"] = lambda: self.clock_is(BACK)
        least = min(self.failed[name] for name in faults)
        name = chance.choice([name for name in faults if self.failed[name] == least])
        with faults[name]():
            self.call(f"during: {name}")
        self.call(f"after: {name}")
        self.failed[name] += 1

    def end(self) -> int:
        self.service.terminate()
        return self.service.wait(PATIENCE_S)

    def dropped(self) -> float:
        """Lines of the log that were dropped and counted."""
        with urllib.request.urlopen(f"http://127.0.0.1:{PORTS['web']}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        name = "rocars_ivr_log_lines_dropped_total"
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


def main() -> None:
    machine = BadMachine(Path(sys.argv[1]))
    chance = random.Random(23)
    try:
        machine.wait_for("it starts", lambda now: now.get("ready") is True)
        for _ in range(int(sys.argv[2])):
            machine.fail_once(chance)
        result = {
            "failed": machine.failed,
            "calls": machine.calls,
            "recorded": machine.recorded(),
            "dropped": machine.dropped(),
            "status": machine.end(),
        }
    finally:
        machine.service.kill()
        machine.service.wait()
        subprocess.run(["umount", "-l", machine.data], check=False)
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
