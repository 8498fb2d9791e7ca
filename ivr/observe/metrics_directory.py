"""The directory in which the processes of a node keep their metrics.

`prometheus_client` in multiprocess mode gives each process files of its own in one directory, and
adds them up when asked. The directory must be known before the first metric is made, and shared by
the supervisor and the workers it forks.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from prometheus_client import values

from ivr.observe.metrics_file import AllocatedFile

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


class MetricsAlreadyOpen(RuntimeError):
    """Metrics were made in another directory before; they cannot be moved."""


_in_use: Path | None = None


def use(directory: Path) -> None:
    """Keep the metrics in this directory; call it before `ivr.observe.metrics` is imported.

    Files of an earlier run are removed: its processes are gone, and counters begin at zero when a
    service starts. Raises MetricsAlreadyOpen.
    """
    global _in_use
    if _in_use is not None:
        if _in_use == directory:
            return
        raise MetricsAlreadyOpen(f"metrics are kept in {_in_use} already, not in {directory}")
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for stale in (*directory.glob("*.db"), *directory.glob("*.db.new")):
        stale.unlink(missing_ok=True)
    os.environ[VARIABLE] = str(directory)
    # The library made its choice when it was first imported, which may have been before this call.
    values.MmapedDict = AllocatedFile  # type: ignore[attr-defined]
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
    _in_use = directory


def in_use() -> Path:
    """The directory; if none was named, a temporary one that this process removes at its end."""
    if _in_use is None:
        directory = Path(tempfile.mkdtemp(prefix="rocars-ivr-metrics-"))
        owner = os.getpid()

        def remove() -> None:
            if os.getpid() == owner:  # not in a forked worker
                shutil.rmtree(directory, ignore_errors=True)

        atexit.register(remove)
        use(directory)
    assert _in_use is not None
    return _in_use
