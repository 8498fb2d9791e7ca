"""The folder with the recordings of one node's calls: one folder a day, one file a call."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from ivr.recorded_calls.sealed import Opened, opened, private_file

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CALL_ID = re.compile(r"[0-9A-Za-z-]{1,36}")
_ENDING = ".call"


@dataclass(frozen=True)
class RecordedCalls:
    """Everything here may block: it is called from threads, and by what may wait."""

    folder: Path

    def new(self, call_id: str, day: date) -> BinaryIO:
        """Open the file of a call that began on this day (UTC). Raises OSError."""
        of_day = self.folder / day.isoformat()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        of_day.mkdir(mode=0o700, exist_ok=True)
        return private_file(of_day / f"{_checked(call_id)}{_ENDING}")

    def drop(self, call_id: str, day: date) -> None:
        """Delete the file of a call, where there is one. Raises OSError."""
        path = self.folder / day.isoformat() / f"{_checked(call_id)}{_ENDING}"
        path.unlink(missing_ok=True)

    def find(self, call_id: str) -> Path | None:
        """The file of a call; None where there is none on this node."""
        name = f"{_checked(call_id)}{_ENDING}"
        found = (day / name for day in self.days())
        return next((path for path in found if path.is_file()), None)

    def open(self, call_id: str, keys: tuple[str, ...]) -> Opened | None:
        """The recording of a call in clear. Raises CannotBeOpened, OSError."""
        path = self.find(call_id)
        if path is None:
            return None
        with path.open("rb") as file:
            return opened(file, call_id, keys)

    def free_bytes(self) -> int:
        """Room on the disk. Raises OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return shutil.disk_usage(self.folder).free

    def days(self) -> list[Path]:
        """The folders of all days, oldest first; none where nothing was ever recorded."""
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if _DAY.fullmatch(path.name))

    def delete_before(self, day: date) -> int:
        """Delete all recordings of the days before this one; gives how many days. Raises
        OSError."""
        old = self.older_than(day)
        for path in old:
            shutil.rmtree(path)
        return len(old)

    def older_than(self, day: date) -> list[Path]:
        """The folders of the days before this one, oldest first."""
        return [path for path in self.days() if path.name < day.isoformat()]


def _checked(call_id: str) -> str:
    if not _CALL_ID.fullmatch(call_id):
        raise ValueError("not the id of a call")
    return call_id
