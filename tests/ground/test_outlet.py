"""What is written never stops the process that writes it."""

from __future__ import annotations

import errno
import fcntl
import io
import json
import logging
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO, cast

import pytest

from ground.outlet import Outlet, OutletFile, OutletHandler, when_dropped
from ivr.node.children import ChildFailed, in_child

pytestmark = pytest.mark.service

PATIENCE_S = 30.0
LEAST_PIPE = 4096
ROOT = Path(__file__).parents[2]


class Pipe:
    """A pipe as small as the system makes it."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        fcntl.fcntl(self.writing, fcntl.F_SETPIPE_SZ, LEAST_PIPE)

    def read_to(self, end: bytes) -> bytes:
        return self.read_until(lambda data: end in data)

    def read_until(self, enough: Callable[[bytes], bool]) -> bytes:
        data = b""
        while not enough(data):
            more = os.read(self.reading, 65536)
            assert more
            data += more
        return data

    def close(self) -> None:
        os.close(self.reading)
        os.close(self.writing)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.close()


def handler(descriptor: int) -> OutletHandler:
    made = OutletHandler(
        cast("TextIO", os.fdopen(os.dup(descriptor), "w")), dropped="{count} dropped\n"
    )
    made.setFormatter(logging.Formatter("%(message)s"))
    return made


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("a", logging.INFO, "", 0, text, None, None)


def said_to_be_dropped(data: bytes) -> int:
    return sum(int(count) for count in re.findall(rb"(?m)^(\d+) dropped$", data))


def within(work: threading.Thread) -> bool:
    """Whether it came to its end."""
    work.join(PATIENCE_S)
    return not work.is_alive()


def test_a_log_that_nobody_reads_drops_counts_and_says_so(pipe: Pipe) -> None:
    counted: list[int] = []
    when_dropped(lambda: counted.append(1))
    log = handler(pipe.writing)
    assert log.outlet is not None

    def much() -> None:
        for _ in range(3000):
            log.emit(record("x" * 1000))

    logging_on = threading.Thread(target=much, daemon=True)
    logging_on.start()
    assert within(logging_on)
    assert log.outlet.dropped > 1500
    assert len(counted) == log.outlet.dropped
    dropped = log.outlet.dropped
    # It is said once or in parts, by how early the writing thread came to run.
    output = pipe.read_until(lambda data: said_to_be_dropped(data) >= dropped)
    assert output.startswith(b"x" * 1000)
    assert said_to_be_dropped(output) == dropped


def test_a_terminal_that_stands_still() -> None:
    master, slave = pty.openpty()
    outlet = Outlet(slave, most=100_000)
    printing = threading.Thread(target=lambda: [outlet.put("y" * 99 + "\n") for _ in range(2000)])
    printing.start()
    assert within(printing)
    assert outlet.dropped
    os.close(master)
    os.close(slave)


def test_a_reader_that_is_gone_costs_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    outlet = Outlet(writing)
    assert outlet.put("to nobody\n")
    assert outlet.flush(PATIENCE_S)
    os.close(writing)


def test_a_child_that_is_forked_while_the_parent_waits_says_its_own_words(pipe: Pipe) -> None:
    log = handler(pipe.writing)
    for _ in range(20):
        log.emit(record("z" * 1000))  # the parent's thread stands in write(2)
    other_reading, other_writing = os.pipe()

    def child() -> int:
        assert log.outlet is not None
        mine = Outlet(other_writing)
        mine.put("from the child\n")
        log.emit(record("of the child"))  # begins a thread of its own
        return 0 if mine.flush(PATIENCE_S) else 1

    try:
        in_child(child)
    except ChildFailed as failure:
        pytest.fail(str(failure))
    assert os.read(other_reading, 100) == b"from the child\n"
    pipe.read_to(b"z" * 1000)
    os.close(other_reading)
    os.close(other_writing)


def test_what_is_printed_waits_no_more_than_what_is_logged(pipe: Pipe) -> None:
    with os.fdopen(os.dup(pipe.writing), "w") as stream:
        printed = OutletFile(stream)
        printing = threading.Thread(
            target=lambda: [print("w" * 1000, file=printed, flush=True) for _ in range(3000)],
            daemon=True,
        )
        printing.start()
        assert within(printing)
        pipe.read_to(b"lines dropped\n")


def test_a_line_that_is_printed_in_pieces_is_one_line(pipe: Pipe) -> None:
    outlet = Outlet(pipe.writing)
    for piece in ("half a line,", " and the rest", "\n", "another\n"):
        outlet.put(piece)
        assert outlet.flush(PATIENCE_S)
    assert pipe.read_to(b"another\n") == b"half a line, and the rest\nanother\n"


def test_a_stream_in_memory_is_written_at_once() -> None:
    stream = io.StringIO()
    log = OutletHandler(stream)
    log.setFormatter(logging.Formatter(json.dumps({"said": "%(message)s"})))
    log.emit(record("now"))
    assert json.loads(stream.getvalue()) == {"said": "now"}


def test_a_line_that_cannot_be_made_is_told_and_harms_nobody() -> None:
    stream = io.StringIO()
    log = OutletHandler(stream)
    log.emit(logging.LogRecord("a.b", logging.INFO, "", 0, "%d", ("no number",), None))
    assert "a log line of a.b failed" in stream.getvalue()


def counted_drops() -> list[int]:
    counted: list[int] = []
    when_dropped(lambda: counted.append(1))
    return counted


def test_a_device_that_is_full_drops_and_counts() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    counted = counted_drops()
    outlet = Outlet(full)
    for _ in range(3):
        outlet.put("a line\n")
        assert outlet.flush(PATIENCE_S)
    assert outlet.dropped == 3
    outlet.put("")  # what is lost is counted by whoever speaks next
    assert len(counted) >= 3
    assert outlet.flush(PATIENCE_S)  # another file may get the number of this one
    os.close(full)


def test_what_a_full_disk_has_lost_is_said_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that has room for fifteen bytes, and later for more: half a line is left."""
    path = tmp_path / "log"
    with path.open("wb", buffering=0) as file:
        write, room = os.write, 15

        def with_little_room(descriptor: int, data: bytes) -> int:
            nonlocal room
            if descriptor != file.fileno():
                return write(descriptor, data)
            if not room:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            written = write(descriptor, data[:room])
            room -= written
            return written

        monkeypatch.setattr(os, "write", with_little_room)
        outlet = Outlet(file.fileno(), dropped="{count} dropped\n")
        for line in ("the first\n", "the second\n", "the third\n"):
            outlet.put(line)
            assert outlet.flush(PATIENCE_S)
        room = 1000
        outlet.put("the fourth\n")
        assert outlet.flush(PATIENCE_S)
    assert path.read_text() == "the first\nthe s\nthe fourth\n2 dropped\n"


STREAMS = """
import os, sys
from ground.standard_streams import open_closed
open_closed()
print("to nobody")
print("to nobody", file=sys.stderr, flush=True)
with open(sys.argv[1], "w") as file:
    assert file.fileno() > 2
    os.write(2, b"a library speaks")
"""


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_are_nobodys_database(closed: str, tmp_path: Path) -> None:
    path = tmp_path / "records"
    command = f'exec "$0" -c "$1" "$2" {closed}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, STREAMS, str(path)],
        capture_output=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done
    assert path.read_bytes() == b""
