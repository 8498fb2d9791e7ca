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

    def write(self, statement: str) -> bool:
        """Change a row without this being a change to the readers here; others see it as one.

        For signs of life: the disk is not waited for, so what is written may be lost with the
        machine. False if no row was changed: the database is busy, or no SQLite.
        """
        try:
            connection = self._opened()
            return connection is not None and connection.execute(statement).rowcount > 0
        except (sqlite3.Error, OSError):
            return False

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _version(self) -> int | None:
        """Differs from the last one if another connection has committed; None: not known."""
        try:
            connection = self._opened()
            if connection is None:
                return None
            return int(connection.execute("PRAGMA data_version").fetchone()[0])
        except (sqlite3.Error, OSError):
            with suppress(sqlite3.Error):  # the reader will say what is wrong with the database
                self.close()
            return None

    def _opened(self) -> sqlite3.Connection | None:
        """The connection; None: the database is no file of SQLite's. Raises sqlite3.Error."""
        if self._path and self._connection is None:
            self._connection = sqlite3.connect(
                f"file:{quote(self._path)}?mode=rw",
                uri=True,
                timeout=_PATIENCE_S,
                isolation_level=None,
            )
            self._connection.execute("PRAGMA synchronous=NORMAL")
        return self._connection
