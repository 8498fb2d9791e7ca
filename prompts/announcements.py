"""Announcements of the day as the workers of a node know them.

What is to be said is published into a directory of the node, as one list that is replaced as a
whole. A worker looks at it once a call, which costs one stat(2), and decides by its clock what is
said now: a call needs no database for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from prompts.announcement import Announcement
from prompts.whole_file import write_whole
from speech.languages.language import Language

log = structlog.get_logger(__name__)

LIST = "announcements.json"


def publish(directory: Path, announcements: Iterable[Announcement]) -> None:
    """Have the workers of this node say these from their next call on. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    entries = [
        {
            **vars(announcement),
            "words": dict(announcement.words),
            "begins": announcement.begins.isoformat(),
            "ends": announcement.ends.isoformat(),
        }
        for announcement in announcements
    ]
    write_whole(directory / LIST, json.dumps(entries, ensure_ascii=False, indent=1).encode())


def published(directory: Path) -> tuple[Announcement, ...]:
    """What was published on this node; empty where nothing was yet. Raises ValueError."""
    try:
        read = json.loads((directory / LIST).read_text(encoding="utf-8"))
        return tuple(_entry(entry) for entry in read)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as failure:
        raise ValueError(f"{LIST} cannot be read: {failure}") from failure


class PublishedAnnouncements:
    """The list of this node, read anew when it has changed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._announcements: tuple[Announcement, ...] = ()
        self._seen: tuple[int, int] | None = None

    def said_at(self, at: datetime) -> tuple[Announcement, ...]:
        """What is said to who calls then, in the order in which it is said."""
        self._read_changes()
        return tuple(
            announcement for announcement in self._announcements if announcement.said_at(at)
        )

    def _read_changes(self) -> None:
        try:
            found = os.stat(self._directory / LIST)
        except OSError:
            return  # nothing was ever published, or the disk is away: as before
        seen = (found.st_ino, found.st_mtime_ns)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._announcements = published(self._directory)
        except ValueError as failure:
            log.error("announcements cannot be read, the last ones stay", why=str(failure))


def _entry(read: Any) -> Announcement:
    return Announcement(
        number=int(read["number"]),
        words={Language(tag): str(words) for tag, words in read["words"].items()},
        begins=datetime.fromisoformat(read["begins"]),
        ends=datetime.fromisoformat(read["ends"]),
        instead=bool(read["instead"]),
        closing=bool(read["closing"]),
        whole=bool(read["whole"]),
    )
