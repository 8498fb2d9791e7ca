"""Which revisions a folder of migrations has, read without running them.

Alembic runs each migration to learn that, and takes a quarter of a second to be loaded. A database
that is up to date needs neither, and most starts find one.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(
    r"""^(?P<former>down_)?revision(?:: [^=]+)? = ["'](?P<name>[^"']+)["']$""", re.MULTILINE
)


@dataclass(frozen=True)
class Revisions:
    """The revisions of one release.

    Attributes:
        known: all of them.
        newest: the one that no other comes after.
    """

    known: frozenset[str]
    newest: str


@functools.cache
def revisions_in(folder: Path) -> Revisions:
    """The revisions in the files of a folder, each of which names its own and the one before it.

    Raises ValueError when there is not exactly one newest revision.
    """
    known: set[str] = set()
    former: set[str] = set()
    for path in folder.glob("*.py"):
        for line in _LINE.finditer(path.read_text(encoding="utf-8")):
            (former if line["former"] else known).add(line["name"])
    newest = known - former
    if len(newest) != 1:
        raise ValueError(f"{folder}: expected one newest revision, found {sorted(newest)}")
    return Revisions(frozenset(known), newest.pop())
