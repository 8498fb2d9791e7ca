"""Whether a database has changed since it was last read; asking costs far less than reading."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import quote

from sqlalchemy.engine import make_url

_PATIENCE_S = 0.05


class Changes:
    """Follows one database. SQLite counts its changes (`PRAGMA data_version`), PostgreSQL does not:
    there every answer is that something may have changed.

    Used on one thread, and in one process: open it after a fork.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        is_file = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "")
        self._path = str(parsed.database) if is_file and parsed.database != ":memory:" else ""
        self._connection: sqlite3.Connection | None = None

    def seen_by(self, at_most_s: float) -> Callable[[], bool]:
        """A reader of its own: says whether it has to read again, since something may have changed
        after it was last told so, or since that was `at_most_s` seconds ago."""
        seen: int | None = None
        told_at = -at_most_s

        def must_read() -> bool:
            nonlocal seen, told_at
            version, now = self._version(), time.monotonic()
            if version is not None and version == seen and now - told_at < at_most_s:
                return False
            seen, told_at = version, now
            return True

        return must_read

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _version(self) -> int | None:
        """Differs from the last one if another connection has committed; None: not known."""
        if not self._path:
            return None
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(
                    f"file:{quote(self._path)}?mode=ro", uri=True, timeout=_PATIENCE_S
                )
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        except (sqlite3.Error, OSError):
            with suppress(sqlite3.Error):  # the reader will say what is wrong with the database
                self.close()
            return None
