"""A CSV file (RFC 4180), row by row. The first line holds the headings."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import TextIO

from rocars.cargo.batch.items import (
    BY_HEADING,
    ITEMS,
    Cell,
    FileBroken,
    Item,
    RawRow,
    RowError,
    shortened,
)

LONGEST_LINE = 131_072
"""Characters; as long as a field may be for Python's csv. No row that can be lodged comes near."""

_DELIMITERS = (",", ";", "\t")
_SEPARATOR = re.compile(r"sep=([,;\t])\s*$", re.IGNORECASE)
"""A line that spreadsheets write above the headings."""


def rows(text: TextIO) -> Iterator[RawRow]:
    """The rows below the headings. Raises FileBroken."""
    lines = _lines(text)
    first = next(lines, "")
    headings_line = first.lstrip("\ufeff")
    separator = _SEPARATOR.match(headings_line)
    above = 0 if separator is None else 1
    if separator is not None:
        headings_line = next(lines, "")
    if not headings_line.strip():
        raise FileBroken(RowError(above + 1, 0, "", "", "a line of headings"))
    delimiter = max(_DELIMITERS, key=headings_line.count) if separator is None else separator[1]
    reader = csv.reader(_and_then(headings_line, lines), delimiter=delimiter, strict=True)
    began = above + 1
    columns: list[Item] | None = None
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise FileBroken(
                RowError(
                    began,
                    0,
                    "",
                    "",
                    "quotation marks in pairs, and fields of at most 131072 characters",
                )
            ) from None
        if columns is None:
            columns = _columns(cells, began)
        elif any(cell.strip() for cell in cells):
            yield _row(columns, cells, began)
        began = above + reader.line_num + 1


def _lines(text: TextIO) -> Iterator[str]:
    number = 1
    while line := text.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise FileBroken(
                RowError(number, 0, "", shortened(line), "lines of at most 131072 characters")
            )
        yield line
        number += 1


def _and_then(first: str, others: Iterator[str]) -> Iterator[str]:
    yield first
    yield from others


def _columns(headings: list[str], line: int) -> list[Item]:
    """What stands in each column, after the headings in this line. Raises FileBroken."""
    while headings and not headings[-1].strip():
        headings.pop()  # spreadsheets write empty columns to the right
    found: list[Item] = []
    for place, heading in enumerate(headings, start=1):
        item = BY_HEADING.get(heading.strip().lower())
        if item is None:
            raise FileBroken(
                RowError(line, place, "", shortened(heading), "the heading of one of the items")
            )
        if item in found:
            raise FileBroken(RowError(line, place, item.name, shortened(heading), "each item once"))
        found.append(item)
    for item in ITEMS:
        if item.needed and item not in found:
            raise FileBroken(RowError(line, 0, item.name, "", "a column for each mandatory item"))
    return found


def _row(columns: list[Item], cells: list[str], line: int) -> RawRow:
    surplus = [cell for cell in cells[len(columns) :] if cell.strip()]
    errors: tuple[RowError, ...] = ()
    if surplus:
        errors = (
            RowError(
                line,
                len(columns) + 1,
                "",
                shortened(surplus[0]),
                "%(columns)s cells, as many as headings",
                {"columns": str(len(columns))},
            ),
        )
    texts = [*cells[: len(columns)], *[""] * (len(columns) - len(cells))]
    return RawRow(
        line,
        {
            item.name: Cell(text.strip(), line, place)
            for place, (item, text) in enumerate(zip(columns, texts, strict=True), start=1)
        },
        errors,
    )
