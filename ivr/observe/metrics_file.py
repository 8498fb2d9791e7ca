"""The metrics file of one process, given its full size before it is mapped into memory.

`prometheus_client` lengthens a file without allocating room for it: on a full disk, the process
that writes to the new part is killed (SIGBUS). Here, if there is no room, the values stay in
memory: other processes cannot read them, but the process goes on.
"""

from __future__ import annotations

import contextlib
import logging
import mmap
import os

from prometheus_client import mmap_dict

log = logging.getLogger("ivr.observe.metrics_file")

_FIRST_SIZE = 1 << 16
_LONGEST_ENTRY = 1 << 12
"""No entry of ours is as long as this: a name, its labels and its meaning."""


class AllocatedFile(mmap_dict.MmapedDict):
    """Replaces the library's own file class."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        if not read_mode and not os.path.exists(filename):
            try:
                _make(filename)
            except OSError as failure:
                self._begin_in_memory(filename, failure)
                return
        super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]

    def _begin_in_memory(self, filename: str, failure: OSError) -> None:
        log.error("metrics of this process stay in memory: %s", failure.strerror)
        self._f = None  # type: ignore[assignment]
        self._fname = filename
        self._capacity = _FIRST_SIZE
        self._m = mmap.mmap(-1, _FIRST_SIZE)
        self._positions: dict[str, int] = {}
        self._used = 8
        self._m[0:4] = self._used.to_bytes(4, "little")

    def _init_value(self, key: str) -> None:
        while self._used + len(key.encode()) + _LONGEST_ENTRY > self._capacity:
            self._grow(self._capacity * 2)
        super()._init_value(key)  # type: ignore[no-untyped-call]

    def _grow(self, size: int) -> None:
        if self._f is not None:
            try:
                os.posix_fallocate(self._f.fileno(), 0, size)
                self._m = mmap.mmap(self._f.fileno(), size)
                self._capacity = size
                return
            except OSError as failure:
                log.error("metrics of this process stay in memory: %s", failure.strerror)
                self._f.close()
                # Existing values are kept.
                self._f = None  # type: ignore[assignment]
        larger = mmap.mmap(-1, size)
        larger[: self._used] = self._m[: self._used]
        self._m, self._capacity = larger, size


def _make(filename: str) -> None:
    """Make a file of full size that appears under its name at once, so that no reader finds an
    empty one.

    Raises OSError where there is no room.
    """
    fresh = f"{filename}.new"
    try:
        descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, _FIRST_SIZE)
        finally:
            os.close(descriptor)
        os.replace(fresh, filename)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(fresh)
        raise
