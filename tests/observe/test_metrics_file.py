"""Metrics never cost a process: on a disk without room they stay in memory."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict

from ivr.observe.metrics_file import AllocatedFile

pytestmark = pytest.mark.service


class Disk:
    """A disk with room for so many bytes more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.room = room
        self._allocate = os.posix_fallocate
        monkeypatch.setattr("ivr.observe.metrics_file.os.posix_fallocate", self.allocate)

    def allocate(self, descriptor: int, offset: int, size: int) -> None:
        more = offset + size - os.fstat(descriptor).st_size
        if more > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.room -= more
        self._allocate(descriptor, offset, size)


def values_in(path: Path) -> dict[str, float]:
    return {key: value for key, value, _, _ in MmapedDict.read_all_values_from_file(str(path))}


def test_the_file_has_its_blocks_before_it_is_touched(tmp_path: Path) -> None:
    path = tmp_path / "counter_1.db"
    kept = AllocatedFile(str(path))
    assert path.stat().st_blocks * 512 >= path.stat().st_size > 0
    kept.write_value("calls", 3.0, 0.0)
    assert values_in(path) == {"calls": 3.0}
    for number in range(2000):
        kept.write_value(f"more {number} {'x' * 100}", float(number), 0.0)
    assert path.stat().st_blocks * 512 >= path.stat().st_size
    assert len(values_in(path)) == 2001
    kept.close()
    again = AllocatedFile(str(path))
    assert again.read_value("calls")[0] == 3.0
    again.close()


def test_a_disk_that_is_full_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Disk(monkeypatch, 0)
    kept = AllocatedFile(str(tmp_path / "counter_1.db"))
    for number in range(2000):
        kept.write_value(f"more {number} {'x' * 100}", float(number), 0.0)
    assert kept.read_value(f"more 1999 {'x' * 100}")[0] == 1999.0
    assert list(tmp_path.iterdir()) == []  # nothing half-made that the sum would stumble on
    kept.close()


def test_a_disk_that_fills_up_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch, 1 << 17)
    path = tmp_path / "counter_1.db"
    kept = AllocatedFile(str(path))
    kept.write_value("calls", 3.0, 0.0)
    disk.room = 0
    for number in range(2000):
        kept.write_value(f"more {number} {'x' * 100}", float(number), 0.0)
    kept.write_value("calls", 4.0, 0.0)
    assert kept.read_value("calls")[0] == 4.0
    assert values_in(path)["calls"] == 3.0  # as it was when the room ended
    kept.close()


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    kept = AllocatedFile(str(tmp_path / "gone" / "counter_1.db"))
    kept.write_value("calls", 1.0, 0.0)
    assert kept.read_value("calls")[0] == 1.0
    kept.close()
