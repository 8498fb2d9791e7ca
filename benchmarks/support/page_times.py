"""What a benchmark of the console's pages found, as tables for people and for the docs."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Group
from rich.table import Table

LIMIT_MS = 300.0
"""A page is to be there by then."""


@dataclass(frozen=True)
class PageTimes:
    """One page, asked for several times; the first time alone, as caches fill then.

    Attributes:
        took_ms: until the whole page was there, of each time.
        processor_ms: processor time that it cost console and benchmark together.
        kilobytes: its size.
    """

    name: str
    took_ms: Sequence[float]
    processor_ms: Sequence[float]
    kilobytes: float

    def cells(self) -> tuple[str, ...]:
        later = self.took_ms[1:] or self.took_ms
        processor = statistics.median(self.processor_ms[1:] or self.processor_ms)
        return (
            self.name,
            f"{self.took_ms[0]:.0f}",
            f"{statistics.median(later):.0f}",
            f"{max(later):.0f}",
            f"{processor:.0f}",
            f"{self.kilobytes:.0f}",
        )


@dataclass(frozen=True)
class LongRequest:
    """Something large that somebody asked for.

    Attributes:
        took_s: until all of it was there.
        processor_s: processor time that it cost console and benchmark together, without that of
            the process that draws.
        others_waited_ms: the longest for which the event loop served nobody else.
    """

    name: str
    took_s: float
    processor_s: float
    others_waited_ms: float

    def cells(self) -> tuple[str, ...]:
        return (
            self.name,
            f"{self.took_s:.1f}",
            f"{self.processor_s:.1f}",
            f"{self.others_waited_ms:.0f}",
        )


@dataclass(frozen=True)
class ConsoleTimes:
    """All that was measured of one console.

    Attributes:
        records: what is in the records, and which database keeps them.
        a_day_ms: how long one day's calls take to be counted anew.
    """

    records: str
    pages: Sequence[PageTimes]
    long_requests: Sequence[LongRequest]
    a_day_ms: float
    machine: str = field(default_factory=lambda: f"{platform.machine()}, {os.cpu_count()} cores")

    def too_slow(self) -> list[str]:
        """Pages that take longer than the limit more often than not."""
        return [page.name for page in self.pages if statistics.median(page.took_ms) > LIMIT_MS]

    def remarks(self) -> list[str]:
        slow = ", ".join(self.too_slow()) or "none"
        return [
            f"Counting one day anew: {self.a_day_ms:.0f} ms.",
            f"Pages over {LIMIT_MS:.0f} ms: {slow}.",
        ]


_OF_PAGES = ("page", "first", "median", "slowest", "processor", "kB")
_OF_LONG_REQUESTS = ("asked for", "takes s", "processor s", "others wait at most ms")


def as_table(found: ConsoleTimes) -> Group:
    pages = Table(*_OF_PAGES, title=f"{found.records}; {found.machine}; ms")
    for page in found.pages:
        pages.add_row(*page.cells())
    pages.caption = " ".join(found.remarks())
    long_requests = Table(*_OF_LONG_REQUESTS)
    for request in found.long_requests:
        long_requests.add_row(*request.cells())
    return Group(pages, long_requests)


def as_markdown(found: ConsoleTimes) -> str:
    """The tables as they stand in docs/console.md."""
    return "\n\n".join(
        (
            f"{found.records}; {found.machine}; ms:",
            _markdown(_OF_PAGES, [page.cells() for page in found.pages]),
            " ".join(found.remarks()),
            _markdown(_OF_LONG_REQUESTS, [request.cells() for request in found.long_requests]),
        )
    )


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
